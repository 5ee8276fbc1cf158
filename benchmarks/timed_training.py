"""Fine-tuning that ends when its time is up, and goes on where it was stopped."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import torch
from torch.nn import functional

from networks.network import QuantizedNetwork
from training.augmentation import Augmentation
from training.batch_norm import reestimate_batch_norm
from training.batches import Resident, epoch_generator, shuffled_batches
from training.optimizers import make_optimizer

_WARM_UP: Final = 0.02
"""Share of the time in which the learning rate rises; the weights are good from the start."""

_SAVE_EVERY_S: Final = 60.0
_STATISTICS_IMAGES: Final = 12_800
_SMALLEST_SHARE: Final = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a network is fine-tuned.

    Attributes:
        minutes: Time for gradient steps, by ``clock``.
        clock: ``wall``; or ``cpu``: processor time of this process over ``cores``, which on a
            machine that others use is what so many free cores would have taken.
        cores: See ``clock``.
        lr: Peak learning rate; it falls along half a cosine over the time.
        weight_decay: Of weights.
        batch_size: Images per step.
        augmentation: How images are varied.
        bfloat16: Whether convolutions run in bfloat16 while training.
        compiled: Whether the training step goes through ``torch.compile``.
        seed: Of order and augmentation.
    """

    minutes: float
    clock: str = "wall"
    cores: int = 2
    lr: float
    weight_decay: float
    batch_size: int = 64
    augmentation: Augmentation
    bfloat16: bool = True
    compiled: bool = True
    seed: int = 0


@dataclass(slots=True, kw_only=True)
class Spent:
    """What a fine-tuning has used so far, over all its runs."""

    wall_s: float = 0.0
    cpu_s: float = 0.0
    images: int = 0

    def share(self, plan: Plan) -> float:
        """Share of the plan's time that has passed."""
        used_s = self.wall_s if plan.clock == "wall" else self.cpu_s / plan.cores
        return used_s / (60 * plan.minutes)


class _Stopwatch:
    """Adds the time since its last reading to what was spent."""

    def __init__(self, spent: Spent) -> None:
        self._spent = spent
        self._wall, self._cpu = time.monotonic(), time.process_time()

    def read(self) -> None:
        wall, cpu = time.monotonic(), time.process_time()
        self._spent.wall_s += wall - self._wall
        self._spent.cpu_s += cpu - self._cpu
        self._wall, self._cpu = wall, cpu


def fine_tune(
    network: QuantizedNetwork,
    data: Resident,
    plan: Plan,
    checkpoint: Path,
    say: Callable[[str], None],
) -> Spent:
    """Train with the quantizers on, then re-estimate batch norm (not counted in the time).

    Args:
        network: Quantizers initialised; trained in place.
        data: Training images, on the network's device.
        plan: How.
        checkpoint: Written every minute; training goes on from it if it is of the same plan.
        say: Told of progress.
    """
    network.quantized = True
    optimizer = make_optimizer(network, weight_decay=plan.weight_decay)
    spent = _resume(network, optimizer, plan, checkpoint)
    if spent.images:
        say(f"goes on after {spent.images} images and {spent.wall_s:.0f} s")
    watch, saved_at = _Stopwatch(spent), time.monotonic()
    step = torch.compile(network) if plan.compiled else network
    recent: list[torch.Tensor] = []
    while spent.share(plan) < 1:
        epoch = spent.images  # a part of an epoch is not resumed: its number of images seeds it
        generator = epoch_generator(plan.seed, 0, epoch)
        for images, labels in shuffled_batches(data, plan.batch_size, plan.augmentation, generator):
            network.train()
            lr = _learning_rate(spent.share(plan), plan.lr)
            for group in optimizer.param_groups:
                group["lr"] = lr
            with torch.autocast(images.device.type, torch.bfloat16, enabled=plan.bfloat16):
                logits = step(images)
            loss = functional.cross_entropy(logits.float(), labels)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            recent.append(loss.detach())
            spent.images += len(labels)
            watch.read()
            if time.monotonic() - saved_at > _SAVE_EVERY_S:
                _save(network, optimizer, plan, spent, checkpoint)
                mean = float(torch.stack(recent).mean())
                say(
                    f"{spent.share(plan):.0%}: {spent.images / len(data):.2f} epochs, loss "
                    f"{mean:.4f}, {spent.wall_s:.0f} s, {spent.cpu_s:.0f} s of CPU"
                )
                saved_at = time.monotonic()
                recent.clear()
            if spent.share(plan) >= 1:
                break
    _save(network, optimizer, plan, spent, checkpoint)
    some = Resident(
        images=data.images[:_STATISTICS_IMAGES], labels=data.labels[:_STATISTICS_IMAGES]
    )
    chance = epoch_generator(plan.seed, 1, 0)
    reestimate_batch_norm(network, some, 2 * plan.batch_size, plan.augmentation, chance)
    return spent


def _learning_rate(share: float, peak: float) -> float:
    if share < _WARM_UP:
        return peak * max(share / _WARM_UP, _SMALLEST_SHARE)
    fallen = torch.tensor((share - _WARM_UP) / (1 - _WARM_UP)).clamp_max(1)
    return float(peak * (1 + (torch.pi * fallen).cos()) / 2)


def _identity(plan: Plan) -> str:
    return json.dumps(asdict(plan), sort_keys=True)


def _save(
    network: QuantizedNetwork,
    optimizer: torch.optim.Optimizer,
    plan: Plan,
    spent: Spent,
    path: Path,
) -> None:
    state: dict[str, Any] = {
        "identity": _identity(plan),
        "network": network.state_dict(),
        "optimizer": optimizer.state_dict(),
        "spent": asdict(spent),
    }
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    partial.replace(path)


def _resume(
    network: QuantizedNetwork, optimizer: torch.optim.Optimizer, plan: Plan, path: Path
) -> Spent:
    if not path.exists():
        return Spent()
    state = torch.load(path, weights_only=True)
    if state["identity"] != _identity(plan):
        return Spent()
    network.load_state_dict(state["network"])
    optimizer.load_state_dict(state["optimizer"])
    return Spent(**state["spent"])
