"""The rule that gives up trials: rungs, and what a candidate must beat."""

import random

import pytest

from search.early_stopping import (
    EarlyStopping,
    early_stopping_problems,
    rung_epochs,
    to_beat,
)
from search.pareto import insert, losses
from search.recipe import Recipe

TWO = ("accuracy", "size_bytes")
THREE = ("macs", "accuracy", "size_bytes")


def test_rungs_lie_between_the_first_epoch_allowed_and_the_end() -> None:
    for n_epochs in range(1, 60):
        for rungs in (1, 3, 12):
            found = rung_epochs(EarlyStopping(min_epochs=5, rungs=rungs), n_epochs)
            assert list(found) == sorted(set(found))
            assert all(5 <= epoch < n_epochs for epoch in found)
            assert len(found) == min(rungs, max(0, n_epochs - 5))


@pytest.mark.parametrize("objectives", [TWO, THREE])
def test_what_beats_the_level_enters_the_front_and_nothing_else(
    objectives: tuple[str, ...],
) -> None:
    rng = random.Random(1)  # noqa: S311

    def values(accuracy: float) -> dict[str, float]:
        return {
            "accuracy": accuracy,
            "size_bytes": float(rng.randint(1, 6)),
            "macs": float(rng.randint(1, 6)),
        }

    front: dict[str, tuple[float, ...]] = {}
    for number in range(60):
        new = values(rng.randint(0, 10) / 10)
        level = to_beat(new, [*front.values()], objectives)
        change = insert(front, losses(new, objectives))
        assert change.added == (level is None or new["accuracy"] > level)
        front = {key: point for key, point in front.items() if key not in change.removed}
        if change.added:
            front[str(number)] = losses(new, objectives)


def test_a_rule_that_stops_nothing_is_refused() -> None:
    recipe = Recipe(float_epochs=3, qat_epochs=2)
    assert early_stopping_problems(None, recipe) == []
    assert early_stopping_problems(EarlyStopping(min_epochs=4), recipe) == []
    (problem,) = early_stopping_problems(EarlyStopping(min_epochs=5), recipe)
    assert problem.pointer == "/limits/early_stopping/min_epochs"
    assert problem.allowed == ("< 5",)
