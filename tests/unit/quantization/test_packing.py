"""Bit packing loses nothing and has exactly the layout its documentation states."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantization.errors import BitwidthError
from quantization.grids import grid_limits
from quantization.packing import PACKABLE_BITS, pack_bits, packed_size, unpack_bits


@st.composite
def grids(draw: st.DrawFn) -> tuple[np.ndarray, int, bool]:
    bits, signed = draw(st.sampled_from(PACKABLE_BITS)), draw(st.booleans())
    low, high = grid_limits(bits, signed=signed)
    values = draw(st.lists(st.integers(low, high), max_size=200))
    return np.array(values, dtype=np.int64), bits, signed


@given(grids())
def test_unpacking_returns_what_was_packed(grid: tuple[np.ndarray, int, bool]) -> None:
    values, bits, signed = grid
    packed = pack_bits(values, bits)
    assert len(packed) == packed_size(values.size, bits)
    np.testing.assert_array_equal(unpack_bits(packed, values.size, bits, signed=signed), values)


@given(grids())
def test_layout_is_lsb_first_without_gaps(grid: tuple[np.ndarray, int, bool]) -> None:
    values, bits, _ = grid
    stream = sum((int(v) % 2**bits) << (k * bits) for k, v in enumerate(values))
    expected = stream.to_bytes(packed_size(values.size, bits), "little")
    assert pack_bits(values, bits) == expected


def test_chunks_join_without_seam() -> None:
    values = np.random.default_rng(0).integers(-4, 4, (1 << 20) + 1001)
    np.testing.assert_array_equal(
        unpack_bits(pack_bits(values, 3), values.size, 3, signed=True), values
    )


@pytest.mark.parametrize("bits", [0, 9, -1, 32, True])
def test_other_widths_are_refused_by_name(bits: int) -> None:
    with pytest.raises(BitwidthError) as caught:
        pack_bits(np.zeros(3, dtype=np.int8), bits)
    assert caught.value.allowed == PACKABLE_BITS
    with pytest.raises(BitwidthError):
        unpack_bits(b"", 0, bits, signed=True)


@pytest.mark.parametrize("values", [[4, -1], [-5], [8]])
def test_values_that_do_not_fit_are_refused(values: list[int]) -> None:
    with pytest.raises(ValueError, match="do not fit"):
        pack_bits(np.array(values), 3)


def test_too_few_bytes_are_refused() -> None:
    with pytest.raises(ValueError, match="fewer than 3 values"):
        unpack_bits(b"\0", 3, 3, signed=False)
