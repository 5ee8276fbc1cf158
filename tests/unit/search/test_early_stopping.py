"""The rule that gives up trials: rungs, what a candidate must beat, and how sure the curve is."""

import math
import random

import pytest
from scipy.stats import t as student

from search.early_stopping import (
    EarlyStopping,
    Point,
    early_stopping_problems,
    predicted_accuracy,
    probability_above,
    rung_epochs,
    student_t_cdf,
    to_beat,
)
from search.pareto import insert, losses
from search.recipe import Recipe

TWO = ("accuracy", "size_bytes")
THREE = ("macs", "accuracy", "size_bytes")


def _points(n: int, seed: int = 0, noise: float = 0.2) -> list[Point]:
    """Trials whose error at the end is a third of that at the rung, times a little noise."""
    rng = random.Random(seed)  # noqa: S311
    points = []
    for _ in range(n):
        error = math.exp(rng.uniform(-2.5, -0.5))
        final = 1 - error / 3 * math.exp(rng.gauss(0, noise))
        points.append(Point(accuracy=1 - error, size_bytes=2 ** rng.uniform(9, 13), final=final))
    return points


@pytest.mark.parametrize("df", [1, 2, 3, 4, 7, 10, 31])
@pytest.mark.parametrize("value", [-9.0, -1.0, 0.0, 0.3, 4.0])
def test_the_distribution_is_students(df: int, value: float) -> None:
    assert student_t_cdf(value, df) == pytest.approx(student.cdf(value, df), abs=1e-12)


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


def test_the_probability_is_about_right_where_the_model_is() -> None:
    found = []
    for seed in range(600):
        *completed, trial = _points(30, seed, noise=0.7)
        assert trial.final is not None
        level = predicted_accuracy(trial, completed)
        at = 1 - (1 - level) * math.exp(-0.3)  # somewhat above
        found.append((probability_above(at, trial, completed), trial.final > at))
    said = sum(p for p, _ in found) / len(found)
    seen = sum(above for _, above in found) / len(found)
    assert said == pytest.approx(seen, abs=0.05)


def test_few_trials_are_no_reason_for_certainty() -> None:
    hopeless = Point(accuracy=0.3, size_bytes=1024.0)
    said = [probability_above(0.97, hopeless, _points(n)) for n in (0, 8, 40)]
    assert said[0] > 0.02 > said[2]
    assert said == sorted(said, reverse=True)


def test_a_rule_that_stops_nothing_is_refused() -> None:
    recipe = Recipe(float_epochs=3, qat_epochs=2)
    assert early_stopping_problems(None, recipe) == []
    assert early_stopping_problems(EarlyStopping(min_epochs=4), recipe) == []
    (problem,) = early_stopping_problems(EarlyStopping(min_epochs=5), recipe)
    assert problem.pointer == "/limits/early_stopping/min_epochs"
    assert problem.allowed == ("< 5",)
