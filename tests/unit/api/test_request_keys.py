"""``Idempotency-Key`` over HTTP: what is sent twice is done once."""

from typing import Any

import pytest

from search.entities import Limits
from tests.served import BODY, Deployment, InProcess
from tests.service import new_search

KEY = {"Idempotency-Key": "5f0e7a1c"}


def _ids(api: InProcess) -> set[str]:
    return {search["id"] for search in api.get("/v1/searches").json()["data"]}


def test_a_create_that_is_sent_twice_makes_one_search(api: InProcess) -> None:
    first = api.post("/v1/searches", BODY, headers=KEY)
    again = api.post("/v1/searches", BODY, headers=KEY)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json()["id"] == first.json()["id"]
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert _ids(api) == {first.json()["id"]}


def test_without_a_key_or_with_another_it_makes_two(api: InProcess) -> None:
    for headers in (None, None, KEY, {"Idempotency-Key": "other"}):
        assert api.post("/v1/searches", BODY, headers=headers).status_code == 201
    assert len(_ids(api)) == 4


@pytest.mark.parametrize(
    ("path", "body"),
    [("/v1/searches", {**BODY, "seed": 9}), ("/v1/searches?again=1", BODY)],
)
def test_a_key_stands_for_one_request(api: InProcess, path: str, body: dict[str, Any]) -> None:
    made = api.post("/v1/searches", BODY, headers=KEY).json()["id"]
    answer = api.post(path, body, headers=KEY)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert _ids(api) == {made}


def test_a_refused_request_leaves_its_key_free(api: InProcess) -> None:
    refused = api.post("/v1/searches", {**BODY, "dataset": "nonesuch"}, headers=KEY)
    assert refused.status_code == 422
    assert api.post("/v1/searches", BODY, headers=KEY).status_code == 201


def test_an_extension_counts_once(api: InProcess, deployment: Deployment) -> None:
    search = new_search(deployment.store, limits=Limits(max_trials=2, max_parallel=2))
    for _ in range(2):
        answer = api.post(f"/v1/searches/{search.id}:extend", {"trials": 3}, headers=KEY)
        assert answer.status_code == 202
        assert answer.json()["limits"]["max_trials"] == 5
    assert answer.headers["idempotent-replayed"] == "true"


def test_a_clone_and_a_replicate_are_made_once(api: InProcess, deployment: Deployment) -> None:
    search = new_search(deployment.store, limits=Limits(max_trials=2, max_parallel=2))
    clones = {
        api.post(f"/v1/searches/{search.id}:clone", headers=KEY).json()["id"] for _ in range(2)
    }
    assert len(clones) == 1
    claimed = deployment.claimed(search, 1)[0]
    deployment.complete(claimed, 0.9)
    path = f"/v1/trials/{claimed.trial.id}:replicate"
    key = {"Idempotency-Key": "replicate"}
    replicates = [api.post(path, headers=key) for _ in range(2)]
    assert [answer.status_code for answer in replicates] == [201, 201]
    assert len({answer.json()["id"] for answer in replicates}) == 1


@pytest.mark.parametrize("key", ["", "with blank", "k" * 256])
def test_a_key_that_is_none_is_refused(api: InProcess, key: str) -> None:
    answer = api.post("/v1/searches", BODY, headers={"Idempotency-Key": key})
    assert answer.status_code == 422
    assert "idempotency-key" in answer.json()["errors"][0]["pointer"].lower()
    assert _ids(api) == set()
