"""Uniform fake quantization with a learned step size: float in, float on a grid out.

Sources:
    [Bengio2013] Bengio et al., arXiv:1308.3432: the straight-through estimator.
    [Esser2020]  Esser et al., "Learned Step Size Quantization", arXiv:1902.08153 (LSQ).
    [LPCV2022]   Lu et al. (eds.), "Low-Power Computer Vision", chapter 11, eq. 11.40.
"""

from typing import Any, cast

import torch
from torch import Tensor
from typing_extensions import override


class _RoundSte(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    @override
    def forward(x: Tensor) -> Tensor:
        return x.round()

    @staticmethod
    @override
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        """Nothing to keep: the gradient does not depend on ``x``."""

    @staticmethod
    @override
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        return grad_outputs[0]


class _FakeQuantize(torch.autograd.Function):
    """LSQ written out, because composed from torch's operators it keeps twice the tensors."""

    generate_vmap_rule = True

    @staticmethod
    @override
    def forward(
        x: Tensor,
        scale: Tensor,
        q_min: Tensor,
        q_max: Tensor,
        gradient_scale: Tensor,
        stride: Tensor | None,
    ) -> Tensor:
        del gradient_scale  # only the backward pass needs it
        return nearest(x / scale, q_min, q_max, stride) * scale

    @staticmethod
    @override
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        del output
        ctx.save_for_backward(*inputs)

    @staticmethod
    @override
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        (grad,) = grad_outputs
        x, scale, q_min, q_max, gradient_scale, stride = ctx.saved_tensors
        z = x / scale
        inside = (z >= q_min) & (z <= q_max)
        grad_x = grad * inside if ctx.needs_input_grad[0] else None
        grad_scale = None
        if ctx.needs_input_grad[1]:
            # inside nearest(z) - z, below q_min, above q_max
            slope = nearest(z, q_min, q_max, stride) - z * inside
            grad_scale = (grad * slope).sum_to_size(scale.shape) * gradient_scale
        return grad_x, grad_scale, None, None, None, None


def nearest(z: Tensor, q_min: Tensor, q_max: Tensor, stride: Tensor | None = None) -> Tensor:
    """The integer of a grid nearest to each value.

    Args:
        z: Values in units of the step, ``(...)``.
        q_min: Smallest integer, broadcastable to ``z``.
        q_max: Largest integer, broadcastable to ``z``.
        stride: Distance of neighbours, broadcastable to ``z``: 1, or 2 for odd integers. None says
            that it is 1 everywhere and saves the arithmetic.

    Returns:
        Integers of the grid, shape and dtype of ``z``. Halfway between two, the even multiple of
        ``stride`` (on an odd grid counted from 1) wins; 0 on the grid {-1, 1} becomes 1.
    """
    if stride is None:
        return z.round().clamp(q_min, q_max)
    first = stride - 1  # the grid is first + stride * (all integers)
    return (((z - first) / stride).round() * stride + first).clamp(q_min, q_max)


def round_ste(x: Tensor) -> Tensor:
    """Round half to even; the gradient passes straight through [Bengio2013].

    Args:
        x: Floating point, ``(...)``.

    Returns:
        The rounded values, ``(...)``.

    Example:
        >>> x = torch.tensor([0.5, 1.7], requires_grad=True)
        >>> round_ste(x).sum().backward()
        >>> x.grad
        tensor([1., 1.])
    """
    return cast("Tensor", _RoundSte.apply(x))  # type: ignore[no-untyped-call]  # torch's


def scale_gradient(x: Tensor, factor: Tensor) -> Tensor:
    """Return ``x`` with its gradient multiplied by ``factor``; written as in LSQ's reference code.

    Args:
        x: Any shape.
        factor: ``()``.
    """
    return x.detach() + (x - x.detach()) * factor


def fake_quantize(
    x: Tensor,
    scale: Tensor,
    q_min: Tensor,
    q_max: Tensor,
    gradient_scale: Tensor,
    stride: Tensor | None = None,
) -> Tensor:
    """Move ``x`` to the nearest point of the grid ``scale * {q_min, ..., q_max}``.

    Forward: ``clamp(round(x / scale), q_min, q_max) * scale``. Backward, with ``z = x / scale``
    [Esser2020] [LPCV2022]::

        d out / d x     = 1 for q_min <= z <= q_max, else 0
        d out / d scale = gradient_scale * (round(z) - z inside, q_min below, q_max above)

    A value exactly on the border counts as inside, as in ``torch.clamp``. The limits are tensors,
    so that a change of bit-width changes no graph. With ``stride`` 2 rounding is to odd integers;
    on {-1, 1}, the signed 1-bit grid, that makes the output the scaled sign, and the gradient of
    ``x`` passes for ``|x| <= scale``.

    Args:
        x: Activations ``(N, C, H, W)`` or ``(N, C)``, or weights ``(O, I, kH, kW)`` or ``(O, I)``.
        scale: Step size > 0, broadcastable to ``x``: ``()``, ``(O, 1, 1, 1)`` or ``(O, 1)``.
        q_min: Smallest integer of the grid, floating point, broadcastable as ``scale``.
        q_max: Largest integer of the grid, floating point, broadcastable as ``scale``.
        gradient_scale: Factor of the gradient of ``scale``, broadcastable to it.
        stride: Distance of neighbouring integers, broadcastable as ``scale``; None means 1.

    Returns:
        Values on the grid, shape and dtype of ``x``.

    Example:
        >>> x = torch.tensor([0.3, -9.0])
        >>> fake_quantize(x, *(torch.tensor(v) for v in (0.5, -2.0, 1.0, 1.0)))
        tensor([ 0.5000, -1.0000])
    """
    out = _FakeQuantize.apply(  # type: ignore[no-untyped-call]  # torch gives it no types
        x, scale, q_min, q_max, gradient_scale, stride
    )
    return cast("Tensor", out)
