"""Ends of processes, wanted and not."""

import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from db.migrate import upgrade
from db.store import open_store
from search.entities import Limits
from search.recipe import Recipe
from search.states import TrialState
from tests.e2e.service_process import SERVER, environment, processes_of, started
from tests.service import new_search, proposals, queue_trials

pytestmark = pytest.mark.e2e


def test_children_of_a_killed_supervisor_end_by_themselves(tmp_path: Path) -> None:
    with started(tmp_path, "--train-workers", "1") as service:
        children = [psutil.Process(pid) for pid in service.pids().values()]
        assert len(children) == 4
        second = subprocess.run(
            [SERVER, "up", "--port", "0"],
            env=environment(tmp_path),
            capture_output=True,
            text=True,
            check=False,
        )
        assert second.returncode != 0
        assert f"(pid {service.process.pid}) already runs on {tmp_path}" in second.stderr
        taken = subprocess.run(
            [SERVER, "up", "--port", service.url.rpartition(":")[2]],
            env=environment(tmp_path / "other"),
            capture_output=True,
            check=False,
            text=True,
        )
        assert taken.returncode != 0
        assert "in use by another program" in taken.stderr
        assert len(service.pids()) == 4  # nobody was disturbed
        service.stop(signal.SIGKILL)
        _, alive = psutil.wait_procs(children, timeout=30)
        assert not alive
    assert not processes_of(tmp_path)


def test_a_worker_told_to_stop_hands_its_trial_back_within_seconds(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'bitpareto.db'}"
    upgrade(url)
    store = open_store(url)
    endless = Recipe(float_epochs=10_000, qat_epochs=1)
    search = new_search(store, recipe=endless, limits=Limits(max_trials=1, max_parallel=1))
    trial_id = queue_trials(store, search, proposals(1))[0]
    log = (tmp_path / "log").open("w")
    worker = subprocess.Popen(
        [SERVER, "train", trial_id], env=environment(tmp_path), stderr=log, start_new_session=True
    )
    try:
        deadline = time.monotonic() + 120
        progress = None
        while progress is None and time.monotonic() < deadline:
            assert worker.poll() is None, (tmp_path / "log").read_text()
            time.sleep(0.1)
            with store.read() as uow:
                progress = uow.trials.get(trial_id).progress
        told_at = time.monotonic()
        worker.terminate()
        assert worker.wait(30) == 1  # the trial did not complete
        assert time.monotonic() - told_at < 15
    finally:
        worker.kill()
        worker.wait()
        log.close()
    with store.read() as uow:
        trial = uow.trials.get(trial_id)
        assert not uow.workers.all()
    store.close()
    assert trial.state == TrialState.QUEUED
    assert trial.state_reason is not None
    assert trial.state_reason.code == "worker_drained"
    assert (tmp_path / "artifacts" / "checkpoints" / f"{trial_id}.pt").exists()
