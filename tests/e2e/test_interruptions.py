"""How soon a running trial hears that it is to stop; what a candidate does that kills workers."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from db.store import open_store
from tests.contracts.invariants import check_invariants
from tests.e2e.service_process import Service, started
from tests.e2e.test_main_job import SEARCH, wait_for

pytestmark = pytest.mark.e2e

SOON_S = 8.0
"""A heartbeat of 1 s, an epoch, and a machine that may be busy."""
LONG = {**SEARCH, "recipe": {"float_epochs": 2000, "qat_epochs": 1, "max_accuracy_gap": 1.0}}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with started(tmp_path_factory.mktemp("service")) as running:
        yield running


@pytest.fixture
def client(service: Service) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.url, timeout=30) as opened:
        yield opened


def trials(client: httpx.Client, search_id: str, state: str) -> list[dict[str, Any]]:
    found = client.get(f"/v1/searches/{search_id}/trials").json()["data"]
    return [trial for trial in found if trial["state"] == state]


def running(client: httpx.Client, n: int) -> str:
    """Start a search and wait until ``n`` of its trials train."""
    search_id = str(client.post("/v1/searches", json=LONG).json()["id"])

    def training() -> bool | None:
        found = trials(client, search_id, "running")
        return len([trial for trial in found if trial["progress"]]) == n or None

    wait_for(f"{n} trials that train", training, 120)
    return search_id


def idle_after(client: httpx.Client, search_id: str) -> float:
    """Return after how many seconds no worker holds a trial of the search any more."""
    began = time.monotonic()

    def idle() -> bool | None:
        # leases, not the registry of workers: that is a heartbeat late in both directions
        return not trials(client, search_id, "running") or None

    wait_for("no running trial", idle, 60)
    return time.monotonic() - began


def test_a_cancelled_search_frees_its_workers_within_seconds(client: httpx.Client) -> None:
    search_id = running(client, 2)
    client.post(f"/v1/searches/{search_id}:cancel").raise_for_status()
    assert idle_after(client, search_id) < SOON_S
    wait_for("its trials' end", lambda: len(trials(client, search_id, "cancelled")) == 2 or None, 5)


def test_a_paused_search_frees_its_workers_and_goes_on_where_it_was(client: httpx.Client) -> None:
    search_id = running(client, 2)
    epochs = {t["id"]: t["progress"]["epoch"] for t in trials(client, search_id, "running")}
    client.post(f"/v1/searches/{search_id}:pause").raise_for_status()
    assert idle_after(client, search_id) < SOON_S
    assert {trial["id"] for trial in trials(client, search_id, "queued")} == set(epochs)
    client.post(f"/v1/searches/{search_id}:resume").raise_for_status()

    def resumed() -> list[int] | None:
        found = [t for t in trials(client, search_id, "running") if t["progress"]]
        at = [t["progress"]["epoch"] for t in found if t["progress"]["epoch"] > epochs[t["id"]]]
        return at if len(at) == 2 else None

    wait_for("progress beyond where it was", resumed, 60)
    attempts = {trial["attempt"] for trial in trials(client, search_id, "running")}
    assert attempts == {2}
    client.post(f"/v1/searches/{search_id}:cancel").raise_for_status()
    idle_after(client, search_id)


def test_one_cancelled_trial_frees_its_worker_for_the_next(client: httpx.Client) -> None:
    search_id = running(client, 2)
    first, other = trials(client, search_id, "running")
    began = time.monotonic()
    client.post(f"/v1/trials/{first['id']}:cancel").raise_for_status()

    def next_one() -> bool | None:
        holding = {trial["id"] for trial in trials(client, search_id, "running")}
        return (len(holding) == 2 and first["id"] not in holding) or None

    wait_for("the next trial", next_one, 60)
    assert time.monotonic() - began < 2 * SOON_S
    assert other["id"] in {trial["id"] for trial in trials(client, search_id, "running")}
    client.post(f"/v1/searches/{search_id}:cancel").raise_for_status()
    idle_after(client, search_id)


def test_a_candidate_that_kills_every_worker_fails_and_the_search_goes_on(tmp_path: Path) -> None:
    limits = {"max_trials": 3, "max_parallel": 2, "max_attempts": 2}
    with started(tmp_path) as service, httpx.Client(base_url=service.url, timeout=30) as client:
        # long enough that a look every tenth of a second finds each attempt at work
        recipe = {"float_epochs": 60, "qat_epochs": 1, "max_accuracy_gap": 1.0}
        body = {**SEARCH, "limits": limits, "recipe": recipe}
        search_id = client.post("/v1/searches", json=body).json()["id"]
        store = open_store(f"sqlite:///{service.folder / 'bitpareto.db'}")
        killed: set[str] = set()

        def poisoned() -> dict[str, Any] | None:
            """Kill whoever works on the first trial, as soon as its log has begun."""
            with store.read() as uow:
                pids = {worker.id: worker.pid for worker in uow.workers.all()}
                first = next((t for t in uow.trials.of_search(search_id) if t.number == 1), None)
                begun = first and uow.logs.pieces(first.id, attempt=first.attempt)
            if first and begun and first.worker_id in pids and first.worker_id not in killed:
                killed.add(first.worker_id)
                os.kill(pids[first.worker_id], signal.SIGKILL)
            search: dict[str, Any] = client.get(f"/v1/searches/{search_id}").json()
            return search if search["state"] in {"succeeded", "failed"} else None

        search = wait_for("the end of the search", poisoned, 200)
        assert search["state"] == "succeeded"
        assert search["trial_counts"] == {**search["trial_counts"], "failed": 1, "completed": 2}
        (lost,) = trials(client, search_id, "failed")
        assert (lost["number"], lost["outcome"], lost["attempt"]) == (1, "lost", 2)
        assert "lost 2 times" in lost["state_reason"]["message"]
        assert "attempt 2 at trial 1" in lost["state_reason"]["log_tail"]
        assert len(killed) == 2
        check_invariants(store, search_id)
        store.close()
