"""DoReFa: weights squeezed by tanh onto a grid without zero, activations clipped at 1.

Sources:
    [Zhou2016] Zhou et al., "DoReFa-Net", arXiv:1606.06160.
"""

import torch
from torch import Tensor
from typing_extensions import override

from quantization.fake_quantize import fake_quantize, round_ste
from quantization.quantizer import MIN_SCALE, Bits, Quantizer, kind_of_sign
from quantization.scale_init import least_squares_gain, mse_scale


class TanhWeightQuantizer(Quantizer):
    """``gain * (2 * round(n * w') / n - 1)``, ``w' = tanh(w) / (2 max|tanh w|) + 1/2`` [Zhou2016].

    ``n = 2**bits - 1``; the grid is the odd one with step ``gain / n``. The gradient is that of the
    formula, the largest weight's part included, with rounding passed straight through; no weight is
    ever clipped. At 1 bit this is the sign times ``gain``.

    The paper's formula has no ``gain`` and loses the scale of the weights, so it needs a batch norm
    behind it. Here ``gain`` is a constant, the one that brings the quantized weights closest to the
    float ones when ``initialise`` is called. In front of a batch norm it changes nothing but where
    training starts; where there is none, as at the classifier, it keeps the scale of the output.

    Per channel, the maximum and the gain are those of each channel (our choice; the paper's are of
    the tensor).

    Attributes:
        gain: Constant factor, buffer, ``()`` or ``(O, 1, 1, 1)``; 1 before ``initialise``.
    """

    gain: Tensor

    def __init__(self, bits: Bits, channels: int | None) -> None:
        """Make a quantizer with gain 1.

        Args:
            bits: Width of the grid, 1 to 8, or one width per channel.
            channels: Number of output channels, each with its own maximum; None for one.

        Raises:
            BitwidthError: If a width is outside 1 to 8.
        """
        super().__init__(bits, "odd", channels=channels, role="weight")
        self.register_buffer("gain", torch.ones(self.parameter_shape))

    @override
    def step(self, x: Tensor) -> Tensor:
        return self.fit(self.gain, x) / self.fit(self.q_max, x)

    @override
    @torch.no_grad()
    def initialise(self, x: Tensor) -> None:
        self.gain.fill_(1.0)
        rows = self.rows(x)
        self.gain.copy_(least_squares_gain(rows, self.rows(self(x))).view(self.gain.shape))

    @override
    def forward(self, x: Tensor) -> Tensor:
        squeezed = x.tanh()
        rows = squeezed.reshape(1 if self.channels is None else self.channels, -1)
        largest = rows.abs().amax(dim=1).clamp_min(MIN_SCALE).view(self.parameter_shape)
        n = self.fit(self.q_max, x)
        levels = round_ste(n * (squeezed / (2 * self.fit(largest, x)) + 0.5))
        return (2 * levels - n) * self.step(x)


class FixedRangeQuantizer(Quantizer):
    """``round(n * clip(x, 0, 1)) / n``, ``n = 2**bits - 1``; the range never moves [Zhou2016].

    The gradient passes for ``0 <= x <= 1``. The batch norm before it learns to fill the range.

    ``initialise`` replaces the range 1 by the constant one of least squared error. That is the
    paper's network in other units: dividing gain and shift of the batch norm by the range would do
    the same, and the next batch norm does not see the factor. But it also serves where no batch
    norm comes before, and fine-tuning starts from the trained network: on the digits, 5 epochs at 8
    bits reach 98 % with it and 77 % without.

    Tensors of both signs (the image, sums and projections without an activation), which the paper
    leaves in floating point, get two's complement integers.

    Attributes:
        scale: Constant step, buffer, ``()``.
    """

    scale: Tensor

    def __init__(self, bits: int, signed: bool) -> None:
        """Make a quantizer with the range 1.

        Args:
            bits: Width of the grid, 1 to 8.
            signed: Whether the grid is two's complement (1 bit: {-1, 1}) or starts at 0.

        Raises:
            BitwidthError: If the width is outside 1 to 8.
        """
        super().__init__(bits, kind_of_sign(signed), channels=None, role="activation")
        self.register_buffer("scale", 1 / self.q_max)

    @override
    def step(self, x: Tensor) -> Tensor:
        return self.scale

    @override
    @torch.no_grad()
    def initialise(self, x: Tensor) -> None:
        scale = mse_scale(self.rows(x), self.q_min, self.q_max, self.stride)
        self.scale.copy_(scale.squeeze())

    @override
    def forward(self, x: Tensor) -> Tensor:
        no_gradient = torch.ones_like(self.scale)
        return fake_quantize(x, self.scale, self.q_min, self.q_max, no_gradient, self.strides(x))
