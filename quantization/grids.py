"""Integer grids: which integers a tensor of a given width may hold."""

from collections.abc import Sequence
from typing import Final

from quantization.errors import BitwidthError

ALLOWED_BITS: Final[tuple[int, ...]] = (2, 3, 4, 5, 6, 7, 8)
"""Widths of weights and activations that quantizers and artifacts support."""


def check_bits(bits: int, allowed: Sequence[int] = ALLOWED_BITS) -> int:
    """Return ``bits`` unchanged if it is one of ``allowed``.

    Raises:
        BitwidthError: If it is not; the error names the allowed values.
    """
    if isinstance(bits, bool) or bits not in allowed:
        raise BitwidthError(bits, allowed)
    return int(bits)


def grid_limits(bits: int, *, signed: bool) -> tuple[int, int]:
    """Smallest and largest integer of a grid of ``2**bits`` levels.

    Args:
        bits: Width of the grid, at least 1.
        signed: Two's complement ``[-2**(bits-1), 2**(bits-1) - 1]`` if true, else
            ``[0, 2**bits - 1]``.

    Returns:
        ``(q_min, q_max)``.

    Example:
        >>> grid_limits(2, signed=True), grid_limits(2, signed=False)
        ((-2, 1), (0, 3))
    """
    return (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
