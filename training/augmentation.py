"""Random shifts and mirror images, drawn from the caller's generator."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True, slots=True, kw_only=True)
class Augmentation:
    """How training images are varied.

    Attributes:
        shift: Each image moves by up to this many pixels in each direction; zeros move in.
        flip: Whether half of the images are mirrored left to right.
    """

    shift: int = 0
    flip: bool = False


AUGMENTATIONS: Final[Mapping[str, Augmentation]] = MappingProxyType(
    {
        "digits": Augmentation(shift=1),  # a mirrored digit is no digit
        "fashion-mnist": Augmentation(shift=2, flip=True),
        "cifar10": Augmentation(shift=4, flip=True),
    }
)
"""By data set; none for a data set that is not listed."""


def augment(images: Tensor, augmentation: Augmentation, generator: torch.Generator) -> Tensor:
    """Vary each image on its own.

    Args:
        images: ``(N, C, H, W)`` uint8.
        augmentation: What may happen.
        generator: Source of chance, on the CPU: a trial draws the same on every device.

    Returns:
        ``(N, C, H, W)`` uint8.
    """
    n, _, height, width = images.shape
    device = images.device
    reach = augmentation.shift
    if reach:
        offsets = torch.randint(0, 2 * reach + 1, (2, n, 1), generator=generator).to(device)
        padded = functional.pad(images, (reach, reach, reach, reach))
        rows = torch.arange(height, device=device) + offsets[0]  # (N, H)
        columns = torch.arange(width, device=device) + offsets[1]  # (N, W)
        each = torch.arange(n, device=device).view(n, 1, 1)
        # the channel dimension, kept by the slice, lands last: (N, H, W, C)
        images = padded[each, :, rows.unsqueeze(2), columns.unsqueeze(1)].permute(0, 3, 1, 2)
    if augmentation.flip:
        mirrored = (torch.rand(n, generator=generator) < 0.5).to(device)  # (N,)
        images = torch.where(mirrored.view(n, 1, 1, 1), images.flip(3), images)
    return images.contiguous()
