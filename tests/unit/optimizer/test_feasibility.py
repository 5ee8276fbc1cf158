import pytest
import torch

from optimizer.feasibility import probability_of_success

DOUBLE = torch.float64
NONE = torch.empty((0, 20), dtype=DOUBLE)


def _at(value: float, n: int = 1) -> torch.Tensor:
    return torch.full((n, 20), value, dtype=DOUBLE)


def test_without_failures_everything_is_feasible() -> None:
    assert (probability_of_success(_at(0.4, 3), _at(0.5), NONE) == 1).all()


def test_on_a_failure_it_is_a_half_and_falls_with_each_further_one() -> None:
    values = [probability_of_success(_at(0.5), NONE, _at(0.5, n)).item() for n in (1, 2, 5)]
    assert values == pytest.approx([1 / 2, 1 / 3, 1 / 6])


def test_it_rises_with_the_distance_from_failures_and_nearness_to_successes() -> None:
    x = torch.cat([_at(0.1), _at(0.3), _at(0.9)])
    alone = probability_of_success(x, NONE, _at(0.1, 3))
    assert (alone.diff() > 0).all()
    assert alone[-1] == pytest.approx(1, abs=1e-3)
    assert (probability_of_success(x, _at(0.3), _at(0.1, 3)) >= alone).all()


def test_it_works_without_genes() -> None:
    empty = torch.empty((2, 0), dtype=DOUBLE)
    assert probability_of_success(empty, empty, empty).shape == (2,)
