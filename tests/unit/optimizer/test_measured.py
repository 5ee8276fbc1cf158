"""Ranks and crowding distances, held against pymoo's."""

import numpy as np
import pytest
from pymoo.operators.survival.rank_and_crowding.metrics import calc_crowding_distance
from pymoo.util.nds.non_dominated_sorting import NonDominatedSorting

from optimizer.measured import crowding, ranked, undominated


@pytest.mark.parametrize("m", [2, 3])
def test_fronts_and_crowding_are_those_of_pymoo(m: int) -> None:
    losses = np.random.default_rng(m).random((60, m))
    fronts = NonDominatedSorting().do(losses)
    found = ranked(losses, 60)
    assert [set(f.tolist()) for f in found] == [set(f.tolist()) for f in fronts]
    first = losses[found[0]]
    theirs = calc_crowding_distance(first) * m
    assert np.allclose(crowding(first), theirs)


def test_equal_points_share_a_front_and_sorting_ends_with_enough() -> None:
    losses = np.array([[1.0, 1.0], [0.0, 2.0], [1.0, 1.0], [2.0, 2.0], [0.5, 2.0]])
    assert undominated(losses).tolist() == [0, 1, 2]
    assert [f.tolist() for f in ranked(losses, 3)] == [[0, 1, 2]]
    assert [f.tolist() for f in ranked(losses, 5)] == [[0, 1, 2], [4], [3]]


def test_a_front_of_equal_losses_is_not_crowded_by_division() -> None:
    assert crowding(np.ones((3, 2))).tolist() == [np.inf, 0.0, np.inf]
