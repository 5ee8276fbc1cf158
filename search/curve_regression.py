"""How a trial will end, from what it reached on the way and its exact costs.

The logarithm of the error at the end is predicted by a Bayesian linear regression, learned from the
completed trials of a search: on the errors of a quantized copy and of the network itself at
a rung, on size and MACs, and on the mean width of a product. On this scale a halved error counts
alike everywhere. Few trials give a wide Student t, so that a young search stops little.

Fine-tuning breaks down now and then, and ends far worse than anything foretold. What such a trial
says of how well others can end is bounded: its error counts as one deviation above the prediction
(a one-sided Huber loss), since only the better side decides about the front.

Sources:
    Gelman et al., "Bayesian Data Analysis", 3rd ed., 14.8: conjugate regression.
    Huber, "Robust Estimation of a Location Parameter", 1964: winsorised residuals.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

RULE: Final = "curve_regression"
_LEAST_ERROR: Final = 0.002
"""Errors are kept this far from 0, where the logarithm is infinite."""
_PRIOR_DF: Final = 4.0
_PRIOR_SD: Final = 0.4
"""Of the residual; a factor of 1.5 in the error."""
_PRIOR_MEAN: Final = (-0.5, 0.5, 0.2, 0.0, 0.0, 0.0)
_PRIOR_SPREAD: Final = (1.5, 0.5, 0.3, 0.5, 0.3, 0.3)
"""Of intercept, error of the copy, error of the network, doubled size, MACs and bits, in units of
the residual's deviation."""
_WORST: Final = 1.0
"""Deviations above the prediction, beyond which it does not matter how bad an end was."""
_ROUNDS: Final = 7
"""Of reweighting; what they change falls by about half each time."""

_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A trial at a rung.

    Attributes:
        accuracy: Of the network there, on the validation split.
        probe_accuracy: Of its quantized copy.
        costs: Exact ones; ``size_bytes``, ``macs`` and ``bops`` count.
        final: Accuracy at the end, if it has come.
    """

    accuracy: float
    probe_accuracy: float
    costs: Mapping[str, float]
    final: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """The logarithm of the error at the end: a Student t."""

    location: float
    scale: float
    df: float

    @property
    def accuracy(self) -> float:
        """The median."""
        return 1.0 - math.exp(self.location)

    def probability_above(self, accuracy: float) -> float:
        """Return the probability that the trial ends above an accuracy."""
        # above an accuracy is below an error
        return student_t_cdf((_log_error(accuracy) - self.location) / self.scale, self.df)


def forecast(trial: Point, completed: Sequence[Point]) -> Forecast:
    """Return how a trial will end.

    Args:
        trial: At a rung.
        completed: Others at the same rung, with how they ended.
    """
    summaries = np.array([_summaries(point) for point in (*completed, trial)])
    summaries -= summaries.mean(axis=0)
    errors = [
        (1.0, _log_error(point.probe_accuracy), _log_error(point.accuracy))
        for point in (*completed, trial)
    ]
    rows = np.concatenate([np.array(errors), summaries], axis=1)  # (n + 1, 6)
    x, row = rows[:-1], rows[-1]
    y = np.array([_log_error(point.final) for point in completed if point.final is not None])
    precision = np.diag(1.0 / np.square(_PRIOR_SPREAD)) + x.T @ x
    mean, variance = _fitted(x, y, precision)
    df = _PRIOR_DF + len(y)
    scale = math.sqrt(variance * (1.0 + float(row @ np.linalg.solve(precision, row))))
    return Forecast(location=float(row @ mean), scale=scale, df=df)


def _fitted(x: _Floats, y: _Floats, precision: _Floats) -> tuple[_Floats, float]:
    """Return coefficients ``(k,)`` and variance of the residual.

    Args:
        x: Features ``(n, k)``.
        y: What followed, ``(n,)``.
        precision: Of the coefficients, ``(k, k)``, in units of the residual's.
    """
    mean, variance = _solved(x, y, precision)
    for _ in range(_ROUNDS):
        counted = np.minimum(y, x @ mean + _WORST * math.sqrt(variance))
        mean, variance = _solved(x, counted, precision)
    return mean, variance


def _solved(x: _Floats, y: _Floats, precision: _Floats) -> tuple[_Floats, float]:
    prior_mean = np.array(_PRIOR_MEAN)
    prior_precision = np.diag(1.0 / np.square(_PRIOR_SPREAD))
    mean = np.linalg.solve(precision, prior_precision @ prior_mean + x.T @ y)
    off = mean - prior_mean
    squares = float(np.sum((y - x @ mean) ** 2) + off @ prior_precision @ off)
    return mean, (_PRIOR_DF * _PRIOR_SD**2 + squares) / (_PRIOR_DF + len(y))


def _summaries(point: Point) -> tuple[float, float, float]:
    """Return size, MACs, and the product of widths that a mean MAC has, as binary logarithms."""
    macs = math.log2(point.costs["macs"])
    return math.log2(point.costs["size_bytes"]), macs, math.log2(point.costs["bops"]) - macs


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
