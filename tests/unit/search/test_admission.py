"""Which searches are let in."""

from typing import Any

import numpy as np
import pytest

from search.admission import admit
from search.datasets import DATASETS
from search.errors import FieldProblem, InvalidRequestError
from search.focus import Target, region_of
from search_space.costs import cost_mapping

SOUND: dict[str, Any] = {
    "dataset": DATASETS["digits"],
    "space": {"family": "mobilenetv2"},
    "objectives": ("accuracy", "size_bytes"),
    "budgets": {},
}


def _pointers(**changes: Any) -> set[str]:
    with pytest.raises(InvalidRequestError) as caught:
        admit(**{**SOUND, **changes})
    return {problem.pointer for problem in caught.value.problems}


def test_no_candidate_is_beyond_the_reference_point() -> None:
    objectives = ("accuracy", "size_bytes", "macs", "bops", "peak_activation_bytes")
    admission = admit(**{**SOUND, "objectives": objectives})
    assert tuple(admission.ref_point) == objectives
    rng = np.random.default_rng(0)
    for _ in range(50):
        costs = cost_mapping(admission.space.sample(rng).layers)
        assert all(costs[name] <= admission.ref_point[name] for name in costs)


def test_a_budget_is_the_reference_unless_the_space_ends_before_it() -> None:
    largest = admit(**SOUND).ref_point["size_bytes"]
    for budget, expected in ((largest / 2, largest / 2), (largest * 2, largest)):
        admission = admit(**{**SOUND, "budgets": {"size_bytes": budget}})
        assert admission.ref_point["size_bytes"] == expected


def test_mistakes_of_all_kinds_are_told_together() -> None:
    assert _pointers(
        dataset=FieldProblem("/dataset", "unknown_dataset", "there is none"),
        space={"family": "vgg19"},
        objectives=("speed", "speed"),
        budgets={"size_bytes": -1, "accuracy": 1},
    ) == {
        "/dataset",
        "/space/family",
        "/objectives",
        "/objectives/0",
        "/objectives/1",
        "/budgets/size_bytes",
        "/budgets/accuracy",
    }


@pytest.mark.parametrize("bound", [0, -1, float("nan"), float("inf")])
def test_a_budget_is_a_finite_number_above_zero(bound: float) -> None:
    assert _pointers(budgets={"macs": bound}) == {"/budgets/macs"}


def test_each_budget_out_of_reach_is_named() -> None:
    assert _pointers(budgets={"macs": 1, "bops": 1}) == {"/budgets/macs", "/budgets/bops"}


def test_the_reference_follows_a_region() -> None:
    largest = admit(**SOUND).ref_point["size_bytes"]
    low, high = largest / 8, largest / 4
    region = region_of({"size_bytes": (low, high)}, None)
    worst = admit(**SOUND, region=region).ref_point["size_bytes"]
    assert worst == pytest.approx(high * 2**0.1)
    target = region_of(None, Target(within={"size_bytes": high}))
    assert admit(**SOUND, region=target).ref_point["size_bytes"] == high
    budgets = {"size_bytes": low * 1.5}
    within = admit(**{**SOUND, "budgets": budgets}, region=region).ref_point["size_bytes"]
    assert within == low * 1.5


def test_a_region_without_a_candidate_is_refused() -> None:
    for region, pointer in (
        (region_of({"size_bytes": (1.0, 2.0)}, None), "/strategy/focus/size_bytes"),
        (region_of({"size_bytes": (1e12, 1e13)}, None), "/strategy/focus/size_bytes"),
        (
            region_of(None, Target(within={"size_bytes": 2.0})),
            "/strategy/target/within/size_bytes",
        ),
    ):
        assert _pointers(region=region) == {pointer}
