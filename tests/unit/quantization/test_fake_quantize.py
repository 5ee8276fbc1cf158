"""The fake quantizer equals an independent NumPy oracle, forward and backward."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from quantization.fake_quantize import fake_quantize, round_ste
from quantization.grids import grid_limits

Arrays = tuple[np.ndarray, np.ndarray, np.ndarray]


def oracle(
    x: np.ndarray, scale: np.ndarray, limits: tuple[int, int], upstream: np.ndarray
) -> Arrays:
    """LSQ from its definition, element by element: output, dx, dscale (before gradient scaling)."""
    q_min, q_max = limits
    out, grad_x = np.zeros_like(x), np.zeros_like(x)
    grad_scale = np.zeros(scale.shape, dtype=x.dtype)
    for place in np.ndindex(x.shape):
        row = (place[0],) + (0,) * (scale.ndim - 1) if scale.ndim else ()
        s = scale[row]
        z = x[place] / s
        if z < q_min:
            level, slope, passes = q_min, q_min, 0.0
        elif z > q_max:
            level, slope, passes = q_max, q_max, 0.0
        else:
            level, passes = np.rint(z), 1.0
            if limits == (-1, 1):  # 1 bit: the sign
                level = 1.0 if z >= 0 else -1.0
            slope = level - z
        out[place] = level * s
        grad_x[place] = passes * upstream[place]
        grad_scale[row] += slope * upstream[place]
    return out, grad_x, grad_scale


def run(
    x: np.ndarray,
    scale: np.ndarray,
    limits: tuple[int, int],
    upstream: np.ndarray,
    g: float,
    stride: Tensor | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    x_t = torch.tensor(x, requires_grad=True)
    scale_t = torch.tensor(scale, requires_grad=True)
    q_min, q_max = (torch.tensor(float(limit), dtype=x_t.dtype) for limit in limits)
    out = fake_quantize(x_t, scale_t, q_min, q_max, torch.tensor(g, dtype=x_t.dtype), stride)
    out.backward(torch.tensor(upstream))
    assert x_t.grad is not None
    assert scale_t.grad is not None
    return out.detach(), x_t.grad, scale_t.grad


@pytest.mark.parametrize("per_channel", [False, True])
@given(bits=st.integers(1, 8), signed=st.booleans(), seed=st.integers(0, 2**32 - 1))
def test_equals_the_oracle_forward_and_backward(
    per_channel: bool, bits: int, signed: bool, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(3, 2, 3, 3))
    limits = grid_limits(bits, signed=signed)
    # between "everything clips" and "everything rounds to zero"
    scale = np.exp(rng.uniform(-4, 1, (3, 1, 1, 1) if per_channel else ())) / limits[1]
    scale = np.asarray(scale * 3)
    upstream = rng.normal(size=x.shape)
    stride = torch.tensor(2.0 if limits == (-1, 1) else 1.0) if signed else None
    out, grad_x, grad_scale = run(x, scale, limits, upstream, 0.25, stride)
    expected_out, expected_x, expected_scale = oracle(x, scale, limits, upstream)
    np.testing.assert_array_equal(out.numpy(), expected_out)
    np.testing.assert_array_equal(grad_x.numpy(), expected_x)
    # atol: the order of a sum of 54 terms of magnitude up to 128
    np.testing.assert_allclose(grad_scale.numpy(), expected_scale * 0.25, rtol=1e-9, atol=1e-10)


def test_golden_vector_signed_two_bits() -> None:
    x = np.array([-1.3, -0.4, 0.1, 0.3, 0.9])
    out, _, grad_scale = run(x, np.array(0.5), (-2, 1), np.ones(5), 1.0)
    np.testing.assert_allclose(out, [-1, -0.5, 0, 0.5, 0.5], rtol=1e-12)
    assert float(grad_scale) == pytest.approx(-1.0, abs=1e-12)
    slopes = [
        float(run(x[i : i + 1], np.array(0.5), (-2, 1), np.ones(1), 1.0)[2]) for i in range(5)
    ]
    assert slopes == pytest.approx([-2, -0.2, -0.2, 0.4, 1], abs=1e-12)


def test_golden_vector_unsigned_two_bits() -> None:
    x = np.array([0, 0.2, 0.8, 1.6, 2.5])
    out, _, grad_scale = run(x, np.array(0.6), (0, 3), np.ones(5), 1.0)
    np.testing.assert_allclose(out, [0, 0, 0.6, 1.8, 1.8], rtol=1e-12)
    assert float(grad_scale) == pytest.approx(8 / 3, abs=1e-12)


@given(bits=st.integers(1, 8), signed=st.booleans(), seed=st.integers(0, 2**32 - 1))
def test_at_most_two_to_the_bits_values_and_idempotent(bits: int, signed: bool, seed: int) -> None:
    x = torch.randn(4, 500, generator=torch.Generator().manual_seed(seed))
    q_min, q_max = (torch.tensor(float(v)) for v in grid_limits(bits, signed=signed))
    scale, one = torch.tensor(0.25), torch.tensor(1.0)
    stride = torch.tensor(2.0) if signed and bits == 1 else None
    once = fake_quantize(x, scale, q_min, q_max, one, stride)
    assert len(once.unique()) <= 2**bits
    inside = (x >= q_min * scale) & (x <= q_max * scale)
    assert ((once - x).abs()[inside] <= scale / 2 * (1 if stride is None else stride)).all()
    assert torch.equal(fake_quantize(once, scale, q_min, q_max, one, stride), once)


def test_golden_vector_signed_one_bit() -> None:
    x = np.array([-2.0, -0.3, 0.0, 0.4, 0.5, 0.6])
    out, grad_x, _ = run(x, np.array(0.5), (-1, 1), np.ones(6), 1.0, torch.tensor(2.0))
    np.testing.assert_array_equal(out, [-0.5, -0.5, 0.5, 0.5, 0.5, 0.5])
    np.testing.assert_array_equal(grad_x, [0, 1, 1, 1, 1, 0])


def test_round_is_half_to_even_and_passes_the_gradient() -> None:
    x = torch.tensor([0.5, 1.5, -0.5, 2.4], requires_grad=True)
    rounded = round_ste(x)
    rounded.backward(torch.tensor([1.0, 2.0, 3.0, 4.0]))
    assert rounded.tolist() == [0.0, 2.0, 0.0, 2.0]
    assert x.grad is not None
    assert x.grad.tolist() == [1.0, 2.0, 3.0, 4.0]


def test_many_networks_at_once_with_different_bits() -> None:
    """Bits are data: one vectorised call serves a bit-width per network."""
    x = torch.randn(3, 10, generator=torch.Generator().manual_seed(0), requires_grad=True)
    scales = torch.tensor([0.3, 0.2, 0.1], requires_grad=True)
    lows, highs = torch.tensor([-2.0, -4.0, -8.0]), torch.tensor([1.0, 3.0, 7.0])
    ones = torch.ones(3)
    together = torch.vmap(fake_quantize)(x, scales, lows, highs, ones)
    together.square().sum().backward()
    assert x.grad is not None
    assert scales.grad is not None
    for i in range(3):
        one_x = x[i].detach().requires_grad_()
        one_scale = scales[i].detach().requires_grad_()
        alone = fake_quantize(one_x, one_scale, lows[i], highs[i], ones[i])
        alone.square().sum().backward()
        assert torch.equal(together[i], alone)
        assert one_x.grad is not None
        assert one_scale.grad is not None
        assert torch.equal(x.grad[i], one_x.grad)
        torch.testing.assert_close(scales.grad[i], one_scale.grad)
