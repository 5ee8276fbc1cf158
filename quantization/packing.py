"""Bit packing: integers of 1 to 8 bits, LSB first, without gaps.

Value ``k`` occupies bits ``k*bits`` to ``(k+1)*bits - 1`` of the stream; bit ``j`` of the stream is
bit ``j % 8`` of byte ``j // 8``. Negative values are two's complement. Unused bits of the last byte
are zero, so that equal values always give equal bytes.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from quantization.grids import check_bits, grid_limits

PACKABLE_BITS: Final[tuple[int, ...]] = (1, 2, 3, 4, 5, 6, 7, 8)

_CHUNK: Final = 1 << 20
"""Values unpacked at a time, to bound memory; a multiple of 8, so every chunk starts on a byte."""


def packed_size(count: int, bits: int) -> int:
    """Bytes that ``count`` values of ``bits`` bits occupy: ``ceil(count * bits / 8)``."""
    return (count * bits + 7) // 8


def pack_bits(values: NDArray[Any], bits: int) -> bytes:
    """Pack integers, read in C order, into ``packed_size(values.size, bits)`` bytes.

    Args:
        values: Integers of any shape ``(...)``, all inside the signed or all inside the unsigned
            grid of ``bits`` bits.
        bits: Width of one value, 1 to 8.

    Returns:
        The packed bytes.

    Raises:
        BitwidthError: If ``bits`` is outside 1 to 8.
        ValueError: If a value does not fit into ``bits`` bits.

    Example:
        >>> pack_bits(np.array([1, -1, 0, 2]), 3).hex()
        '3904'
    """
    check_bits(bits, PACKABLE_BITS)
    if values.size == 0:
        return b""
    low, high = int(values.min()), int(values.max())
    q_min, q_max = grid_limits(bits, signed=low < 0)
    if low < q_min or high > q_max:
        raise ValueError(f"values {low}..{high} do not fit into {bits} bits")
    pieces = values.astype(np.uint8, casting="unsafe").reshape(-1, 1)  # (n, 1), two's complement
    stream = np.unpackbits(pieces, axis=1, bitorder="little")[:, :bits]  # (n, bits)
    return np.packbits(stream, bitorder="little").tobytes()


def unpack_bits(
    packed: bytes | memoryview, count: int, bits: int, *, signed: bool
) -> NDArray[np.int16]:
    """Undo ``pack_bits``.

    Args:
        packed: At least ``packed_size(count, bits)`` bytes; the rest is ignored.
        count: Number of values.
        bits: Width of one value, 1 to 8.
        signed: Whether the values are two's complement.

    Returns:
        The values, ``(count,)``.

    Raises:
        BitwidthError: If ``bits`` is outside 1 to 8.
        ValueError: If ``packed`` is too short.
    """
    check_bits(bits, PACKABLE_BITS)
    if len(packed) < packed_size(count, bits):
        raise ValueError(f"{len(packed)} bytes hold fewer than {count} values of {bits} bits")
    data = np.frombuffer(packed, dtype=np.uint8)
    values = np.empty(count, dtype=np.int16)
    for start in range(0, count, _CHUNK):
        n = min(_CHUNK, count - start)
        first = start * bits // 8
        piece = data[first : first + packed_size(n, bits)]
        stream = np.unpackbits(piece, bitorder="little", count=n * bits).reshape(n, bits)
        values[start : start + n] = np.packbits(stream, axis=1, bitorder="little")[:, 0]
    if signed:
        sign = np.int16(1 << (bits - 1))
        values ^= sign  # in place: a large layer's values exist once
        values -= sign
    return values
