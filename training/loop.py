"""One phase of training, an epoch at a time."""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from search.errors import DivergedError
from training.augmentation import Augmentation
from training.batches import Resident, epoch_generator, n_batches, shuffled_batches
from training.schedule import learning_rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """A stretch of training with its own learning-rate cycle.

    Attributes:
        name: ``float`` or ``qat``, as reported.
        index: Makes its random draws differ from those of other phases.
        n_epochs: Length.
        lr: Peak learning rate.
    """

    name: str
    index: int
    n_epochs: int
    lr: float


def train_epoch(
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    data: Resident,
    *,
    phase: Phase,
    epoch: int,
    batch_size: int,
    augmentation: Augmentation,
    seed: int,
) -> float:
    """Train for one epoch; the outcome depends on the arguments alone.

    Args:
        network: Yields logits; left in training mode.
        optimizer: Its learning rates are set here.
        data: Training images.
        phase: The phase this epoch belongs to.
        epoch: Its index in the phase, from 0.
        batch_size: Images per step.
        augmentation: How images are varied.
        seed: Of the trial.

    Returns:
        Mean training loss.

    Raises:
        DivergedError: If a loss was not finite.
    """
    network.train()
    n_steps = n_batches(len(data), batch_size)
    generator = epoch_generator(seed, phase.index, epoch)
    total = torch.zeros((), device=data.labels.device)
    batches = shuffled_batches(data, batch_size, augmentation, generator)
    for step, (images, labels) in enumerate(batches, start=epoch * n_steps):
        lr = learning_rate(step, phase.n_epochs * n_steps, phase.lr)
        for group in optimizer.param_groups:
            group["lr"] = lr
        loss = functional.cross_entropy(network(images), labels)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        total += loss.detach()
    # asked once an epoch: on a GPU every question waits for the device
    mean = float(total) / n_steps
    if not torch.isfinite(total):
        raise DivergedError(
            f"the loss became {mean} in epoch {epoch + 1} of the {phase.name} phase"
        )
    return mean
