"""Requantization equals the format's formula over the rational numbers, at every extreme."""

from fractions import Fraction
from math import floor

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from quantization.fixed_point import (
    MAX_BIAS_EXPONENT,
    MAX_SCALE_EXPONENT,
    MIN_BIAS_EXPONENT,
    MIN_SCALE_EXPONENT,
)
from quantization.integer_requantize import Requantizer, split_float16
from quantization.packed_layer import PackedLayer
from quantization.tensor_spec import TensorSpec

float16s = st.floats(width=16, allow_nan=False, allow_infinity=False)
scale_exponents = st.integers(MIN_SCALE_EXPONENT, MAX_SCALE_EXPONENT)
sums = st.integers(-(2**51) + 1, 2**51 - 1) | st.integers(-(2**20), 2**20)
specs = st.builds(
    TensorSpec,
    channels=st.just(1),
    height=st.just(1),
    width=st.just(1),
    bits=st.sampled_from([1, 2, 3, 4, 5, 6, 7, 8, 32]),
    signed=st.booleans(),
    is_logits=st.booleans(),
)


def expected(real: Fraction, spec: TensorSpec) -> int:
    if spec.signed and spec.bits == 1 and not spec.is_logits:
        return 1 if real >= 0 else -1
    return min(max(floor(real + Fraction(1, 2)), spec.limits[0]), spec.limits[1])


def stored(multipliers: list[float], exponent: int) -> list[Fraction]:
    return [Fraction(m) * Fraction(2) ** exponent for m in multipliers]


@given(
    acc=sums,
    multiplier=float16s,
    scale_exponent=scale_exponents,
    bias=st.integers(-(2**15), 2**15 - 1),
    bias_exponent=st.integers(MIN_BIAS_EXPONENT, MAX_BIAS_EXPONENT),
    spec=specs,
)
def test_a_sum_equals_the_formula(
    acc: int,
    multiplier: float,
    scale_exponent: int,
    bias: int,
    bias_exponent: int,
    spec: TensorSpec,
) -> None:
    layer = PackedLayer(
        kind="linear",
        out_channels=1,
        output_scale=1.0,
        scale_exponent=scale_exponent,
        bias_exponent=bias_exponent,
        multipliers=np.array([multiplier], dtype=np.float16),
        biases=np.array([bias], dtype=np.int16),
    )
    (factor,) = stored([multiplier], scale_exponent)
    real = acc * factor + bias * Fraction(2) ** bias_exponent
    for largest in {abs(acc), 2**51 - 1}:  # in doubles where they suffice, and in any case in int64
        requantizer = Requantizer.of(layer, spec, largest)
        assert requantizer.apply(np.array([[float(acc)]])).tolist() == [[expected(real, spec)]]


@given(
    first=st.integers(-255, 255) | st.integers(-(2**19), 2**19),
    second=st.integers(-255, 255) | st.integers(-(2**19), 2**19),
    multipliers=st.tuples(float16s, float16s),
    scale_exponent=scale_exponents,
    spec=specs,
)
def test_an_add_equals_the_formula(
    first: int,
    second: int,
    multipliers: tuple[float, float],
    scale_exponent: int,
    spec: TensorSpec,
) -> None:
    layer = PackedLayer(
        kind="add",
        out_channels=1,
        output_scale=1.0,
        scale_exponent=scale_exponent,
        multipliers=np.array(multipliers, dtype=np.float16),
    )
    factors = stored(list(multipliers), scale_exponent)
    real = first * factors[0] + second * factors[1]
    for largest in {max(abs(first), abs(second)), 2**51 - 1}:
        requantizer = Requantizer.of(layer, spec, largest)
        result = requantizer.apply_add(np.array([[first]]), np.array([[second]]))
        assert result.tolist() == [[expected(real, spec)]]


def test_a_half_rounds_up_on_both_sides_of_zero() -> None:
    layer = PackedLayer(
        kind="global_avg_pool",
        out_channels=1,
        output_scale=1.0,
        multipliers=np.array([0.5], dtype=np.float16),
    )
    spec = TensorSpec(channels=1, height=1, width=1, bits=8, signed=True)
    halves = np.array([[-3, -1, 1, 3]])
    in_doubles, in_integers = (Requantizer.of(layer, spec, n) for n in (3, 2**51 - 1))
    assert in_doubles.doubles is not None
    assert in_integers.doubles is None
    for requantizer in (in_doubles, in_integers):
        assert requantizer.apply(halves).tolist() == [[-1, 0, 1, 2]]


@given(st.lists(float16s, min_size=1, max_size=30))
def test_float16_splits_exactly(values: list[float]) -> None:
    mantissas, exponents = split_float16(np.array(values, dtype=np.float16))
    back = [
        m * Fraction(2) ** e for m, e in zip(mantissas.tolist(), exponents.tolist(), strict=True)
    ]
    assert back == [Fraction(v) for v in values]
    assert np.abs(mantissas).max() < 2**11
    assert -24 <= exponents.min() <= exponents.max() <= 5
