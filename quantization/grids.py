"""Integer grids: which integers a tensor of a given width may hold.

Three layouts, named by ``GridKind``:

- ``signed``: two's complement ``[-2**(b-1), 2**(b-1) - 1]``; at 1 bit there is no such grid with
  both signs, so a signed 1-bit grid is the odd one, {-1, 1}: the scaled sign.
- ``unsigned``: ``[0, 2**b - 1]``; with a zero point it stands for values of both signs.
- ``odd``: the ``2**b`` odd integers ``-(2**b - 1), ..., -1, 1, ..., 2**b - 1``, which have no zero
  (DoReFa and EWGS weights: ``2 * (level / (2**b - 1)) - 1``). Stored as the level 0 to 2**b - 1.

Width 32 stands for a tensor that is not quantized in the usual sense: the file holds it in 32 bits,
but only ``WIDE_MAX`` in magnitude, so that every sum of products is exact in 64-bit integers and in
doubles. That is 20 bits of precision, the error of which no decision of a network depends on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from quantization.errors import BitwidthError

GridKind = Literal["signed", "unsigned", "odd"]

WIDE_BITS: Final = 32
"""Width of tensors that are not searched."""

WIDE_MAX: Final = (1 << 19) - 1
"""Largest integer of a 32-bit grid; the smallest is its negative, or 0 when unsigned."""

ALLOWED_BITS: Final[tuple[int, ...]] = (1, 2, 3, 4, 5, 6, 7, 8, WIDE_BITS)
"""Widths of weights and activations that quantizers and artifacts support."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The integers ``q_min, q_min + stride, ..., q_max``.

    Attributes:
        q_min: Smallest integer.
        q_max: Largest integer.
        stride: Distance of neighbours: 2 on an odd grid, else 1.
    """

    q_min: int
    q_max: int
    stride: int = 1

    @property
    def magnitude(self) -> int:
        """Largest absolute value."""
        return max(-self.q_min, self.q_max)


def check_bits(bits: int, allowed: Sequence[int] = ALLOWED_BITS) -> int:
    """Return ``bits`` unchanged if it is one of ``allowed``.

    Raises:
        BitwidthError: If it is not; the error names the allowed values.
    """
    if isinstance(bits, bool) or bits not in allowed:
        raise BitwidthError(bits, allowed)
    return int(bits)


def grid(bits: int, kind: GridKind) -> Grid:
    """Return the grid of a width.

    Args:
        bits: 1 to 8, or 32.
        kind: Layout; see the head of this module.

    Raises:
        BitwidthError: If there is no such width.

    Example:
        >>> grid(2, "signed"), grid(2, "odd"), grid(1, "signed")
        (Grid(q_min=-2, q_max=1, stride=1), Grid(q_min=-3, q_max=3, stride=2), \
Grid(q_min=-1, q_max=1, stride=2))
    """
    check_bits(bits)
    if bits == WIDE_BITS:
        return Grid(0 if kind == "unsigned" else -WIDE_MAX, WIDE_MAX)
    if kind == "unsigned":
        return Grid(0, (1 << bits) - 1)
    if kind == "odd" or bits == 1:
        return Grid(1 - (1 << bits), (1 << bits) - 1, stride=2)
    return Grid(-(1 << (bits - 1)), (1 << (bits - 1)) - 1)


def grid_limits(bits: int, *, signed: bool) -> tuple[int, int]:
    """Smallest and largest integer of a signed or unsigned grid.

    Args:
        bits: Width of the grid.
        signed: Whether it is the signed grid.

    Returns:
        ``(q_min, q_max)``.

    Example:
        >>> grid_limits(2, signed=True), grid_limits(2, signed=False)
        ((-2, 1), (0, 3))
    """
    found = grid(bits, "signed" if signed else "unsigned")
    return found.q_min, found.q_max
