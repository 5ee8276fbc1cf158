"""Costs of layers from a table of measured ones."""

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Final

from search_space.hardware.profile import Key, Lookup, MacKind, Measured, Pair

_MOST_EXPONENT: Final = 1000.0
"""Far from the rows, numbers end."""


def look_up(
    table: Lookup,
    kind: MacKind,
    pair: Pair,
    *,
    kernel: int,
    stride: int,
    numbers: Mapping[Key, int],
) -> tuple[float, float, bool]:
    """Return the cost of a layer that multiplies, as the table's rule says.

    Args:
        table: The table.
        kind: Of the layer.
        pair: Bits of its weights and of what it reads.
        kernel: Of the layer.
        stride: Of the layer.
        numbers: Those of the layer that the table may be interpolated over.

    Returns:
        Nanoseconds, picojoules, and whether the layer lies beyond the rows of its group. Infinite
        where there is no such group, or where the table refuses what lies beyond.
    """
    group = (pair, kernel if table.has_kernel else None, stride if table.has_stride else None)
    rows = table.groups.get(kind, {}).get(group, ())
    if not rows:
        return math.inf, math.inf, False
    at = tuple(math.log2(numbers[key]) for key in table.over)
    outside = _is_outside(at, rows)
    if outside and table.outside == "refuse":
        return math.inf, math.inf, True
    if table.method == "nearest" or (outside and table.outside == "nearest"):
        row = min(rows, key=lambda measured: (math.dist(measured.keys, at), measured.keys))
        return row.time_ns, row.energy_pj, outside
    return (*_along(at[0], rows), outside)


def _is_outside(at: tuple[float, ...], rows: Sequence[Measured]) -> bool:
    """Whether some key is less or more than that of every row."""
    columns = zip(*(row.keys for row in rows), strict=True)
    return any(
        not min(column) <= key <= max(column) for key, column in zip(at, columns, strict=True)
    )


def _along(at: float, rows: Sequence[Measured]) -> tuple[float, float]:
    """Return the costs on the line through two neighbouring rows, in log of key and of cost."""
    if len(rows) == 1:
        (row,) = rows
        factor = 2.0 ** (at - row.keys[0])  # in proportion
        return row.time_ns * factor, row.energy_pj * factor
    after = bisect_left(rows, at, lo=1, hi=len(rows) - 1, key=lambda row: row.keys[0])
    low, high = rows[after - 1], rows[after]
    share = (at - low.keys[0]) / (high.keys[0] - low.keys[0])

    def between(first: float, second: float) -> float:
        if not first:  # a table has either no energies or all of them
            return 0.0
        exponent = math.log2(first) + share * math.log2(second / first)
        return 2.0**exponent if exponent < _MOST_EXPONENT else math.inf

    return between(low.time_ns, high.time_ns), between(low.energy_pj, high.energy_pj)
