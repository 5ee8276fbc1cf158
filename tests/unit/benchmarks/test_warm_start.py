"""The warm start benchmark gives each way its due, and judges them by accuracy without noise."""

from argparse import Namespace

import numpy as np
import pytest

from benchmarks import warm_start
from tests.unit.benchmarks.test_search_problems import make_problem


def test_each_way_is_run_and_summed_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warm_start, "_EARLIER", 10)
    problem = make_problem()
    arguments = Namespace(ways=warm_start.WAYS, evaluations=6, keep=None)
    runs = [*warm_start._of_seed(problem, 0, arguments)]
    assert [run["way"] for run in runs] == ["cold", "searches", "given"]
    for run in runs:
        assert len(run["curve"]) == 6
        assert np.all(np.diff(run["curve"]) >= 0)
    best = max(run["curve"][-1] for run in runs)
    metrics = warm_start._summary(problem, runs, best)
    assert 0 < max(value for name, value in metrics.items() if ".hv_at_5." in name) <= 1
    assert metrics["toy.evaluations.cold"] <= 6
    first, given = runs[0]["curve"], runs[2]["curve"]
    assert given[4] > first[4]


def test_an_earlier_search_knows_a_part_of_the_choices() -> None:
    problem = make_problem()
    part = warm_start._part_of(problem)
    assert [len(gene.choices) for gene in part.parameters] == [3] * len(problem.parameters)
