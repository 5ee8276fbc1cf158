"""Training data in memory, dealt into batches by a seeded permutation."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from training.augmentation import Augmentation, augment
from training.datasets.dataset import Split
from training.stratify import stratified_split


@dataclass(frozen=True, slots=True, kw_only=True)
class Resident:
    """A split as tensors on the training device.

    Attributes:
        images: ``(N, C, H, W)`` uint8.
        labels: ``(N,)`` int64.
    """

    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        """Number of images."""
        return len(self.labels)

    def first(self, n: int) -> "Resident":
        """The first ``n`` images, or all if there are fewer; not copied."""
        return Resident(images=self.images[:n], labels=self.labels[:n])


def resident(split: Split, device: torch.device, max_images: int | None = None) -> Resident:
    """Move a split, or a stratified part of it, to the device.

    The part depends on ``max_images`` alone, so that all trials of a search see the same images.

    Args:
        split: Images and labels in main memory.
        device: Where training runs.
        max_images: Keep at most so many.
    """
    if max_images is not None and max_images < len(split):
        (kept,) = stratified_split(split.labels, (max_images,))
        split = split.take(kept)
    return Resident(
        images=torch.from_numpy(split.images).to(device),
        labels=torch.from_numpy(split.labels).to(device),
    )


def epoch_generator(seed: int, phase: int, epoch: int) -> torch.Generator:
    """The source of chance of one epoch, a function of its arguments.

    So a resumed training draws what an uninterrupted one would, and no generator state need be
    saved.
    """
    state = np.random.SeedSequence((seed, phase, epoch)).generate_state(2, np.uint32)
    return torch.Generator().manual_seed(int(state[0]) << 32 | int(state[1]))


def n_batches(n_images: int, batch_size: int) -> int:
    """Batches per epoch; an incomplete one is left out unless it is the only one.

    Batch norm needs more than one value per channel, which a rest of one image might not give.
    """
    return max(1, n_images // batch_size)


def shuffled_batches(
    data: Resident, batch_size: int, augmentation: Augmentation, generator: torch.Generator
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield one epoch of ``(images (B, C, H, W) uint8, labels (B,))``."""
    order = torch.randperm(len(data), generator=generator).to(data.labels.device)
    for i in range(n_batches(len(data), batch_size)):
        chosen = order[i * batch_size : (i + 1) * batch_size]
        yield augment(data.images[chosen], augmentation, generator), data.labels[chosen]
