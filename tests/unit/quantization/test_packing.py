"""Bit packing loses nothing and has exactly the layout its documentation states."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantization.grids import grid
from quantization.packing import PACKABLE_BITS, pack_rows, packed_size, unpack_rows

Rows = tuple[np.ndarray, np.ndarray, bool]


@st.composite
def rows(draw: st.DrawFn) -> Rows:
    """Integers ``(O, n)``, the width of each row, and whether grids are odd."""
    odd = draw(st.booleans())
    widths = draw(st.lists(st.sampled_from(PACKABLE_BITS), min_size=1, max_size=9))
    length = draw(st.integers(0, 12))
    values = []
    for width in widths:
        limits = grid(width, "odd" if odd else "signed")
        levels = st.sampled_from(range(limits.q_min, limits.q_max + 1, limits.stride))
        values.append(draw(st.lists(levels, min_size=length, max_size=length)))
    shape = (len(widths), length)
    return np.array(values, dtype=np.int64).reshape(shape), np.array(widths, np.uint8), odd


@given(rows())
def test_unpacking_returns_what_was_packed(drawn: Rows) -> None:
    values, widths, odd = drawn
    packed = pack_rows(values, widths, odd=odd)
    assert len(packed) == packed_size(values.shape[1], widths)
    np.testing.assert_array_equal(unpack_rows(packed, values.shape[1], widths, odd=odd), values)


@given(rows())
def test_layout_is_lsb_first_without_gaps(drawn: Rows) -> None:
    values, widths, odd = drawn
    stream = place = 0
    for row, width in zip(values.tolist(), widths.tolist(), strict=True):
        for value in row:
            level = odd or width == 1
            code = (value + 2**width - 1) // 2 if level else value % 2**width
            stream |= code << place
            place += width
    expected = stream.to_bytes((place + 7) // 8, "little")
    assert pack_rows(values, widths, odd=odd) == expected


@pytest.mark.parametrize("odd", [False, True])
def test_chunks_join_without_seam(odd: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quantization.packing._CHUNK", 1 << 7)
    rng = np.random.default_rng(0)
    widths = rng.integers(1, 9, 50).astype(np.uint8)
    grids = [grid(int(w), "odd" if odd else "signed") for w in widths]
    values = np.array([rng.choice(range(g.q_min, g.q_max + 1, g.stride), 301) for g in grids])
    packed = pack_rows(values, widths, odd=odd)
    np.testing.assert_array_equal(unpack_rows(packed, 301, widths, odd=odd), values)


@pytest.mark.parametrize(
    ("values", "width", "odd"),
    [
        ([[4, -1]], 3, False),
        ([[-5]], 3, False),
        ([[2**32]], 3, False),
        ([[0]], 1, False),
        ([[0]], 3, True),
        ([[9]], 3, True),
        ([[-9]], 3, True),
        ([[256]], 8, True),
    ],
)
def test_values_off_their_grid_are_refused(values: list[list[int]], width: int, odd: bool) -> None:
    with pytest.raises(ValueError, match="not all on the grid"):
        pack_rows(np.array(values), np.array([width], np.uint8), odd=odd)


def test_too_few_bytes_are_refused() -> None:
    with pytest.raises(ValueError, match="1 bytes are fewer than 2"):
        unpack_rows(b"\0", 3, np.array([3], np.uint8))
