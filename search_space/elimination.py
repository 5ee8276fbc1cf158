"""Minimizes, maximizes or sums over all choices by taking out one gene at a time.

Tables say how a total depends on a few genes each. The genes are taken out in turn: the tables that
depend on one are combined, and the gene's axis is reduced. The cost is that of the largest table
that arises, not of the number of assignments.

Sources:
    [Dechter1999] R. Dechter, "Bucket elimination: a unifying framework for reasoning", Artificial
    Intelligence 113 (1999).
"""

import math
from collections.abc import Iterable, Sequence
from functools import reduce
from typing import Any

import numpy as np

from search_space.errors import TooWideError
from search_space.table_assembly import MOST_ENTRIES, Table, joint_shape


def eliminate(
    tables: Iterable[Table], combine: np.ufunc, over: np.ufunc
) -> tuple[Any, list[tuple[int, Table]]]:
    """Return ``over`` of all choices of the combination of all tables.

    Args:
        tables: At least one; all have the same number of axes.
        combine: ``np.add``, ``np.multiply`` or ``np.maximum``.
        over: ``np.minimum``, ``np.maximum`` or ``np.add``, over which ``combine`` distributes.

    Returns:
        The value, and for each axis in the order of elimination the table it was reduced in.

    Raises:
        TooWideError: If a table would become too large.
    """
    # of no axis at all NumPy would return Python's own numbers, where these are in the tables
    left = _merged([np.atleast_1d(table) for table in tables], combine)
    axes = {axis for axis, length in enumerate(joint_shape(left)) if length > 1}
    buckets: list[tuple[int, Table]] = []
    while axes:
        axis = min(axes, key=lambda a: math.prod(joint_shape(_depending(left, a))))
        axes.remove(axis)
        depending = _depending(left, axis)
        if math.prod(joint_shape(depending)) > MOST_ENTRIES:
            raise TooWideError
        bucket = reduce(combine, depending)
        buckets.append((axis, bucket))
        rest = [table for table in left if table.shape[axis] == 1]
        left = _merged([*rest, over.reduce(bucket, axis=axis, keepdims=True)], combine)
    return reduce(combine, left).item(), buckets


def best_places(buckets: Sequence[tuple[int, Table]], n_axes: int, over: np.ufunc) -> list[int]:
    """Return a choice of each axis that attains the value of ``eliminate``; 0 where any does.

    Args:
        buckets: Of ``eliminate``.
        n_axes: Of the tables.
        over: ``np.minimum`` or ``np.maximum``.
    """
    places = [0] * n_axes
    best = np.argmin if over is np.minimum else np.argmax
    for axis, bucket in reversed(buckets):
        index: list[int | slice] = [
            place if length > 1 else 0 for place, length in zip(places, bucket.shape, strict=True)
        ]
        index[axis] = slice(None)
        places[axis] = int(best(bucket[tuple(index)]))
    return places


def _merged(tables: Iterable[Table], combine: np.ufunc) -> list[Table]:
    """Return one table for all that depend on the same genes."""
    merged: dict[tuple[int, ...], Table] = {}
    for table in tables:
        before = merged.get(table.shape)
        merged[table.shape] = table if before is None else combine(before, table)
    return list(merged.values())


def _depending(tables: Iterable[Table], axis: int) -> list[Table]:
    return [table for table in tables if table.shape[axis] > 1]
