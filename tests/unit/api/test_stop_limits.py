"""Limits of computing and of gain, as a request states them and a search shows them."""

from dataclasses import asdict, replace
from typing import Any

import pytest

from search.entities import ExpectedGain
from tests.served import BODY, Deployment, InProcess


def test_a_search_shows_its_limits_and_what_its_trials_took(
    api: InProcess, deployment: Deployment
) -> None:
    gain = ExpectedGain(hypervolume=0.5, trial_seconds=10.0, per_hour=180.0)
    limits = {"compute_s": 3600, "min_gain_per_hour": 0.01}
    made = api.post("/v1/searches", {**BODY, "strategy": {}, "limits": limits}).json()
    assert {name: made["limits"][name] for name in limits} == limits
    assert (made["compute_seconds"], made["expected_gain"]) == (0, None)
    with deployment.store.begin() as uow:
        search = uow.searches.lock(made["id"])
        uow.searches.save(replace(search, expected_gain=gain))
        uow.searches.add_compute_seconds(search.id, 12.5)
    shown = api.get(f"/v1/searches/{search.id}").json()
    assert shown["compute_seconds"] == 12.5
    assert shown["expected_gain"] == asdict(gain)


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"limits": {"compute_s": 0}}, "/limits/compute_s"),
        ({"limits": {"min_gain_per_hour": -1}}, "/limits/min_gain_per_hour"),
        (
            {"limits": {"min_gain_per_hour": 1}, "strategy": {"name": "random"}},
            "/limits/min_gain_per_hour",
        ),
    ],
)
def test_a_limit_that_means_nothing_is_refused(
    api: InProcess, changes: dict[str, Any], pointer: str
) -> None:
    answer = api.post("/v1/searches", {**BODY, **changes})
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["pointer"] == pointer
    assert error["detail"]
    assert api.get("/v1/searches").json()["data"] == []
