"""Where a trial's network comes from, over HTTP."""

import pytest

from search.entities import Limits
from tests.served import Deployment, InProcess
from tests.service import claim, new_search, proposals, queue_trials


def test_a_trial_names_the_closest_before_it_and_what_differs(
    api: InProcess, deployment: Deployment
) -> None:
    store = deployment.store
    search = new_search(store, limits=Limits(max_trials=3, max_parallel=1))
    drawn = proposals(2)
    (first,) = queue_trials(store, search, drawn[:1], store.now())
    deployment.complete(claim(store, first, at=store.now()), 0.75)
    (second,) = queue_trials(store, search, drawn[1:], store.now())

    found = api.get(f"/v1/trials/{second}/lineage").json()
    one, two = (api.get(f"/v1/trials/{each}").json() for each in (first, second))
    assert (found["trial_id"], found["search_id"]) == (second, search.id)
    assert (found["gen_method"], found["taught_by"]) == ("random", [])
    (near,) = found["closest"]
    assert (near["trial_id"], near["number"], near["accuracy"]) == (first, 1, 0.75)
    assert near["size_bytes"] == one["costs"]["size_bytes"]
    names = one["genes"].keys() | two["genes"].keys()
    assert near["n_genes"] == len(names)
    assert near["n_differing"] == len(near["changes"])
    assert {change["gene"]: (change["before"], change["after"]) for change in near["changes"]} == {
        name: (one["genes"].get(name), two["genes"].get(name))
        for name in names
        if one["genes"].get(name) != two["genes"].get(name)
    }
    assert near["accuracy_change"] is None
    assert near["size_bytes_change"] == two["costs"]["size_bytes"] - one["costs"]["size_bytes"]

    deployment.complete(claim(store, second, at=store.now()), 0.5)
    (near,) = api.get(f"/v1/trials/{second}/lineage").json()["closest"]
    assert near["accuracy_change"] == -0.25
    assert api.get(f"/v1/trials/{second}/lineage?limit=0").json()["closest"] == []


def test_replicates_name_each_other(api: InProcess, deployment: Deployment) -> None:
    search = new_search(deployment.store)
    claimed, _ = deployment.claimed(search, 2)
    deployment.complete(claimed, 0.75)
    again = api.post(f"/v1/trials/{claimed.trial.id}:replicate", {"seed": 5}).json()
    (other,) = api.get(f"/v1/trials/{claimed.trial.id}/lineage").json()["replicates"]
    assert other == {
        "trial_id": again["id"],
        "number": 3,
        "replicate": 1,
        "state": "queued",
        "seed": 5,
        "accuracy": None,
    }
    found = api.get(f"/v1/trials/{again['id']}/lineage").json()
    assert found["gen_method"] == "random"
    assert [(each["number"], each["accuracy"]) for each in found["replicates"]] == [(1, 0.75)]


@pytest.mark.parametrize("limit", ["-1", "21", "x"])
def test_a_wrong_limit_is_named(api: InProcess, deployment: Deployment, limit: str) -> None:
    claimed, _ = deployment.claimed(new_search(deployment.store), 2)
    answer = api.get(f"/v1/trials/{claimed.trial.id}/lineage?limit={limit}")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "?limit")


def test_an_unknown_trial_has_none(api: InProcess) -> None:
    answer = api.get("/v1/trials/trl_none/lineage")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
