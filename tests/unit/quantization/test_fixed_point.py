"""Stored multipliers and biases are as close to the real ones as the format promises."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantization.errors import FixedPointError
from quantization.fixed_point import (
    MAX_BIAS_EXPONENT,
    MAX_SCALE_EXPONENT,
    MIN_BIAS_EXPONENT,
    MIN_SCALE_EXPONENT,
    split_biases,
    split_multipliers,
    to_fixed_point,
)

multipliers = st.lists(
    st.floats(min_value=-(2.0**26), max_value=2.0**26, allow_subnormal=False), max_size=20
)
biases = st.lists(st.floats(min_value=-(2.0**38), max_value=2.0**38), max_size=20)


@given(multipliers)
def test_multipliers_keep_eleven_bits_over_28_powers_of_two(values: list[float]) -> None:
    stored, exponent = split_multipliers(values)
    assert stored.dtype == np.float16
    assert stored.shape == (len(values),)
    assert np.isfinite(stored).all()
    assert MIN_SCALE_EXPONENT <= exponent <= MAX_SCALE_EXPONENT
    real = np.array(values)
    back = np.ldexp(stored.astype(np.float64), exponent)
    smallest_normal = 2.0 ** (exponent - 14)
    bound = np.maximum(np.abs(real), smallest_normal) * 2.0**-11
    assert (np.abs(back - real) <= bound).all()
    largest = np.abs(real).max(initial=0.0)
    if largest >= 2.0 ** (MIN_SCALE_EXPONENT + 14):
        assert 2.0**14 <= np.abs(stored).max() <= 2.0**15


@given(biases)
def test_biases_keep_fifteen_bits_of_the_largest(values: list[float]) -> None:
    stored, exponent = split_biases(values)
    assert stored.dtype == np.int16
    assert stored.shape == (len(values),)
    assert MIN_BIAS_EXPONENT <= exponent <= MAX_BIAS_EXPONENT
    back = np.ldexp(stored.astype(np.float64), exponent)
    largest = np.abs(np.array(values)).max(initial=0.0)
    bound = max(largest * 2.0**-14, 2.0 ** (MIN_BIAS_EXPONENT - 1))
    assert (np.abs(back - np.array(values)) <= bound).all()


def test_exact_numbers_stay_exact() -> None:
    fixed = to_fixed_point([0.5, -0.375, 0.0], [100.0, -3.5, 0.0])
    np.testing.assert_array_equal(
        np.ldexp(fixed.multipliers.astype(float), fixed.scale_exponent), [0.5, -0.375, 0.0]
    )
    np.testing.assert_array_equal(
        np.ldexp(fixed.biases.astype(float), fixed.bias_exponent), [100.0, -3.5, 0.0]
    )


def test_nothing_and_zeros_have_exponent_zero() -> None:
    assert split_multipliers([])[1] == split_multipliers([0.0])[1] == 0
    assert split_biases([])[1] == split_biases([0.0, 0.0])[1] == 0


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 2.0**27])
def test_a_diverged_multiplier_is_a_typed_error(value: float) -> None:
    with pytest.raises(FixedPointError) as caught:
        to_fixed_point([1.0, value])
    assert caught.value.what == "multiplier"


def test_a_diverged_bias_is_a_typed_error() -> None:
    with pytest.raises(FixedPointError) as caught:
        to_fixed_point([1.0], [-(2.0**39)])
    assert caught.value.what == "bias"
    assert caught.value.value == 2.0**39
