"""Dominance, fronts, hypervolume and intervals."""

import itertools
import math

import pytest
import torch
from botorch.utils.multi_objective.hypervolume import Hypervolume
from hypothesis import given
from hypothesis import strategies as st

from search.hypervolume import hypervolume
from search.pareto import dominates, insert, losses, non_dominated
from search_space.intervals import wilson_interval

coordinate = st.integers(0, 6).map(float)


def points(n_objectives: int) -> st.SearchStrategy[list[tuple[float, ...]]]:
    return st.lists(st.tuples(*[coordinate] * n_objectives), max_size=8)


def brute_force_front(found: list[tuple[float, ...]]) -> set[tuple[float, ...]]:
    return {
        p
        for p in found
        if not any(q != p and all(a <= b for a, b in zip(q, p, strict=True)) for q in found)
    }


def unit_cells(found: list[tuple[float, ...]], ref: int, n_objectives: int) -> float:
    """Count unit cells of the integer grid that some point dominates."""
    cells = itertools.product(range(ref), repeat=n_objectives)
    return float(
        sum(any(all(p <= c for p, c in zip(q, cell, strict=True)) for q in found) for cell in cells)
    )


def test_losses_turn_utilities_round_and_measure_sizes_in_doublings() -> None:
    values = {"accuracy": 0.9, "size_bytes": 1024}
    assert losses(values, ("accuracy", "size_bytes")) == (-0.9, 10.0)


def test_dominance_needs_one_strict_improvement() -> None:
    assert dominates((1.0, 2.0), (1.0, 3.0))
    assert not dominates((1.0, 2.0), (1.0, 2.0))
    assert not dominates((0.0, 3.0), (1.0, 2.0))


@given(points(2))
def test_non_dominated_equals_the_definition(found: list[tuple[float, ...]]) -> None:
    named = {str(i): p for i, p in enumerate(found)}
    front = [named[key] for key in non_dominated(named)]
    assert set(front) == brute_force_front(found)
    assert len(front) == len(set(front))


def test_of_two_equal_points_the_earlier_stays() -> None:
    change = insert({"first": (1.0, 1.0)}, (1.0, 1.0))
    assert not change.added
    assert change.removed == ()


@pytest.mark.parametrize("n_objectives", [1, 2, 3])
@given(data=st.data())
def test_hypervolume_counts_the_dominated_cells(n_objectives: int, data: st.DataObject) -> None:
    found = data.draw(points(n_objectives))
    reference = (6.0,) * n_objectives
    assert hypervolume(found, reference) == unit_cells(found, 6, n_objectives)


@given(points(3), st.randoms())
def test_hypervolume_ignores_order_and_dominated_points(
    found: list[tuple[float, ...]], random: object
) -> None:
    reference = (6.0, 6.0, 6.0)
    volume = hypervolume(found, reference)
    assert hypervolume(sorted(found, reverse=True), reference) == volume
    assert hypervolume([*found, *[tuple(x + 1 for x in p) for p in found]], reference) == volume


@given(points(2), st.tuples(coordinate, coordinate))
def test_hypervolume_never_shrinks_with_a_new_point(
    found: list[tuple[float, ...]], new: tuple[float, float]
) -> None:
    assert hypervolume([*found, new], (6.0, 6.0)) >= hypervolume(found, (6.0, 6.0))


@given(points(3))
def test_hypervolume_equals_botorch(found: list[tuple[float, ...]]) -> None:
    reference = torch.tensor([-6.0, -6.0, -6.0], dtype=torch.float64)
    front = list(brute_force_front(found))
    theirs = 0.0
    if front:
        utilities = -torch.tensor(front, dtype=torch.float64)
        theirs = Hypervolume(ref_point=reference).compute(utilities)
    assert hypervolume(found, (6.0, 6.0, 6.0)) == pytest.approx(theirs)


def test_wilson_interval_solves_the_score_equation() -> None:
    # its borders p are where |hits/n - p| = z * sqrt(p (1 - p) / n)
    for border in wilson_interval(0.97, 100):
        distance = abs(0.97 - border)
        assert distance == pytest.approx(1.959963984540054 * math.sqrt(border * (1 - border) / 100))


def test_wilson_interval_stays_inside_the_unit_interval() -> None:
    assert wilson_interval(1.0, 10)[1] == 1.0
    assert wilson_interval(0.0, 10)[0] == 0.0
    assert wilson_interval(1.0, 10)[0] < 1.0
