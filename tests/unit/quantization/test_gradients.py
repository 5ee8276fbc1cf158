"""LSQ+, PACT, DoReFa and EWGS equal independent NumPy oracles, forward and backward.

That of DoReFa's weights is checked against central differences of the formula in NumPy with the
rounding taken out at the point of evaluation, which is what a straight-through estimator means:
``round(t)`` becomes ``t + (round(t0) - t0)`` with ``t0`` held.
"""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from quantization.dorefa import FixedRangeQuantizer, TanhWeightQuantizer
from quantization.ewgs import EwgsActivationQuantizer, EwgsWeightQuantizer, ewgs_round
from quantization.grids import grid
from quantization.lsq_plus import OffsetQuantizer
from quantization.pact import ClippingQuantizer
from quantization.quantizer import Quantizer

Array = np.ndarray

seeds = st.integers(0, 2**32 - 1)
narrow = st.integers(1, 8)


def backward(quantizer: Quantizer, x: Array, upstream: Array) -> tuple[Array, Array]:
    """Output and gradient of ``x``; gradients of parameters stay with them."""
    leaf = torch.tensor(x, requires_grad=True)
    out = quantizer.double()(leaf)
    out.backward(torch.tensor(upstream))
    return out.detach().numpy(), leaf.grad.numpy()


def set_parameters(quantizer: Quantizer, **values: float | Array) -> None:
    with torch.no_grad():
        quantizer.double()
        for name, value in values.items():
            tensor = getattr(quantizer, name)
            tensor.copy_(torch.as_tensor(value, dtype=torch.float64).reshape(tensor.shape))


def slope(f: Callable[[float], float], at: float, h: float = 1e-6) -> float:
    return (f(at + h) - f(at - h)) / (2 * h)


# LSQ+


