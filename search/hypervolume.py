"""Exact hypervolume on losses.

Sources:
    [While2006] While et al., "A faster algorithm for calculating hypervolume", IEEE TEVC 10(1):
        slicing objectives, here one at a time down to the two-dimensional sweep.
"""

from collections.abc import Sequence

from search.pareto import Losses


def hypervolume(points: Sequence[Losses], ref_point: Losses) -> float:
    """Return the volume dominated by ``points`` and bounded by ``ref_point``.

    Points that are not better than ``ref_point`` everywhere contribute nothing.

    Args:
        points: Losses, each of the length of ``ref_point``; order and dominated points are
            irrelevant.
        ref_point: The worst loss per objective.

    Example:
        >>> hypervolume([(0.0, 1.0), (1.0, 0.0)], (2.0, 2.0))
        3.0
    """
    inside = [p for p in points if all(x < r for x, r in zip(p, ref_point, strict=True))]
    if not inside:
        return 0.0
    if len(ref_point) == 1:
        return ref_point[0] - min(p[0] for p in inside)
    if len(ref_point) == 2:
        return _sweep(sorted(inside), ref_point)
    return _slice(sorted(inside, key=lambda p: p[-1]), ref_point)


def _sweep(by_first: Sequence[Losses], ref_point: Losses) -> float:
    """Add the strip that each point lowers the ceiling by, from left to right."""
    total, ceiling = 0.0, ref_point[1]
    for x, y in by_first:
        if y < ceiling:
            total += (ref_point[0] - x) * (ceiling - y)
            ceiling = y
    return total


def _slice(by_last: Sequence[Losses], ref_point: Losses) -> float:
    """Sum slabs along the last objective; within one, a front of one dimension less counts."""
    total = 0.0
    for i, point in enumerate(by_last):
        upper = by_last[i + 1][-1] if i + 1 < len(by_last) else ref_point[-1]
        depth = upper - point[-1]
        if depth > 0:
            below = [p[:-1] for p in by_last[: i + 1]]
            total += depth * hypervolume(below, ref_point[:-1])
    return total
