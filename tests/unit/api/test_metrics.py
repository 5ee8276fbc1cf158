"""GET /metrics, as Prometheus' own parser reads it."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from search.entities import Limits
from tests.served import BODY, Deployment, InProcess
from tests.service import new_search

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def scrape(api: InProcess) -> Samples:
    answer = api.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples[f"bitpareto_{name}", frozenset(labels.items())]


def test_an_empty_deployment_has_every_metric(api: InProcess) -> None:
    found = scrape(api)
    assert value(found, "database_up") == 1
    assert value(found, "trials", state="queued") == 0
    assert value(found, "searches", state="running") == 0
    for name in (
        "trial_attempts_total",
        "trials_lost_total",
        "train_seconds_total",
        "gpu_seconds_total",
    ):
        assert value(found, name) == 0
    for name in ("oldest_queued_seconds", "next_lease_expiry_seconds", "artifact_bytes"):
        assert value(found, name) == 0


def test_trials_leases_and_fronts_are_counted(api: InProcess, deployment: Deployment) -> None:
    search = new_search(deployment.store, limits=Limits(max_trials=5, max_parallel=5))
    claims = deployment.claimed(search, 4)
    deployment.complete(claims[0], 0.5)
    deployment.complete(claims[1], 0.9)
    found = scrape(api)
    with deployment.store.read() as uow:
        trials = uow.trials.of_search(search.id)
        front = uow.trials.front(search.id)
        artifacts = uow.artifacts.of_trials([trial.id for trial in trials])
    states = [trial.state for trial in trials]
    for state in set(states):
        assert value(found, "trials", state=state) == states.count(state)
    assert value(found, "searches", state="running") == 1
    assert value(found, "trial_attempts_total") == sum(trial.attempt for trial in trials) == 4
    joined, left = value(found, "front_joined_total"), value(found, "front_left_total")
    assert joined - left == len(front) > 0
    assert value(found, "artifact_bytes") == sum(a.size_bytes for a in artifacts.values())
    ends = [trial.lease_expires_at for trial in trials if trial.lease_expires_at is not None]
    left_s = (min(ends) - deployment.store.now()).total_seconds()
    assert value(found, "next_lease_expiry_seconds") == pytest.approx(left_s, abs=5)


def test_requests_are_counted_by_route_not_by_address(api: InProcess) -> None:
    search_id = api.post("/v1/searches", BODY).json()["id"]
    for _ in range(3):
        api.get(f"/v1/searches/{search_id}")
    api.get("/wp-login.php")
    api.get("/xmlrpc.php")
    found = scrape(api)
    route = "/v1/searches/{search_id}"
    assert value(found, "http_requests_total", method="GET", route=route, status="200") == 3
    assert value(found, "http_request_seconds_count", method="GET", route=route) == 3
    assert value(found, "http_requests_total", method="GET", route="none", status="404") == 2
    assert not any(search_id in str(labels) for _, labels in found)


def test_without_a_database_it_says_so(api: InProcess, deployment: Deployment) -> None:
    deployment.store.close()
    (deployment.settings.data_dir / "bitpareto.db").unlink()
    (deployment.settings.data_dir / "bitpareto.db").mkdir()
    found = scrape(api)
    assert value(found, "database_up") == 0
    assert not any(name == "bitpareto_trials" for name, _ in found)
