"""LSQ+: a learned step and, for activations of both signs, a learned offset.

Sources:
    [Bhalgat2020] Bhalgat et al., "LSQ+", arXiv:2004.09576.
"""

from typing import ClassVar

import torch
from torch import Tensor, nn
from typing_extensions import override

from quantization.fake_quantize import fake_quantize, scale_gradient
from quantization.quantizer import NARROW_BITS, Bits, Quantizer
from quantization.scale_init import mse_offset_scale


class OffsetQuantizer(Quantizer):
    """``clamp(round((x - offset) / scale), 0, q_max) * scale + offset`` with both learned.

    The offset in use is the nearest one at which zero lies on the grid, ``-zero_point * scale``
    with ``zero_point`` in 0..q_max, so that padding cells are exact and the integer network is the
    trained one; the gradient passes straight through that rounding. Gradients [Bhalgat2020]::

        d out / d x      = 1 inside the range, else 0
        d out / d scale  = g * (round(z) - z inside, 0 below, q_max above)
        d out / d offset = g * (0 inside, 1 outside)

    with ``z = (x - offset) / scale`` and ``g`` of ``Quantizer.gradient_scale``. For activations
    only; one step per tensor. There is no 1-bit grid of this kind that serves: its two values would
    be 0 and one other.

    Attributes:
        scale: Trained parameter, ``()``.
        offset: Trained parameter, ``()``: the value of integer 0.
    """

    widths: ClassVar[tuple[int, ...]] = NARROW_BITS[1:]

    def __init__(self, bits: Bits) -> None:
        """Make a quantizer with step size 1 and offset 0; call ``initialise`` before training.

        Args:
            bits: Width of the grid, 2 to 8.

        Raises:
            BitwidthError: If the width is outside 2 to 8.
        """
        super().__init__(bits, "unsigned", channels=None, role="activation")
        self.scale = nn.Parameter(torch.ones(()))
        self.offset = nn.Parameter(torch.zeros(()))

    @override
    def step(self, x: Tensor) -> Tensor:
        return self.positive(self.scale, x)

    @override
    def zero_point(self) -> int:
        return int(self._zero_point(self.step(self.scale)))

    @torch.no_grad()
    def _zero_point(self, step: Tensor) -> Tensor:
        return (-self.offset / step).round().clamp(self.q_min, self.q_max)

    @override
    @torch.no_grad()
    def initialise(self, x: Tensor) -> None:
        scale, offset = mse_offset_scale(x.detach().flatten(), self.q_max)
        self.scale.copy_(scale)
        self.offset.copy_(offset)

    @override
    def forward(self, x: Tensor) -> Tensor:
        step, factor = self.step(x), self.gradient_scale(x)
        on_grid = -self._zero_point(step) * step.detach()
        offset = scale_gradient(self.offset, factor)
        offset = on_grid + (offset - offset.detach())
        return fake_quantize(x - offset, step, self.q_min, self.q_max, factor) + offset
