"""EWGS: the gradient of rounding scaled element by element by the rounding error.

Sources:
    [Lee2021] Lee et al., "Network Quantization with Element-wise Gradient Scaling",
              arXiv:2104.00903; official code cvlab-yonsei/EWGS.
"""

import math
from typing import Any, Final, cast

import torch
from torch import Tensor, nn
from typing_extensions import override

from quantization.fake_quantize import scale_gradient
from quantization.grids import GridKind
from quantization.quantizer import MIN_SCALE, Bits, Quantizer, Role, kind_of_sign
from quantization.scale_init import least_squares_gain, mse_scale, positive_or_one

FIXED_DELTA: Final = 1e-3
"""The constant of the official code's variant without the Hessian."""


class _Round(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    @override
    def forward(x: Tensor, last: Tensor, delta: Tensor) -> Tensor:
        return (x * last + 0.5).floor() / last  # halves go up, as in the file

    @staticmethod
    @override
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        x, _, delta = inputs
        ctx.save_for_backward(x - output, delta)

    @staticmethod
    @override
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        (grad,) = grad_outputs
        error, delta = ctx.saved_tensors
        return grad + grad.abs() * delta * error, None, None


def ewgs_round(x: Tensor, last: Tensor, delta: Tensor) -> Tensor:
    """Round to the nearest of ``0, 1/last, ..., 1`` with the gradient of [Lee2021].

    Backward: ``g * (1 + delta * sign(g) * (x - out))``: a positive gradient, which lowers ``x``,
    pulls harder where ``x`` has been rounded down. ``delta = 0`` is the straight-through estimator.

    Args:
        x: Values in [0, 1], ``(...)``.
        last: Number of levels less one, broadcastable to ``x``.
        delta: Strength, ``()``, >= 0.

    Returns:
        Rounded values, ``(...)``.
    """
    return cast("Tensor", _Round.apply(x, last, delta))  # type: ignore[no-untyped-call]  # torch's


class EwgsQuantizer(Quantizer):
    """What both EWGS quantizers share.

    Attributes:
        delta: Strength of the gradient scaling, ``()`` buffer. ``FIXED_DELTA`` unless
            ``quantization.ewgs_hessian`` sets it.
    """

    delta: Tensor

    def __init__(self, bits: Bits, kind: GridKind, *, channels: int | None, role: Role) -> None:
        super().__init__(bits, kind, channels=channels, role=role)
        self.register_buffer("delta", torch.tensor(FIXED_DELTA))

    def last_level(self, x: Tensor) -> Tensor:
        """Number of levels less one, shaped as ``fit`` does."""
        return self.fit((self.q_max - self.q_min) / self.stride, x)


class EwgsWeightQuantizer(EwgsQuantizer):
    """``|output_scale| * (2 * round(clamp((w - lower) / (upper - lower), 0, 1)) - 1)`` [Lee2021].

    Rounding is ``ewgs_round`` to ``2**bits`` levels, so the grid is the odd one with step
    ``|output_scale| / (2**bits - 1)``. Bounds start three standard deviations from zero.
    ``output_scale`` belongs to the layer in the paper, which starts it from the outputs of a batch;
    here it starts from the weights, by least squares. Learned parameters have the gradient factor
    of LSQ (our choice), so that they train at the rate of weights; the official code gives them a
    rate of their own.

    Attributes:
        lower: Trained, ``()`` or ``(O, 1, 1, 1)``.
        upper: Likewise.
        output_scale: Likewise; its magnitude is used.
    """

    def __init__(self, bits: Bits, channels: int | None) -> None:
        """Make a quantizer of the range -1 to 1.

        Args:
            bits: Width of the grid, 1 to 8, or one width per channel.
            channels: Number of output channels, each with its own bounds; None for one pair, as in
                the paper.

        Raises:
            BitwidthError: If a width is outside 1 to 8.
        """
        super().__init__(bits, "odd", channels=channels, role="weight")
        self.lower = nn.Parameter(-torch.ones(self.parameter_shape))
        self.upper = nn.Parameter(torch.ones(self.parameter_shape))
        self.output_scale = nn.Parameter(torch.ones(self.parameter_shape))

    @override
    def step(self, x: Tensor) -> Tensor:
        return self.positive(self.output_scale, x) / self.fit(self.q_max, x)

    @override
    @torch.no_grad()
    def initialise(self, x: Tensor) -> None:
        rows = self.rows(x)
        bound = positive_or_one(3 * rows.std(dim=1, correction=0)).view(self.parameter_shape)
        self.lower.copy_(-bound)
        self.upper.copy_(bound)
        self.output_scale.fill_(1.0)
        gain = least_squares_gain(rows, self.rows(self(x)))
        self.output_scale.copy_(gain.view(self.parameter_shape))

    @override
    def forward(self, x: Tensor) -> Tensor:
        factor = self.gradient_scale(x)
        lower, upper, output_scale = (
            scale_gradient(self.fit(p, x), factor)
            for p in (self.lower, self.upper, self.output_scale)
        )
        inside = ((x - lower) / (upper - lower).clamp_min(MIN_SCALE)).clamp(0, 1)
        rounded = ewgs_round(inside, self.last_level(x), self.delta)
        return (2 * rounded - 1) * output_scale.abs().clamp_min(MIN_SCALE)


class EwgsActivationQuantizer(EwgsQuantizer):
    """``upper * round(clamp(x / upper, 0, 1))`` with ``ewgs_round`` to ``2**bits`` levels.

    In the paper each layer quantizes what it reads, to values in [0, 1] whose scale the layer's
    ``output_scale`` learns. Here a tensor is quantized once for all its readers, so it keeps its
    scale: the output is multiplied by ``upper``, and the lower bound is zero. Gradients follow from
    that by the chain rule; ``upper`` has the gradient factor of LSQ (our choices).

    A tensor of both signs has two's complement integers (1 bit: {-1, 1}) of step
    ``upper / q_max``, and starts where the squared error is least instead of at three standard
    deviations.

    Attributes:
        upper: Trained, ``()``; its magnitude is used.
    """

    def __init__(self, bits: int, signed: bool) -> None:
        """Make a quantizer of the upper bound 1.

        Args:
            bits: Width of the grid, 1 to 8.
            signed: Whether the tensor has both signs.

        Raises:
            BitwidthError: If the width is outside 1 to 8.
        """
        super().__init__(bits, kind_of_sign(signed), channels=None, role="activation")
        self.upper = nn.Parameter(torch.ones(()))

    @override
    def step(self, x: Tensor) -> Tensor:
        return self.positive(self.upper, x) / self.q_max

    @override
    @torch.no_grad()
    def initialise(self, x: Tensor) -> None:
        if self.kind == "signed":
            scale = mse_scale(self.rows(x), self.q_min, self.q_max, self.stride)
            self.upper.copy_(scale.squeeze() * self.q_max)
        else:
            # the standard deviation of a normal number's magnitude is sqrt(1 - 2/pi) of its own
            bound = 3 * x.std(correction=0) / math.sqrt(1 - 2 / math.pi)
            self.upper.copy_(positive_or_one(bound))

    @override
    def forward(self, x: Tensor) -> Tensor:
        step = self.positive(scale_gradient(self.upper, self.gradient_scale(x)), x) / self.q_max
        span = self.q_max - self.q_min
        inside = ((x / step - self.q_min) / span).clamp(0, 1)
        rounded = ewgs_round(inside, self.last_level(x), self.delta)
        return (rounded * span + self.q_min) * step
