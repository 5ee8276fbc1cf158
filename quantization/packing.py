"""Bit packing: rows of integers of 1 to 8 bits, LSB first, without gaps.

The stream holds one code after the other, each in the width of its row; bit ``j`` of the stream is
bit ``j % 8`` of byte ``j // 8``. Unused bits of the last byte are zero, so that equal values always
give equal bytes. The code of an integer is its two's complement on a signed grid and its level
0, 1, ... on an odd one; the signed grid of one bit, {-1, 1}, is an odd one.
"""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

PACKABLE_BITS: Final[tuple[int, ...]] = (1, 2, 3, 4, 5, 6, 7, 8)

_CHUNK: Final = 1 << 17
"""Values handled at a time, to bound memory to some 40 bytes for each."""

Widths = NDArray[np.uint8]
"""Width of each row, 1 to 8, ``(O,)``."""


def packed_size(row_length: int, widths: Widths) -> int:
    """Bytes of ``(O, row_length)`` values: ``ceil(sum(row_length * widths) / 8)``."""
    return (row_length * int(widths.sum(dtype=np.int64)) + 7) // 8


def pack_rows(values: NDArray[Any], widths: Widths, *, odd: bool = False) -> bytes:
    """Pack integers.

    Args:
        values: Integers, each of the grid of its row's width, ``(O, n)``.
        widths: Width of each row, ``(O,)``.
        odd: Whether the grids are odd ones; else they are signed.

    Returns:
        ``packed_size(n, widths)`` bytes.

    Raises:
        ValueError: If a value is not on its row's grid.

    Example:
        >>> pack_rows(np.array([[1, -1, 0, 2]]), np.array([3], dtype=np.uint8)).hex()
        '3904'
    """
    flat = values.reshape(-1)
    pieces = [np.zeros(0, dtype=np.uint8)]
    for chunk, each, used, _ in _chunks(values.shape[1], widths):
        codes = _encode(flat[chunk], each, odd=odd)
        pieces.append(np.unpackbits(codes[:, None], axis=1, bitorder="little")[used])
    return np.packbits(np.concatenate(pieces), bitorder="little").tobytes()


def unpack_rows(
    packed: bytes | memoryview, row_length: int, widths: Widths, *, odd: bool = False
) -> NDArray[Any]:
    """Undo ``pack_rows``.

    Args:
        packed: At least ``packed_size(row_length, widths)`` bytes; the rest is ignored.
        row_length: Values of one row.
        widths: Width of each row, ``(O,)``.
        odd: As for ``pack_rows``.

    Returns:
        The integers, ``(O, row_length)``, in the narrowest type that holds the grid.

    Raises:
        ValueError: If ``packed`` is too short.
    """
    if len(packed) < packed_size(row_length, widths):
        raise ValueError(f"{len(packed)} bytes are fewer than {packed_size(row_length, widths)}")
    data = np.frombuffer(packed, dtype=np.uint8)
    needs_more = odd and int(widths.max(initial=0)) == 8  # -255 to 255
    values = np.empty(len(widths) * row_length, dtype=np.int16 if needs_more else np.int8)
    for chunk, each, used, start in _chunks(row_length, widths):
        end = start + int(each.sum(dtype=np.int64))
        stream = np.unpackbits(data[start // 8 : (end + 7) // 8], bitorder="little")
        bits = np.zeros(used.shape, dtype=np.uint8)
        bits[used] = stream[start % 8 : start % 8 + end - start]
        codes = np.packbits(bits, axis=1, bitorder="little")[:, 0]
        values[chunk] = _decode(codes, each, odd=odd)
    return values.reshape(len(widths), row_length)


def _chunks(
    row_length: int, widths: Widths
) -> Iterator[tuple[slice, Widths, NDArray[np.bool_], int]]:
    """Slices of the flattened rows ``(m,)``, widths ``(m,)``, bits in use ``(m, 8)``, first bit."""
    first_bit = 0
    total = row_length * len(widths)
    for start in range(0, total, _CHUNK):
        stop = min(start + _CHUNK, total)
        each = widths[np.arange(start, stop) // row_length]
        used = np.arange(8, dtype=np.uint8) < each[:, None]
        yield slice(start, stop), each, used, first_bit
        first_bit += int(each.sum(dtype=np.int64))


def _encode(values: NDArray[Any], widths: Widths, *, odd: bool) -> NDArray[np.uint8]:
    values = values.astype(np.int64)
    levels = np.int64(1) << widths.astype(np.int64)
    codes = np.where(odd | (widths == 1), (values + levels - 1) >> 1, values)
    stored: NDArray[np.uint8] = (codes & (levels - 1)).astype(np.uint8)
    if not np.array_equal(_decode(stored, widths, odd=odd), values):
        detail = f"values {values.min()}..{values.max()} are not all on the grid of their width"
        raise ValueError(detail)
    return stored


def _decode(codes: NDArray[np.uint8], widths: Widths, *, odd: bool) -> NDArray[np.int16]:
    wide = codes.astype(np.int16)
    levels = np.int16(1) << widths.astype(np.int16)
    as_level = 2 * wide - (levels - 1)
    as_complement = np.where(wide >= levels >> 1, wide - levels, wide)
    chosen: NDArray[np.int16] = np.where(odd | (widths == 1), as_level, as_complement)
    return chosen
