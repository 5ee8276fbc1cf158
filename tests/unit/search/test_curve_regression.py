"""How trials are said to end, against closed forms of others and against simulated truth."""

import math
import random
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import multivariate_t
from scipy.stats import t as student

from search import curve_regression
from search.curve_regression import Forecast, Point, forecast, student_t_cdf


def _points(n: int, seed: int = 0, noise: float = 0.2, broken: float = 0.0) -> list[Point]:
    """Trials that end at a third of the error of their copy at the rung, times noise."""
    rng = random.Random(seed)  # noqa: S311
    points = []
    for _ in range(n):
        probed = math.exp(rng.uniform(-2.5, -0.5))
        factor = math.exp(rng.gauss(0, noise))
        if rng.random() < broken:
            factor *= 4
        costs = {name: 2 ** rng.uniform(9, 13) for name in ("size_bytes", "macs", "bops")}
        points.append(
            Point(
                accuracy=1 - probed * rng.uniform(0.5, 1),
                probe_accuracy=1 - probed,
                costs=costs,
                final=1 - min(0.95, probed / 3 * factor),
            )
        )
    return points


@pytest.mark.parametrize("df", [1, 2, 3, 4, 7, 10, 31])
@pytest.mark.parametrize("value", [-9.0, -1.0, 0.0, 0.3, 4.0])
def test_the_distribution_is_students(df: int, value: float) -> None:
    assert student_t_cdf(value, df) == pytest.approx(student.cdf(value, df), abs=1e-12)


def test_it_is_the_conditional_of_a_multivariate_t() -> None:
    # by no posterior of coefficients: all ends are jointly Student before any is seen
    *completed, trial = _points(12, noise=0.05)
    points = [*completed, trial]
    logs = [np.log2([p.costs["size_bytes"], p.costs["macs"], p.costs["bops"]]) for p in points]
    summaries = np.array([(size, macs, bops - macs) for size, macs, bops in logs])
    rows = np.column_stack(
        [
            np.ones(len(points)),
            [math.log(1 - p.probe_accuracy) for p in points],
            [math.log(1 - p.accuracy) for p in points],
            summaries - summaries.mean(axis=0),
        ]
    )
    spread = np.diag(np.square(curve_regression._PRIOR_SPREAD))
    df = curve_regression._PRIOR_DF
    loc = rows @ np.array(curve_regression._PRIOR_MEAN)
    shape = curve_regression._PRIOR_SD**2 * (np.eye(len(points)) + rows @ spread @ rows.T)
    y = np.array([math.log(1 - p.final) for p in completed if p.final is not None])
    found = forecast(trial, completed)
    joint = multivariate_t(loc=loc, shape=shape, df=df)
    marginal = multivariate_t(loc=loc[:-1], shape=shape[:-1, :-1], df=df)
    for end in (-4.0, -3.0, -2.0, -1.0):
        expected = math.exp(joint.logpdf([*y, end]) - marginal.logpdf(y))
        density = student.pdf((end - found.location) / found.scale, found.df) / found.scale
        assert density == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("broken", [0.0, 0.15])
def test_the_probability_is_about_right_where_the_truth_is_known(broken: float) -> None:
    said: list[float] = []
    seen: list[bool] = []
    for seed in range(400):
        *completed, trial = _points(25, seed, noise=0.35, broken=broken)
        assert trial.final is not None
        end = forecast(trial, completed)
        for better in (0.3, 0.6, 0.9):
            level = 1 - math.exp(end.location - better)
            said.append(end.probability_above(level))
            seen.append(trial.final > level)
    for low, high in ((0.0, 0.03), (0.03, 0.1), (0.1, 0.3)):
        chosen = [(p, hit) for p, hit in zip(said, seen, strict=True) if low <= p < high]
        assert len(chosen) > 100
        mean = sum(p for p, _ in chosen) / len(chosen)
        share = sum(hit for _, hit in chosen) / len(chosen)
        assert share == pytest.approx(mean, abs=0.05)


def test_a_trial_that_broke_down_takes_little_from_the_others() -> None:
    *completed, trial = _points(21, noise=0.1)
    before = forecast(trial, completed)
    bad = replace(completed[0], final=0.1)
    after = forecast(trial, [bad, *completed[1:]])
    worse = forecast(trial, [replace(bad, final=0.05), *completed[1:]])
    assert worse.location == pytest.approx(after.location, abs=1e-3)
    assert before.location < after.location < before.location + before.scale


def test_few_trials_are_no_reason_for_certainty() -> None:
    hopeless = replace(_points(1)[0], accuracy=0.3, probe_accuracy=0.2, final=None)
    said = [forecast(hopeless, _points(n)).probability_above(0.9) for n in (0, 8, 40)]
    assert said[0] > 0.02 > said[2]
    assert said == sorted(said, reverse=True)


def test_the_median_is_what_is_foretold() -> None:
    end = Forecast(location=math.log(0.1), scale=0.3, df=9)
    assert end.accuracy == pytest.approx(0.9)
    assert end.probability_above(0.9) == pytest.approx(0.5)
