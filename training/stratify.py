"""Stratified splits that never change: every class has its share in every split."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

SPLIT_SEED: Final = 20_240_229
"""One constant for all data sets: the validation images are the same in every search, so that
accuracies of different searches can be compared."""


def stratified_split(
    labels: NDArray[np.int64], sizes: Sequence[int], *, seed: int = SPLIT_SEED
) -> list[NDArray[np.int64]]:
    """Deal indices into disjoint splits whose class shares differ by at most about one image.

    Each class is shuffled, then spread evenly over the unit interval; a split is a run of the
    merged order, so it meets every class in proportion.

    Args:
        labels: Class of each image, ``(N,)``.
        sizes: Images per split; their sum is at most ``N``.
        seed: Of the shuffle.

    Returns:
        One ascending index array per split.
    """
    rng = np.random.default_rng(seed)
    position = np.empty(len(labels), dtype=np.float64)
    for label in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == label))
        position[members] = (np.arange(len(members)) + 0.5) / len(members)
    order = np.argsort(position, kind="stable")
    ends = np.cumsum([0, *sizes])
    if ends[-1] > len(labels):
        raise ValueError(f"{ends[-1]} images asked for, {len(labels)} there")
    return [np.sort(order[a:b]) for a, b in pairwise(ends)]
