"""Extending and cloning searches, and cancelling one trial, over HTTP."""

from typing import Any

import pytest

from search.entities import Limits
from tests.served import BODY, Deployment, InProcess
from tests.service import claim, new_search

SOURCE: dict[str, Any] = {
    **BODY,
    "name": "first",
    "budgets": {"size_bytes": 65536},
    "hardware": "generic-mcu-256k",
    "objectives": ["accuracy", "size_bytes", "latency_ms"],
    "recipe": {"float_epochs": 3},
    "limits": {"max_trials": 5, "max_parallel": 3},
    "seed": 7,
}


def _succeeded(deployment: Deployment) -> str:
    search = new_search(deployment.store, limits=Limits(max_trials=2, max_parallel=2))
    for claimed, accuracy in zip(deployment.claimed(search, 2), (0.8, 0.9), strict=True):
        deployment.complete(claimed, accuracy)
    deployment.finish(search.id)
    return search.id


def test_a_search_is_extended_after_its_end(api: InProcess, deployment: Deployment) -> None:
    search_id = _succeeded(deployment)
    answer = api.post(f"/v1/searches/{search_id}:extend", {"trials": 3})
    assert answer.status_code == 202
    found = answer.json()
    assert (found["state"], found["finished_at"]) == ("running", None)
    assert found["limits"]["max_trials"] == 5
    assert found["trial_counts"] == {"completed": 2}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/trials"),
        ({"trials": -1}, "/trials"),
        ({"trials": 1, "wall_time_s": 60}, "/wall_time_s"),
        ({"trials": 1, "compute_s": 60}, "/compute_s"),
        ({"trails": 1}, "/trails"),
        ({"trials": 100_000}, "/trials"),
    ],
)
def test_an_extension_that_means_nothing_is_refused(
    api: InProcess, deployment: Deployment, body: dict[str, Any], pointer: str
) -> None:
    search_id = _succeeded(deployment)
    before = api.get(f"/v1/searches/{search_id}").json()
    answer = api.post(f"/v1/searches/{search_id}:extend", body)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert api.get(f"/v1/searches/{search_id}").json() == before


def test_a_clone_has_the_same_fields_and_an_id_of_its_own(api: InProcess) -> None:
    source = api.post("/v1/searches", SOURCE).json()
    answer = api.post(f"/v1/searches/{source['id']}:clone")
    assert answer.status_code == 201
    cloned = answer.json()
    assert answer.headers["location"] == f"/v1/searches/{cloned['id']}"
    own = {"id", "created_at", "updated_at"}
    assert {k: v for k, v in cloned.items() if k not in own} == {
        k: v for k, v in source.items() if k not in own
    }
    assert cloned["id"] != source["id"]


def test_overrides_are_merged_field_by_field(api: InProcess) -> None:
    source = api.post("/v1/searches", SOURCE).json()
    overrides = {
        "name": "second",
        "space": {"weight_bits": [2, 4]},
        "limits": {"max_trials": 9},
        "recipe": {"float_epochs": None},
        "budgets": {"size_bytes": None, "macs": 1e9},
        "hardware": None,
        "objectives": ["accuracy", "macs"],
        "seed": 8,
    }
    cloned = api.post(f"/v1/searches/{source['id']}:clone", overrides).json()
    assert (cloned["name"], cloned["seed"], cloned["hardware"]) == ("second", 8, None)
    assert cloned["space"] == {"family": "mobilenetv2", "weight_bits": [2, 4]}
    assert cloned["limits"] == {**source["limits"], "max_trials": 9}
    assert cloned["recipe"] == {**source["recipe"], "float_epochs": 30}
    assert cloned["budgets"] == {"macs": 1e9}
    assert cloned["objectives"] == ["accuracy", "macs"]


@pytest.mark.parametrize(
    ("overrides", "pointer"),
    [
        ({"limits": {"max_trials": 0}}, "/limits/max_trials"),
        ({"limits": {"trials": 3}}, "/limits/trials"),
        ({"dataset": "mnist"}, "/dataset"),
        ({"dataset": None}, "/dataset"),
        ({"space": {"weight_bits": [9]}}, "/space/weight_bits/0"),
        ({"budgets": {"size_bytes": 1}}, "/budgets/size_bytes"),
        ({"colour": 1}, "/colour"),
    ],
)
def test_a_clone_is_checked_as_a_new_search_is(
    api: InProcess, overrides: dict[str, Any], pointer: str
) -> None:
    source = api.post("/v1/searches", SOURCE).json()
    answer = api.post(f"/v1/searches/{source['id']}:clone", overrides)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]
    assert len(api.get("/v1/searches").json()["data"]) == 1


def test_one_trial_is_cancelled(api: InProcess, deployment: Deployment) -> None:
    search = new_search(deployment.store)
    first, second = deployment.claimed(search, 2)
    deployment.complete(second, 0.9)
    for _ in range(2):
        answer = api.post(f"/v1/trials/{first.trial.id}:cancel")
        assert answer.status_code == 202
        assert answer.json()["state"] == "cancelled"
        assert answer.json()["state_reason"]["code"] == "cancelled_by_user"
    assert api.post(f"/v1/trials/{second.trial.id}:cancel").json()["state"] == "completed"
    found = api.get(f"/v1/searches/{search.id}").json()
    assert (found["state"], found["trial_counts"]) == ("running", {"cancelled": 1, "completed": 1})


def test_nothing_is_done_to_what_is_not_there(api: InProcess) -> None:
    for path, body in (
        ("/v1/searches/sea_none:extend", {"trials": 1}),
        ("/v1/searches/sea_none:clone", None),
        ("/v1/trials/trl_none:cancel", None),
    ):
        answer = api.post(path, body)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path


def test_a_replicate_shows_on_the_front_as_spread(api: InProcess, deployment: Deployment) -> None:
    search_id = _succeeded(deployment)
    front = f"/v1/searches/{search_id}/front"
    before = api.get(front).json()
    assert [point["replicates"] for point in before["points"]] == [None, None]
    original = before["points"][0]["trial"]
    answer = api.post(f"/v1/trials/{original['id']}:replicate", {"seed": 5})
    assert answer.status_code == 201
    again = answer.json()
    assert answer.headers["location"] == f"/v1/trials/{again['id']}"
    assert (again["replicate"], again["replicate_of"], again["seed"]) == (1, original["id"], 5)
    assert api.get(f"/v1/searches/{search_id}").json()["limits"]["max_trials"] == 3
    deployment.complete(claim(deployment.store, again["id"], at=deployment.store.now()), 0.84)
    after = api.get(front).json()
    assert [p["trial"]["id"] for p in after["points"]] == [
        p["trial"]["id"] for p in before["points"]
    ]
    spread = after["points"][0]["replicates"]
    assert spread["n"] == 2
    assert spread["accuracy_mean"] == pytest.approx(0.82)
    assert spread["accuracy_std"] == pytest.approx(0.04 / 2**0.5)
    assert api.post(f"/v1/trials/{original['id']}:replicate", {"seed": 5}).status_code == 422
    assert api.post(f"/v1/trials/{again['id']}:replicate").json()["replicate"] == 2
    api.post(f"/v1/searches/{search_id}:cancel")
    assert api.post(f"/v1/trials/{original['id']}:replicate").status_code == 409
    assert api.post("/v1/trials/trl_none:replicate").status_code == 404