@given(bits=st.integers(2, 8), seed=seeds)
def test_lsq_plus_equals_its_oracle(bits: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, upstream = rng.normal(size=(4, 3, 5)), rng.normal(size=(4, 3, 5))
    q_max = 2**bits - 1
    scale = np.exp(rng.uniform(-1, 1)) * 3 / q_max
    beta = -rng.uniform(-0.2, 1.2) * q_max * scale
    quantizer = OffsetQuantizer(bits)
    set_parameters(quantizer, scale=scale, offset=beta)
    out, grad_x = backward(quantizer, x, upstream)
    zero_point = int(min(max(np.rint(-beta / scale), 0), q_max))
    assert quantizer.zero_point() == zero_point
    snapped = -zero_point * scale
    z = (x - snapped) / scale
    integers = np.clip(np.rint(z), 0, q_max)
    np.testing.assert_allclose(out, integers * scale + snapped, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(quantizer.quantize(torch.tensor(x)), integers)
    below, above = z < 0, z > q_max
    inside = ~below & ~above
    g = 1 / np.sqrt(x[0].size * q_max)
    np.testing.assert_array_equal(grad_x, upstream * inside)
    ds = np.where(inside, np.rint(z) - z, np.where(above, q_max, 0))
    assert float(quantizer.scale.grad) == pytest.approx(g * (ds * upstream).sum(), abs=1e-9)
    expected_offset = g * (upstream * ~inside).sum()
    assert float(quantizer.offset.grad) == pytest.approx(expected_offset, abs=1e-9)


def test_lsq_plus_finds_step_and_offset_of_an_exact_grid() -> None:
    # -3..12 in sixteen steps of 0.5 around an off-centre zero
    x = torch.arange(-3, 13).repeat(4) * 0.5
    quantizer = OffsetQuantizer(4)
    quantizer.initialise(x)
    torch.testing.assert_close(quantizer(x), x)
    assert quantizer.zero_point() == 3


# PACT


def test_golden_vector_of_pact() -> None:
    quantizer = ClippingQuantizer(2, signed=False)
    set_parameters(quantizer, alpha=2.0)
    x = np.array([-0.5, 0.7, 1.9, 2.6])
    slopes = []
    for value, out, dx in zip(x, [0, 2 / 3, 2, 2], [0, 1, 1, 0], strict=True):
        quantizer.alpha.grad = None
        got, grad_x = backward(quantizer, np.array([value]), np.ones(1))
        assert got == pytest.approx(out, abs=1e-12)
        assert grad_x == dx
        slopes.append(float(quantizer.alpha.grad))
    assert slopes == [0, 0, 0, 1]


@given(bits=narrow, signed=st.booleans(), seed=seeds)
def test_pact_equals_its_oracle(bits: int, signed: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, upstream = 2 * rng.normal(size=(6, 9)), rng.normal(size=(6, 9))
    alpha = np.exp(rng.uniform(-1, 1))
    limits = grid(bits, "signed" if signed else "unsigned")
    x[0, 0] = alpha  # the border belongs to alpha
    quantizer = ClippingQuantizer(bits, signed)
    set_parameters(quantizer, alpha=alpha)
    out, grad_x = backward(quantizer, x, upstream)
    low = limits.q_min / limits.q_max * alpha
    expected, expected_x, expected_alpha = np.zeros_like(x), np.zeros_like(x), 0.0
    allowed = np.arange(limits.q_min, limits.q_max + 1, limits.stride) * alpha / limits.q_max
    for place, value in np.ndenumerate(x):
        expected[place] = allowed[np.abs(allowed - min(max(value, low), alpha)).argmin()]
        if value >= alpha:
            expected_alpha += upstream[place]
        elif value < low:
            expected_alpha += upstream[place] * limits.q_min / limits.q_max
        else:
            expected_x[place] = upstream[place]
    np.testing.assert_allclose(out, expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(grad_x, expected_x)
    assert float(quantizer.alpha.grad) == pytest.approx(expected_alpha, abs=1e-9)


# DoReFa


def dorefa_weights(w: Array, n: float, frozen: Array | None = None) -> Array:
    squeezed = np.tanh(w) / (2 * np.abs(np.tanh(w)).max()) + 0.5
    levels = np.rint(n * squeezed) if frozen is None else n * squeezed + frozen
    return 2 * levels / n - 1


@pytest.mark.parametrize("per_channel", [False, True])
@given(bits=narrow, seed=seeds)
def test_dorefa_weights_equal_their_oracle(per_channel: bool, bits: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, upstream = rng.normal(size=(3, 2, 2, 1)), rng.normal(size=(3, 2, 2, 1))
    gain = np.exp(rng.normal(size=3 if per_channel else 1))
    quantizer = TanhWeightQuantizer(bits, 3 if per_channel else None)
    set_parameters(quantizer, gain=gain)
    out, grad_x = backward(quantizer, x, upstream)
    n = 2**bits - 1
    parts = list(x) if per_channel else [x]
    ups = list(upstream) if per_channel else [upstream]
    expected = np.stack([g * dorefa_weights(part, n) for g, part in zip(gain, parts, strict=True)])
    np.testing.assert_allclose(out, expected.reshape(x.shape), rtol=1e-12, atol=1e-12)
    gradients = []
    for g, part, up in zip(gain, parts, ups, strict=True):
        squeezed = np.tanh(part) / (2 * np.abs(np.tanh(part)).max()) + 0.5
        frozen = np.rint(n * squeezed) - n * squeezed
        gradient = np.zeros_like(part)
        for place in np.ndindex(part.shape):

            def loss(value: float, place: tuple[int, ...] = place) -> float:
                moved = part.copy()  # noqa: B023
                moved[place] = value
                return float((g * dorefa_weights(moved, n, frozen) * up).sum())  # noqa: B023

            gradient[place] = slope(loss, part[place])
        gradients.append(gradient)
    np.testing.assert_allclose(grad_x, np.stack(gradients).reshape(x.shape), atol=1e-6, rtol=1e-5)


def test_dorefa_weights_of_one_bit_are_signs_and_the_gain_keeps_their_size() -> None:
    quantizer = TanhWeightQuantizer(1, None)
    x = torch.tensor([[-0.3, 0.1, 0.2, -0.05]])
    assert quantizer(x).tolist() == [[-1, 1, 1, -1]]
    quantizer.initialise(x)
    assert float(quantizer.gain) == pytest.approx(float(x.abs().mean()))
    torch.testing.assert_close(quantizer(x), x.sign() * x.abs().mean())


@given(bits=narrow, seed=seeds)
def test_dorefa_activations_equal_their_oracle(bits: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, upstream = rng.normal(size=(6, 9)) + 0.5, rng.normal(size=(6, 9))
    quantizer = FixedRangeQuantizer(bits, signed=False)
    set_parameters(quantizer, scale=1 / (2**bits - 1))
    out, grad_x = backward(quantizer, x, upstream)
    n = 2**bits - 1
    np.testing.assert_allclose(out, np.rint(np.clip(x, 0, 1) * n) / n, rtol=1e-12)
    np.testing.assert_array_equal(grad_x, upstream * ((x >= 0) & (x <= 1)))
    assert list(quantizer.parameters()) == []


# EWGS


@pytest.mark.parametrize(
    ("x", "g", "expected"), [(0.4, 1, 1.013333), (0.4, -1, -0.986667), (0.3, 2, 1.986667)]
)
def test_golden_vectors_of_ewgs(x: float, g: float, expected: float) -> None:
    leaf = torch.tensor([x], dtype=torch.float64, requires_grad=True)
    last, delta = torch.tensor(3.0), torch.tensor(0.2, dtype=torch.float64)
    out = ewgs_round(leaf, last, delta)
    out.backward(torch.tensor([float(g)], dtype=torch.float64))
    assert float(out.detach()) == pytest.approx(1 / 3)
    assert float(leaf.grad) == pytest.approx(expected, abs=5e-7)


@given(bits=narrow, seed=seeds)
def test_ewgs_without_delta_is_straight_through_and_stays_within_its_bound(
    bits: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    x, g = rng.uniform(size=50), rng.normal(size=50)
    last = 2.0**bits - 1
    for delta in (0.0, 0.2):
        leaf = torch.tensor(x, requires_grad=True)
        ewgs_round(leaf, torch.tensor(last), torch.tensor(delta)).backward(torch.tensor(g))
        factor = leaf.grad.numpy() / g
        assert np.abs(factor - 1).max() <= delta / (2 * last) * (1 + 1e-6)
        expected = g * (1 + delta * np.sign(g) * (x - np.rint(last * x) / last))
        np.testing.assert_allclose(leaf.grad.numpy(), expected, rtol=1e-6)


def ewgs_gradients(
    normalised: Array, up: Array, last: float, delta: float
) -> tuple[Array, Array, Array]:
    """Rounded values, gradient behind the rounding, and where it reaches what was normalised."""
    clipped = np.clip(normalised, 0, 1)
    rounded = np.rint(last * clipped) / last
    through = up * (1 + delta * np.sign(up) * (clipped - rounded))
    return rounded, through, (normalised >= 0) & (normalised <= 1)


@pytest.mark.parametrize("per_channel", [False, True])
@given(bits=narrow, seed=seeds)
def test_ewgs_weights_equal_their_oracle(per_channel: bool, bits: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, upstream = rng.normal(size=(3, 2, 2, 1)), rng.normal(size=(3, 2, 2, 1))
    n = 3 if per_channel else 1
    shape = (3, 1, 1, 1) if per_channel else ()
    low, high = (np.reshape(sign * rng.uniform(0.5, 2, n), shape) for sign in (-1, 1))
    output_scale, delta = np.reshape(-rng.uniform(0.2, 2, n), shape), 0.15
    quantizer = EwgsWeightQuantizer(bits, 3 if per_channel else None)
    set_parameters(quantizer, lower=low, upper=high, output_scale=output_scale, delta=delta)
    out, grad_x = backward(quantizer, x, upstream)
    last, magnitude, width = 2**bits - 1, np.abs(output_scale), high - low
    normalised = (x - low) / width
    up = upstream * 2 * magnitude
    rounded, through, inside = ewgs_gradients(normalised, up, last, delta)
    np.testing.assert_allclose(out, 2 * (rounded - 0.5) * magnitude, rtol=1e-9, atol=1e-12)
    through = through * inside
    np.testing.assert_allclose(grad_x, through / width, rtol=1e-9)
    axes = (1, 2, 3) if per_channel else None
    g = 1 / np.sqrt(x.size / n * last)

    def total(terms: Array) -> Array:
        return g * terms.sum(axis=axes)

    for parameter, terms in (
        (quantizer.lower, through * (x - high) / width**2),
        (quantizer.upper, -through * (x - low) / width**2),
        (quantizer.output_scale, upstream * 2 * (rounded - 0.5) * np.sign(output_scale)),
    ):
        got = parameter.grad.numpy().reshape(-1)
        np.testing.assert_allclose(got, total(terms).reshape(-1), rtol=1e-7, atol=1e-10)


@given(bits=narrow, signed=st.booleans(), seed=seeds)
def test_ewgs_activations_equal_their_oracle(bits: int, signed: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, upstream = rng.normal(size=(6, 9)), rng.normal(size=(6, 9))
    x = x if signed else np.abs(x)
    upper, delta = np.exp(rng.uniform(-1, 1)), 0.15
    limits = grid(bits, "signed" if signed else "unsigned")
    span, last = limits.q_max - limits.q_min, 2**bits - 1
    quantizer = EwgsActivationQuantizer(bits, signed)
    set_parameters(quantizer, upper=upper, delta=delta)
    out, grad_x = backward(quantizer, x, upstream)
    step = upper / limits.q_max
    normalised = (x / step - limits.q_min) / span
    up = upstream * span * step
    rounded, through, inside = ewgs_gradients(normalised, up, last, delta)
    np.testing.assert_allclose(out, (rounded * span + limits.q_min) * step, rtol=1e-9, atol=1e-12)
    through = through * inside
    np.testing.assert_allclose(grad_x, through / (span * step), rtol=1e-9, atol=1e-12)
    # upper acts twice: it scales what comes out and what goes in
    by_step = upstream * (rounded * span + limits.q_min) - through * x / (span * step**2)
    g = 1 / np.sqrt(9 * limits.q_max)
    expected = g * by_step.sum() / limits.q_max
    assert float(quantizer.upper.grad) == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_ewgs_starts_three_deviations_wide() -> None:
    x = torch.randn(64, 100, generator=torch.Generator().manual_seed(0))
    weights = EwgsWeightQuantizer(4, None)
    weights.initialise(0.1 * x)
    assert weights.upper.item() == pytest.approx(0.3, rel=0.05)
    assert weights.lower.item() == -weights.upper.item()
    activations = EwgsActivationQuantizer(4, signed=False)
    activations.initialise(x.abs())
    assert activations.upper.item() == pytest.approx(3.0, rel=0.05)
