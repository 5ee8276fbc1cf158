"""The main job on the real processes, with a worker killed in the middle."""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from db.store import SqlStore, open_store
from tests.e2e.service_process import processes_of, started

pytestmark = pytest.mark.e2e

N_TRIALS = 5
SEARCH = {
    "name": "e2e",
    "dataset": "digits",
    "space": {
        "family": "mobilenetv2",
        "stem_channels": [4, 8],
        "stages": [
            {"channels": 8, "kernel": [3], "expansion": [1, 2], "repeats": [1], "stride": 2}
        ],
        "weight_bits": [2, 4, 8],
        "activation_bits": [4, 8],
    },
    "strategy": {"name": "random"},
    "recipe": {"float_epochs": 8, "qat_epochs": 1, "max_accuracy_gap": 1.0},
    "limits": {"max_trials": N_TRIALS, "max_parallel": 2},
    "seed": 1,
}


def wait_for(what: str, found: Callable[[], Any], seconds: float) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if (value := found()) is not None:
            return value
        time.sleep(0.1)
    pytest.fail(f"{what}: not within {seconds:g} s")


def kill_a_worker_in_the_middle_of_a_trial(store: SqlStore, search_id: str) -> str:
    """Kill -9 the process that trains a trial still in its float phase; returns the trial."""

    def training() -> tuple[str, int] | None:
        with store.read() as uow:
            pids = {worker.id: worker.pid for worker in uow.workers.all()}
            for trial in uow.trials.of_search(search_id):
                in_float = trial.progress is not None and trial.progress.phase == "float"
                if trial.state == "running" and in_float and trial.worker_id in pids:
                    return trial.id, pids[trial.worker_id]
        return None

    trial_id, pid = wait_for("a trial in training", training, 120)
    os.kill(pid, signal.SIGKILL)
    return str(trial_id)


def test_a_search_survives_a_killed_worker_and_ctrl_c_leaves_no_process(tmp_path: Path) -> None:
    with started(tmp_path) as service, httpx.Client(base_url=service.url, timeout=30) as client:
        created = client.post("/v1/searches", json=SEARCH)
        assert created.status_code == 201, created.text
        search_id = created.json()["id"]
        store = open_store(f"sqlite:///{service.folder / 'bitpareto.db'}")
        killed = kill_a_worker_in_the_middle_of_a_trial(store, search_id)
        wait_for_success(client, search_id)
        check_events(store, search_id, killed)
        check_front(client, search_id)
        store.close()
        assert set(service.pids()) >= {"optimize", "train-1", "train-2"}  # started again
        assert service.stop() == 0
    assert not processes_of(tmp_path)
    assert not list((tmp_path / "artifacts" / "checkpoints").glob("*"))


def wait_for_success(client: httpx.Client, search_id: str) -> None:
    """Wait until a search has ended, with every trial completed."""

    def ended() -> dict[str, Any] | None:
        try:
            search: dict[str, Any] = client.get(f"/v1/searches/{search_id}").json()
        except httpx.TransportError:
            return None
        return search if search.get("state") in {"succeeded", "failed", "cancelled"} else None

    search = wait_for("the end of the search", ended, 200)
    assert search["state"] == "succeeded", search["state_reason"]
    assert search["trial_counts"]["completed"] == N_TRIALS
    assert sum(search["trial_counts"].values()) == N_TRIALS


def check_events(store: SqlStore, search_id: str, killed: str) -> None:
    with store.read() as uow:
        events = uow.events.after(search_id, 0, 10_000)
        attempts = {trial.id: trial.attempt for trial in uow.trials.of_search(search_id)}
    finished = Counter(e.payload["trial_id"] for e in events if e.type == "trial.finished")
    assert set(finished) == set(attempts)
    assert set(finished.values()) == {1}
    requeued = [e for e in events if e.type == "trial.requeued"]
    assert [e.payload["trial_id"] for e in requeued] == [killed]
    assert requeued[0].payload["reason"]["code"] == "worker_lost"
    assert attempts.pop(killed) == 2
    assert set(attempts.values()) == {1}
    resumed = [
        (e.payload["phase"], e.payload["epoch"])
        for e in events
        if e.type == "trial.progress" and e.payload["trial_id"] == killed
    ]
    # only the epoch in work is lost: at most one epoch is reported twice
    assert len(resumed) - len(set(resumed)) <= 1


def check_front(client: httpx.Client, search_id: str) -> None:
    front = client.get(f"/v1/searches/{search_id}/front").json()
    assert front["points"]
    for point in front["points"]:
        trial = point["trial"]
        content = client.get(f"/v1/artifacts/{trial['artifact']['id']}").content
        assert content[:4] == b"BPAR"
        assert len(content) == trial["costs"]["size_bytes"]
        assert trial["metrics"]["n_test"] == 360
