"""PACT: activations clipped at a learned level.

Sources:
    [Choi2018] Choi et al., "PACT", arXiv:1805.06085.
"""

from typing import Any, Final, cast

import torch
from torch import Tensor, nn
from typing_extensions import override

from quantization.fake_quantize import nearest
from quantization.quantizer import Quantizer, kind_of_sign
from quantization.scale_init import mse_scale

FIRST_ALPHA: Final = 8.0
"""Clipping level before ``initialise``, as in Distiller's example of PACT."""


class _Clip(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    @override
    def forward(x: Tensor, alpha: Tensor, q_min: Tensor, q_max: Tensor, stride: Tensor) -> Tensor:
        step = alpha / q_max
        return nearest(x / step, q_min, q_max, stride) * step

    @staticmethod
    @override
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        del output
        ctx.save_for_backward(*inputs[:4])

    @staticmethod
    @override
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        (grad,) = grad_outputs
        x, alpha, q_min, q_max = ctx.saved_tensors
        lowest = q_min / q_max  # in units of alpha
        above, below = x >= alpha, x < lowest * alpha
        slope = above.to(x.dtype) + below * lowest
        return grad * ~(above | below), (grad * slope).sum(), None, None, None


class ClippingQuantizer(Quantizer):
    """``clip(x, 0, alpha)`` on a grid of ``2**bits`` values from 0 to ``alpha`` [Choi2018].

    Gradients: ``d out / d x`` is 1 for ``0 <= x < alpha``, else 0; ``d out / d alpha`` is 1 for
    ``x >= alpha``, else 0, unlike LSQ's, which has a share inside the range. The paper adds an L2
    penalty on ``alpha`` to the loss; the optimizer's weight decay, which applies to parameters
    of this name, is that penalty.

    A tensor of both signs, which the paper does not treat, has the range from
    ``alpha * q_min / q_max`` to ``alpha``; below it ``d out / d alpha`` is ``q_min / q_max``.

    Attributes:
        alpha: Trained clipping level, ``()``; its magnitude is used.
    """

    def __init__(self, bits: int, signed: bool) -> None:
        """Make a quantizer that clips at ``FIRST_ALPHA``.

        Args:
            bits: Width of the grid, 1 to 8.
            signed: Whether the grid is two's complement (1 bit: {-1, 1}) or starts at 0.

        Raises:
            BitwidthError: If the width is outside 1 to 8.
        """
        super().__init__(bits, kind_of_sign(signed), channels=None, role="activation")
        self.alpha = nn.Parameter(torch.tensor(FIRST_ALPHA))

    @override
    def step(self, x: Tensor) -> Tensor:
        return self.positive(self.alpha, x) / self.q_max

    @override
    @torch.no_grad()
    def initialise(self, x: Tensor) -> None:
        """Clip where the squared error is least.

        From scratch the paper's networks shrink a generous first ``alpha`` by its penalty over
        many epochs; fine-tuning a trained network is too short for that, so this is our choice.
        """
        scale = mse_scale(self.rows(x), self.q_min, self.q_max, self.stride)
        self.alpha.copy_(scale.squeeze() * self.q_max)

    @override
    def forward(self, x: Tensor) -> Tensor:
        alpha = self.positive(self.alpha, x)
        out = _Clip.apply(  # type: ignore[no-untyped-call]  # torch gives it no types
            x, alpha, self.q_min, self.q_max, self.stride
        )
        return cast("Tensor", out)
