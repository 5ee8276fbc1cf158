"""The train task on the real trainer where that matters, on short stand-ins for rare outcomes."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from db.blobs import ArtifactStoreUnavailableError, FolderBlobs
from search.early_stopping import EarlyStopping
from search.entities import Limits, Model, Progress, TrialResult
from search.errors import (
    DivergedError,
    OutOfMemoryError,
    StoreBusyError,
    TrialInterrupted,
)
from search.states import SearchState, TrialState
from search.use_cases.leases import claim_trial
from search.use_cases.results import report_progress
from search.use_cases.searches import cancel_search, pause_search, resume_search
from search.use_cases.sweep import sweep
from tests.service import claim, complete, later, new_search, proposals, queue_trials
from tests.unit.worker.conftest import TINY, Rung, StandIn
from worker.parts import Parts
from worker.tasks.advance import advance
from worker.tasks.refine import refine
from worker.tasks.train import train

EPOCH = Progress(phase="float", epoch=1, n_epochs=2)
METRICS = {"accuracy": 0.5, "float_accuracy": 0.6, "float_size_bytes": 1e4, "n_validation": 360}
PROPOSAL = proposals(1)[0]
RESULT = TrialResult(metrics=METRICS, artifact=bytes(PROPOSAL.costs["size_bytes"]))


def state_of(parts: Parts, trial_id: str) -> TrialState:
    with parts.store.read() as uow:
        return uow.trials.get(trial_id).state


def checkpoint(parts: Parts, trial_id: str) -> bytes | None:
    return parts.artifacts.checkpoints(trial_id).load()


def test_a_trial_is_trained_packed_stored_and_then_measured_on_the_test_split(
    parts: Parts, queued: tuple[str, str], rung: Rung
) -> None:
    search_id, trial_id = queued
    rung()
    train(parts, trial_id)
    assert rung() == {f"advance-{search_id}"}
    with parts.store.read() as uow:
        trial = uow.trials.get(trial_id)
        artifact = uow.artifacts.get(str(trial.artifact_id))
    content = parts.artifacts.read(artifact.sha256)
    assert trial.state == TrialState.COMPLETED
    assert trial.on_front
    assert hashlib.sha256(content).hexdigest() == artifact.sha256
    assert len(content) == artifact.size_bytes == trial.costs["size_bytes"]
    assert checkpoint(parts, trial_id) is None
    advance(parts, search_id)
    assert rung() == {f"refine-{search_id}"}
    refine(parts, search_id)
    refine(parts, search_id)  # a second ring finds nothing to do
    with parts.store.read() as uow:
        assert uow.searches.get(search_id).state == SearchState.SUCCEEDED
        measured = uow.trials.get(trial_id).metrics
        tested = [e for e in uow.events.after(search_id, 0, 1000) if e.type == "trial.tested"]
    assert measured["n_test"] == 360
    assert 0 <= measured["test_accuracy"] <= 1
    assert len(tested) == 1


def test_without_its_network_a_trial_fails_and_is_not_trained_from_nothing(parts: Parts) -> None:
    model = Model(
        id="mdl_1",
        name="mine",
        sha256="a" * 64,
        weights_sha256="b" * 64,
        size_bytes=1,
        layers=PROPOSAL.layers,
        mean=None,
        std=None,
        created_at=later(0),
    )
    with parts.store.begin() as uow:
        uow.models.add(model)
    search = new_search(parts.store, space={"family": "imported", "model": model.id}, recipe=TINY)
    (trial_id,) = queue_trials(parts.store, search, [PROPOSAL])
    with parts.store.begin() as uow:  # past the use case, which would refuse
        uow.models.remove(model.id)
    train(parts, trial_id)
    with parts.store.read() as uow:
        trial = uow.trials.get(trial_id)
    assert (trial.state, trial.outcome) == (TrialState.FAILED, "error")
    assert "network mdl_1 was deleted" in trial.state_reason.message


def test_a_ring_for_a_trial_that_is_not_queued_starts_nothing(
    parts: Parts, queued: tuple[str, str], trainer: Callable[[StandIn], None]
) -> None:
    calls: list[str] = []

    def counting(**arguments: Any) -> TrialResult:
        calls.append(arguments["candidate_hash"])
        return RESULT

    trainer(counting)
    for _ in range(3):
        train(parts, queued[1])
    assert len(calls) == 1
    with parts.store.read() as uow:
        assert uow.trials.get(queued[1]).attempt == 1


@pytest.mark.parametrize(
    ("error", "outcome", "message"),
    [
        (DivergedError("loss nan in epoch 2"), "diverged", "loss nan in epoch 2"),
        (OutOfMemoryError("no room"), "out_of_memory", "no room"),
        (KeyError("wat"), "error", "KeyError: 'wat'"),
        (RuntimeError("x" * 100_000), "error", "RuntimeError: xxx"),
    ],
)
def test_every_failure_becomes_a_typed_outcome_and_the_search_goes_on(
    error: Exception,
    outcome: str,
    message: str,
    parts: Parts,
    queued: tuple[str, str],
    trainer: Callable[[StandIn], None],
    rung: Rung,
) -> None:
    def failing(**_: Any) -> TrialResult:
        raise error

    trainer(failing)
    rung()
    train(parts, queued[1])
    with parts.store.read() as uow:
        trial = uow.trials.get(queued[1])
    assert (trial.state, trial.outcome) == (TrialState.FAILED, outcome)
    assert trial.state_reason is not None
    assert trial.state_reason.message.startswith(message)
    assert len(trial.state_reason.message) < 10_000
    assert rung() == {f"advance-{queued[0]}"}


def test_a_drained_worker_hands_the_trial_back_with_its_checkpoint(
    parts: Parts, queued: tuple[str, str], trainer: Callable[[StandIn], None], rung: Rung
) -> None:
    def drained(**arguments: Any) -> TrialResult:
        arguments["checkpoints"].save(b"epoch 1")
        parts.identity.drain.set()
        arguments["report"](EPOCH)
        raise AssertionError("the report must not return")

    trainer(drained)
    rung()
    train(parts, queued[1])
    assert state_of(parts, queued[1]) == TrialState.QUEUED
    assert checkpoint(parts, queued[1]) == b"epoch 1"
    assert rung() == {f"train-{queued[1]}"}
    train(parts, queued[1])  # a draining worker starts nothing
    assert state_of(parts, queued[1]) == TrialState.QUEUED


def test_a_cancelled_search_stops_the_trial_and_leaves_no_checkpoint(
    parts: Parts, queued: tuple[str, str], trainer: Callable[[StandIn], None]
) -> None:
    def cancelled(**arguments: Any) -> TrialResult:
        arguments["checkpoints"].save(b"epoch 1")
        with parts.store.begin() as uow:
            cancel_search(uow, queued[0], parts.now())
        while True:
            arguments["report"](EPOCH)

    trainer(cancelled)
    train(parts, queued[1])
    assert state_of(parts, queued[1]) == TrialState.CANCELLED
    assert checkpoint(parts, queued[1]) is None


def test_a_real_trial_is_probed_at_its_rungs(parts: Parts) -> None:
    rule = EarlyStopping(min_epochs=1, rungs=1)
    limits = Limits(max_trials=1, max_parallel=1, early_stopping=rule)
    search = new_search(parts.store, recipe=TINY, limits=limits)
    (trial_id,) = queue_trials(parts.store, search, proposals(1))
    assert train(parts, trial_id)
    with parts.store.read() as uow:
        reports = uow.events.of_types(search.id, ["trial.progress"], trial_id)
        (rung,) = uow.events.of_types(search.id, ["trial.rung"], trial_id)
    probed = [r.payload["probe_accuracy"] for r in reports]
    assert [accuracy is not None for accuracy in probed] == [True] + [False] * (len(probed) - 1)
    assert rung.payload["probe_accuracy"] == probed[0]
    assert 0 <= probed[0] <= 1


def test_a_trial_without_a_chance_ends_and_its_worker_rings_for_the_next(
    parts: Parts, trainer: Callable[[StandIn], None], rung: Rung
) -> None:
    rule = EarlyStopping(bound=0.1, min_epochs=1, rungs=1, min_completed=4, audit=0.0)
    limits = Limits(max_trials=14, max_parallel=14, early_stopping=rule)
    search = new_search(parts.store, recipe=TINY, limits=limits)
    found = sorted(proposals(14), key=lambda proposal: proposal.costs["size_bytes"])
    *good, bad, _ = queue_trials(parts.store, search, found)
    for trial_id in good:
        held = claim(parts.store, trial_id, at=parts.now())
        with parts.store.begin() as uow:
            report_progress(
                uow, held.lease, replace(EPOCH, accuracy=0.9, probe_accuracy=0.9), parts.now()
            )
        complete(parts.store, held, 0.95, parts.now())

    def hopeless(**arguments: Any) -> TrialResult:
        assert arguments["probed"] == (1,)
        arguments["checkpoints"].save(b"epoch 1")
        arguments["report"](replace(EPOCH, accuracy=0.1, probe_accuracy=0.1))
        raise AssertionError("it was told to stop")

    trainer(hopeless)
    assert train(parts, bad)
    assert state_of(parts, bad) == TrialState.STOPPED
    assert checkpoint(parts, bad) is None
    assert rung() == {f"advance-{search.id}"}


def test_a_worker_that_slept_through_its_lease_writes_nothing(
    parts: Parts, queued: tuple[str, str], trainer: Callable[[StandIn], None], rung: Rung
) -> None:
    def overtaken(**_: Any) -> TrialResult:
        with parts.store.begin() as uow:
            sweep(uow, later(10**9), ring_after_s=60)
            assert claim_trial(uow, queued[1], "wrk_other", parts.now(), lease_s=60)
        return RESULT

    trainer(overtaken)
    rung()
    train(parts, queued[1])
    with parts.store.read() as uow:
        trial = uow.trials.get(queued[1])
        finished = [e for e in uow.events.after(queued[0], 0, 1000) if e.type == "trial.finished"]
    assert (trial.state, trial.worker_id, trial.attempt) == (TrialState.RUNNING, "wrk_other", 2)
    assert not finished
    assert not rung()


def test_a_result_survives_a_busy_store(
    parts: Parts,
    queued: tuple[str, str],
    trainer: Callable[[StandIn], None],
    hold_database: Callable[[float], None],
) -> None:
    def slow_to_save(**_: Any) -> TrialResult:
        hold_database(1.0)
        return RESULT

    trainer(slow_to_save)
    train(parts, queued[1])
    assert state_of(parts, queued[1]) == TrialState.COMPLETED


def test_a_damaged_file_does_not_keep_the_search_from_ending(
    parts: Parts, queued: tuple[str, str], trainer: Callable[[StandIn], None]
) -> None:
    search_id, trial_id = queued
    trainer(lambda **_: RESULT)
    train(parts, trial_id)
    advance(parts, search_id)
    sha256 = hashlib.sha256(RESULT.artifact).hexdigest()
    (parts.settings.data_dir / "artifacts" / sha256[:2] / sha256).write_bytes(b"damaged")
    refine(parts, search_id)
    with parts.store.read() as uow:
        assert uow.searches.get(search_id).state == SearchState.SUCCEEDED
        assert "test_accuracy" not in uow.trials.get(trial_id).metrics


def test_a_file_that_cannot_be_stored_costs_nothing_but_time(
    parts: Parts,
    queued: tuple[str, str],
    trainer: Callable[[StandIn], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("worker.persistence._FILE_PAUSES_S", (0.01, 0.01))
    monkeypatch.setattr(parts.artifacts, "_blobs", FullDisk(parts.settings.data_dir / "artifacts"))
    trainer(lambda **_: RESULT)
    train(parts, queued[1])
    with parts.store.read() as uow:
        trial = uow.trials.get(queued[1])
    assert (trial.state, trial.times_lost) == (TrialState.QUEUED, 0)
    assert trial.state_reason is not None
    assert trial.state_reason.code == "artifact_store_unavailable"
    assert "No space left" in trial.state_reason.message
    monkeypatch.undo()
    trainer(lambda **_: RESULT)
    train(parts, queued[1])
    assert state_of(parts, queued[1]) == TrialState.COMPLETED


def test_a_database_that_is_away_at_the_end_fails_no_trial(
    parts: Parts,
    queued: tuple[str, str],
    trainer: Callable[[StandIn], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("worker.persistence._PAUSES_S", (0.01, 0.01))
    held = parts.store.begin

    def away(**_: Any) -> TrialResult:
        def refuse() -> Any:
            raise StoreBusyError("the database did not answer")

        monkeypatch.setattr(parts.store, "begin", refuse)
        return RESULT

    trainer(away)
    train(parts, queued[1])
    monkeypatch.setattr(parts.store, "begin", held)
    assert state_of(parts, queued[1]) == TrialState.RUNNING
    with parts.store.begin() as uow:
        assert sweep(uow, later(10**9), ring_after_s=60).train == (queued[1],)
    trainer(lambda **_: RESULT)
    train(parts, queued[1])
    assert state_of(parts, queued[1]) == TrialState.COMPLETED


class FullDisk(FolderBlobs):
    def write(self, name: str, content: bytes) -> None:
        raise ArtifactStoreUnavailableError(f"{self.root}: No space left for {name} {len(content)}")


def test_a_paused_trial_resumes_from_its_checkpoint(
    parts: Parts, queued: tuple[str, str], trainer: Callable[[StandIn], None]
) -> None:
    def paused(**arguments: Any) -> TrialResult:
        arguments["checkpoints"].save(b"epoch 1")
        with parts.store.begin() as uow:
            pause_search(uow, queued[0], parts.now())
        raise TrialInterrupted("paused")

    trainer(paused)
    train(parts, queued[1])
    with parts.store.read() as uow:
        trial = uow.trials.get(queued[1])
    assert trial.state == TrialState.QUEUED
    assert trial.state_reason is not None
    assert trial.state_reason.code == "search_paused"
    train(parts, queued[1])
    assert state_of(parts, queued[1]) == TrialState.QUEUED

    def resumed(**arguments: Any) -> TrialResult:
        assert arguments["checkpoints"].load() == b"epoch 1"
        return RESULT

    with parts.store.begin() as uow:
        resume_search(uow, queued[0], parts.now())
    trainer(resumed)
    train(parts, queued[1])
    assert state_of(parts, queued[1]) == TrialState.COMPLETED
