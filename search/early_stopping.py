"""Whether a trial can still reach the front, from its learning curve and its exact costs.

The accuracy at the end is predicted by a Bayesian linear regression, learned from the completed
trials of the same search: the logarithm of the error at the end, on that of the error at a rung and
on the logarithm of the file's size. On this scale a halved error counts alike everywhere. Few
trials give a wide Student t, so that a young search stops little.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from search.errors import FieldProblem
from search.objectives import OBJECTIVES
from search.pareto import Losses, losses_of
from search.recipe import Recipe

RULE: Final = "curve_regression"
_LEAST_ERROR: Final = 0.002
"""Errors are kept this far from 0, where the logarithm is infinite."""
_PRIOR_DF: Final = 2.0
_PRIOR_SD: Final = 0.7
"""Of the residual; a factor of two in the error."""
_PRIOR_MEAN: Final = (-0.5, 0.5, 0.0)
_PRIOR_SPREAD: Final = (1.5, 0.7, 0.5)
"""Of intercept, error and doubled size, in units of the residual's deviation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyStopping:
    """When a search gives up trials that cannot reach its front.

    Attributes:
        bound: A trial is stopped below this probability of entering the present front.
        min_epochs: Epochs, of both phases together, before which none is stopped.
        rungs: How many times a trial is looked at, evenly between ``min_epochs`` and its end.
        min_completed: Trials that must have completed, with the rung on their curve.
        audit: Share of the trials that run to their end whatever is said of them: so it is known
            how often the rule is wrong.
    """

    bound: float = 0.02
    min_epochs: int = 5
    rungs: int = 6
    min_completed: int = 8
    audit: float = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A trial at a rung: its accuracy there, the size of its file, and how it ended if it has."""

    accuracy: float
    size_bytes: float
    final: float | None = None


def rung_epochs(rule: EarlyStopping, n_epochs: int) -> tuple[int, ...]:
    """Return the epochs at which trials of ``n_epochs`` are looked at, rising; the last is none.

    Example:
        >>> rung_epochs(EarlyStopping(min_epochs=4, rungs=3), 10)
        (4, 6, 8)
    """
    if rule.min_epochs >= n_epochs:
        return ()
    step = (n_epochs - rule.min_epochs) / rule.rungs
    return tuple(sorted({rule.min_epochs + math.floor(i * step) for i in range(rule.rungs)}))


def early_stopping_problems(rule: EarlyStopping | None, recipe: Recipe) -> list[FieldProblem]:
    """Return what is wrong with a rule that could stop nothing."""
    n_epochs = recipe.float_epochs + recipe.qat_epochs
    if rule is None or rule.min_epochs < n_epochs:
        return []
    detail = f"a trial has {n_epochs} epochs, none of which comes after {rule.min_epochs}"
    pointer = "/limits/early_stopping/min_epochs"
    return [FieldProblem(pointer, "too_late", detail, (f"< {n_epochs}",))]


def to_beat(
    costs: Mapping[str, float],
    front: Sequence[Losses],
    objectives: Sequence[str],
) -> float | None:
    """Return the accuracy above which a candidate of these costs would enter a front.

    Args:
        costs: Its exact costs.
        front: Losses of the members, in the order of the objectives.
        objectives: Names; one of them is ``accuracy``.

    Returns:
        The accuracy, or ``None`` where nothing on the front is as cheap: then it enters anyhow.
    """
    at = objectives.index("accuracy")
    exact = [OBJECTIVES[name] for name in objectives if OBJECTIVES[name].exact]
    own = losses_of(costs, exact)
    beaten = [
        -member[at]
        for member in front
        if all(x <= y for x, y in zip((*member[:at], *member[at + 1 :]), own, strict=True))
    ]
    return max(beaten) if beaten else None


def probability_above(level: float, trial: Point, completed: Sequence[Point]) -> float:
    """Return the probability that a trial ends above an accuracy.

    Args:
        level: The accuracy.
        trial: The trial at a rung.
        completed: Others at the same rung, with how they ended.
    """
    mean, scale, df = _predicted(trial, completed)
    # above an accuracy is below an error
    return student_t_cdf((_log_error(level) - mean) / scale, df)


def predicted_accuracy(trial: Point, completed: Sequence[Point]) -> float:
    """Return the median of what is predicted for a trial's end."""
    return 1.0 - math.exp(_predicted(trial, completed)[0])


def _predicted(trial: Point, completed: Sequence[Point]) -> tuple[float, float, float]:
    """Return location, scale and degrees of freedom of the predicted logarithm of the error."""
    center = np.mean([math.log2(p.size_bytes) for p in (*completed, trial)])

    def features(points: Sequence[Point]) -> npt.NDArray[np.float64]:
        rows = [(1.0, _log_error(p.accuracy), math.log2(p.size_bytes) - center) for p in points]
        return np.array(rows, dtype=np.float64).reshape(-1, 3)

    x = features(completed)  # (n, 3)
    y = np.array([_log_error(p.final) for p in completed if p.final is not None])  # (n,)
    prior_mean = np.array(_PRIOR_MEAN)
    prior_precision = np.diag(1.0 / np.square(_PRIOR_SPREAD))
    precision = prior_precision + x.T @ x
    mean = np.linalg.solve(precision, prior_precision @ prior_mean + x.T @ y)
    off = mean - prior_mean
    squares = float(np.sum((y - x @ mean) ** 2) + off @ prior_precision @ off)
    df = _PRIOR_DF + len(y)
    variance = (_PRIOR_DF * _PRIOR_SD**2 + squares) / df
    (row,) = features([trial])
    scale = math.sqrt(variance * (1.0 + float(row @ np.linalg.solve(precision, row))))
    return float(row @ mean), scale, df


def _log_error(accuracy: float) -> float:
    return math.log(max(_LEAST_ERROR, 1.0 - accuracy))


def student_t_cdf(t: float, df: float) -> float:
    """Return the cumulative distribution of Student's t for whole degrees of freedom.

    Sources:
        Abramowitz and Stegun, "Handbook of Mathematical Functions", 26.7.3 and 26.7.4.

    Example:
        >>> round(student_t_cdf(1.812, 10), 3)
        0.95
    """
    n = int(df)
    theta = math.atan(t / math.sqrt(n))
    cos, sin = math.cos(theta), math.sin(theta)
    if n % 2:
        term, total = cos, cos if n > 1 else 0.0
        for k in range(3, n - 1, 2):
            term *= (k - 1) / k * cos * cos
            total += term
        inside = 2.0 / math.pi * (theta + sin * total)
    else:
        term, total = 1.0, 1.0
        for k in range(2, n - 1, 2):
            term *= (k - 1) / k * cos * cos
            total += term
        inside = sin * total
    return 0.5 + inside / 2.0
