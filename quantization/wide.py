"""The quantizer of 32-bit tensors: nothing while training, a fine grid in the file."""

from typing import ClassVar, Final

import torch
from torch import Tensor
from typing_extensions import override

from quantization.fake_quantize import nearest
from quantization.grids import WIDE_BITS, WIDE_MAX, GridKind
from quantization.quantizer import MIN_SCALE, Quantizer, Role

HEADROOM: Final = 2.0
"""The grid of an activation reaches so many times the largest value seen in training."""


class WideQuantizer(Quantizer):
    """Hands tensors on as they are and knows the step that the file will use.

    Weights take their step from their own largest magnitude. Activations take it from the largest
    magnitude since ``initialise``, looked at while training.

    Attributes:
        largest: Largest magnitude of the activations, ``()`` buffer; of no meaning for weights.
    """

    widths: ClassVar[tuple[int, ...]] = (WIDE_BITS,)
    largest: Tensor

    def __init__(self, kind: GridKind, *, channels: int | None, role: Role) -> None:
        """Make it.

        Args:
            kind: "signed" or "unsigned".
            channels: Number of output channels, each with its own step; None for one step.
            role: "weight" or "activation".
        """
        super().__init__(WIDE_BITS, kind, channels=channels, role=role)
        self.register_buffer("largest", torch.zeros(()))

    @property
    @override
    def bits(self) -> int:
        return WIDE_BITS

    @override
    def step(self, x: Tensor) -> Tensor:
        if self.role == "activation":
            return (HEADROOM * self.largest / WIDE_MAX).clamp_min(MIN_SCALE)
        largest = self.rows(x).abs().amax(dim=1).view(self.parameter_shape)
        return self.fit((largest / WIDE_MAX).clamp_min(MIN_SCALE), x)

    @override
    @torch.no_grad()
    def initialise(self, x: Tensor) -> None:
        self.largest.copy_(x.abs().max())

    @override
    def forward(self, x: Tensor) -> Tensor:
        if self.training and self.role == "activation":
            self.largest.copy_(torch.maximum(self.largest, x.detach().abs().max()))
        return x

    @override
    @torch.no_grad()
    def quantize(self, x: Tensor) -> Tensor:
        return nearest(x / self.step(x), self.q_min, self.q_max)
