"""Tables of measured layers, interpolated as they say."""

import math

import numpy as np
import pytest

from search_space.hardware.estimate import LayerEstimate, layer_estimates, violations
from search_space.hardware.reader import read_profile
from search_space.layers import Layer, LayerList

HEAD = """\
schema: 1
name: table
cost:
  model: lookup
  interpolation: {method: METHOD, over: [OVER], outside: OUTSIDE}
"""
BY_MACS = """\
  columns: [kind, kernel, weight_bits, activation_bits, macs, time, energy]
  table:
    - [conv, 1, 8, 8, 6400, 800, 10]
    - [conv, 1, 8, 8, 100, 50, 1]
    - [conv, 1, 8, 8, 1600, 100, 4]
    - [conv, 3, 8, 8, 1600, 9000, 90]
    - [conv, 1, 4, 8, 1600, 60, 3]
"""


def table(method: str, outside: str, over: str = "macs", rows: str = BY_MACS) -> str:
    return HEAD.replace("METHOD", method).replace("OUTSIDE", outside).replace("OVER", over) + rows


def one_layer(macs: int, *, kernel: int = 1, bits: int = 8) -> LayerList:
    """A convolution with so many multiply-accumulates: 1x1 images, one channel in."""
    return (
        Layer(name="input", kind="input", inputs=(), out_channels=1, out_height=1, out_width=1),
        Layer(
            name="conv",
            kind="conv",
            inputs=(0,),
            out_channels=macs // kernel**2,
            out_height=1,
            out_width=1,
            kernel=kernel,
            weight_bits=bits,
        ),
    )


def estimate(text: str, layers: LayerList) -> LayerEstimate:
    (found,) = layer_estimates(layers, read_profile(text))
    return found


@pytest.mark.parametrize("macs", [100, 137, 400, 1600, 1601, 5000, 6400])
def test_log_linear_is_numpys_interpolation_of_logs(macs: int) -> None:
    found = estimate(table("log_linear", "refuse"), one_layer(macs))
    known = np.log([100, 1600, 6400])
    time = np.exp(np.interp(math.log(macs), known, np.log([50, 100, 800])))
    energy = np.exp(np.interp(math.log(macs), known, np.log([1, 4, 10])))
    assert found.time_ms * 1e6 == pytest.approx(time)
    assert found.energy_uj * 1e6 == pytest.approx(energy)
    assert not found.extrapolated


def test_beyond_the_rows_as_stated() -> None:
    near, far = one_layer(50), one_layer(12800)
    linear = table("log_linear", "linear")
    # from 1600 to 6400 time grows eightfold: with the power 1.5
    assert estimate(linear, far).time_ms * 1e6 == pytest.approx(800 * 2**1.5)
    # from 100 to 1600 it doubles: with the power 1/4
    assert estimate(linear, near).time_ms * 1e6 == pytest.approx(50 / 2**0.25)
    clamped = table("log_linear", "nearest")
    assert estimate(clamped, far).time_ms * 1e6 == pytest.approx(800)
    assert estimate(clamped, near).time_ms * 1e6 == pytest.approx(50)
    for text in (linear, clamped):
        assert estimate(text, far).extrapolated
        assert estimate(text, near).extrapolated
    refused = table("log_linear", "refuse")
    assert math.isinf(estimate(refused, far).time_ms)
    assert [v.code for v in violations(far, read_profile(refused))] == ["outside_table"]
    assert violations(one_layer(200), read_profile(refused)) == []


def test_one_row_is_scaled_in_proportion() -> None:
    found = estimate(table("log_linear", "linear"), one_layer(3200, bits=4))
    assert found.time_ms * 1e6 == pytest.approx(120)
    assert found.extrapolated


def test_only_rows_of_the_same_kernel_and_widths_count() -> None:
    text = table("nearest", "nearest")
    assert estimate(text, one_layer(1602, kernel=3)).time_ms * 1e6 == pytest.approx(9000)
    assert estimate(text, one_layer(10, bits=4)).time_ms * 1e6 == pytest.approx(60)
    other = one_layer(25, kernel=5)
    assert math.isinf(estimate(text, other).time_ms)
    assert [v.code for v in violations(other, read_profile(text))] == ["outside_table"]


def test_nearest_is_the_least_distance_in_logs() -> None:
    rows = """\
  columns: [kind, weight_bits, activation_bits, in_channels, out_channels, time]
  table:
    - [conv, 8, 8, 1, 16, 1]
    - [conv, 8, 8, 1, 256, 2]
    - [conv, 8, 8, 64, 64, 3]
"""
    text = table("nearest", "nearest", "in_channels, out_channels", rows)
    times = {n: estimate(text, one_layer(n)).time_ms * 1e6 for n in (4, 16, 60, 70, 1000)}
    assert times == pytest.approx({4: 1, 16: 1, 60: 1, 70: 2, 1000: 2})
    assert estimate(text, one_layer(1000)).extrapolated
    assert not estimate(text, one_layer(70)).extrapolated


def test_far_from_the_rows_numbers_end_without_an_error() -> None:
    rows = """\
  columns: [kind, weight_bits, activation_bits, macs, time]
  table:
    - [conv, 8, 8, 1000, 1e-12]
    - [conv, 8, 8, 1001, 1e15]
"""
    found = estimate(table("log_linear", "linear", rows=rows), one_layer(4000))
    assert math.isinf(found.time_ms)
