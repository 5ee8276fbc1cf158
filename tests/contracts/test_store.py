"""What every store must do, on SQLite and on PostgreSQL."""

import threading
from dataclasses import replace

import pytest

from search.entities import Limits, Progress, Worker
from search.errors import NotFoundError, StaleLeaseError, TrialInterrupted
from search.hypervolume import hypervolume
from search.pareto import losses, non_dominated
from search.states import SearchState, TrialState
from search.store import Store
from search.use_cases.advance import begin_advance, record_failed_ask, record_proposals
from search.use_cases.leases import (
    cancel_held_trial,
    claim_trial,
    heartbeat,
    release_trial,
)
from search.use_cases.results import (
    complete_trial,
    fail_trial,
    finish_refining,
    record_test_accuracy,
    report_progress,
)
from search.use_cases.searches import cancel_search
from search.use_cases.sweep import sweep
from tests.service import NOW, claim, complete, later, new_search, proposals, queue_trials


def test_what_is_stored_comes_back(store: Store) -> None:
    search = new_search(store, budgets={"size_bytes": 4096.0})
    (trial_id, _) = queue_trials(store, search, proposals(2))
    with store.read() as uow:
        read = uow.searches.get(search.id)
        trial = uow.trials.get(trial_id)
    assert replace(read, state=search.state, state_reason=search.state_reason) == replace(
        search, trial_counts={TrialState.QUEUED: 2}
    )
    assert trial.layers == proposals(2)[0].layers
    assert trial.created_at == NOW


def test_unknown_ids_are_not_found(store: Store) -> None:
    with store.read() as uow:
        for get in (uow.searches.get, uow.trials.get, uow.artifacts.get):
            with pytest.raises(NotFoundError):
                get("none")


def test_a_failed_transaction_leaves_nothing(store: Store) -> None:
    search = new_search(store)

    def cancel_then_break() -> None:
        with store.begin() as uow:
            cancel_search(uow, search.id, NOW)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        cancel_then_break()
    with store.read() as uow:
        assert uow.searches.get(search.id).state == SearchState.QUEUED
        assert [event.type for event in uow.events.after(search.id, 0, 10)] == ["search.state"]


def test_two_workers_do_not_ask_for_one_search(store: Store) -> None:
    search = new_search(store)
    with store.begin() as uow:
        first = begin_advance(uow, search.id, NOW, hold_s=30)
        assert begin_advance(uow, search.id, later(1), hold_s=30) is None
        # the first has died: its hold runs out and its proposals come too late
        second = begin_advance(uow, search.id, later(31), hold_s=30)
        assert first is not None
        assert second is not None
        assert record_proposals(uow, first, proposals(2), later(32)) == []
        assert len(record_proposals(uow, second, proposals(2), later(32))) == 2


def test_a_candidate_is_never_trained_twice(store: Store) -> None:
    search = new_search(store)
    first, second, third = proposals(3)
    for trial_id in queue_trials(store, search, [first, first, second]):
        complete(store, claim(store, trial_id), 0.9)
    queue_trials(store, search, [second, third, first])
    with store.read() as uow:
        hashes = [trial.candidate_hash for trial in uow.trials.of_search(search.id)]
    assert hashes == [first.candidate_hash, second.candidate_hash, third.candidate_hash]


def test_a_whole_search_ends_with_its_front(store: Store) -> None:
    search = new_search(store)
    found = proposals(4)
    accuracies = [0.9, 0.95, 0.85, 0.97]
    for pair in (found[:2], found[2:]):
        for trial_id in queue_trials(store, search, pair):
            complete(store, claim(store, trial_id), accuracies.pop(0))
    with store.begin() as uow:
        plan = begin_advance(uow, search.id, NOW, hold_s=30)
        assert plan is not None
        assert plan.n_wanted == 0
        assert plan.search.state == SearchState.REFINING
        for member in uow.trials.front(search.id):
            record_test_accuracy(uow, member.id, 9, 10, NOW)
        assert finish_refining(uow, search.id, NOW).state == SearchState.SUCCEEDED
    _check_front(store, search.id)


def _check_front(store: Store, search_id: str) -> None:
    """Recompute front and hypervolume from the raw results."""
    with store.read() as uow:
        search = uow.searches.get(search_id)
        done = [t for t in uow.trials.of_search(search_id) if t.state == TrialState.COMPLETED]
        front = {trial.id for trial in uow.trials.front(search_id)}
    points = {t.id: losses({**t.costs, **t.metrics}, search.objectives) for t in done}
    assert {points[key] for key in front} == {points[key] for key in non_dominated(points)}
    reference = losses(search.ref_point, search.objectives)
    assert search.hypervolume == pytest.approx(hypervolume(list(points.values()), reference))


def test_a_stale_token_changes_nothing(store: Store) -> None:
    search = new_search(store)
    (trial_id,) = queue_trials(store, search, proposals(1))
    old = claim(store, trial_id)
    with store.begin() as uow:
        sweep(uow, later(60), ring_after_s=10)
    new = claim(store, trial_id, "worker-2", later(61))
    progress = Progress(phase="qat", epoch=1, n_epochs=2)
    with store.read() as uow:
        before = uow.trials.get(trial_id)
        n_events = uow.events.last_id(search.id)
    for write in (
        lambda u: heartbeat(u, old.lease, later(62), 15),
        lambda u: report_progress(u, old.lease, progress, later(62)),
        lambda u: fail_trial(u, old.lease, "error", "late", later(62)),
        lambda u: release_trial(u, old.lease, later(62)),
    ):
        with pytest.raises(StaleLeaseError), store.begin() as uow:
            write(uow)
    with pytest.raises(StaleLeaseError):
        complete(store, old, 0.99, later(62))
    with store.read() as uow:
        assert uow.trials.get(trial_id) == before
        assert uow.events.last_id(search.id) == n_events
    complete(store, new, 0.9, later(63))


def test_a_trial_is_claimed_once(store: Store) -> None:
    search = new_search(store)
    (trial_id,) = queue_trials(store, search, proposals(1))
    claims = []
    barrier = threading.Barrier(4)

    def try_claim(worker: str) -> None:
        barrier.wait()
        with store.begin() as uow:
            claims.append(claim_trial(uow, trial_id, worker, NOW, lease_s=15))

    threads = [threading.Thread(target=try_claim, args=(f"w{i}",)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([found for found in claims if found is not None]) == 1


def test_concurrent_results_leave_the_right_front(store: Store) -> None:
    search = new_search(store, limits=Limits(max_trials=12, max_parallel=12))
    claims = [claim(store, t) for t in queue_trials(store, search, proposals(12))]
    barrier = threading.Barrier(len(claims))
    errors: list[Exception] = []

    def record(position: int) -> None:
        barrier.wait()
        try:
            complete(store, claims[position], 0.5 + (position * 7 % 12) / 30)
        except Exception as error:  # noqa: BLE001 - a thread's failure must reach the test
            errors.append(error)

    threads = [threading.Thread(target=record, args=(i,)) for i in range(len(claims))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    _check_front(store, search.id)
    with store.read() as uow:
        events = uow.events.after(search.id, 0, 1000)
    assert [e.id for e in events] == sorted(e.id for e in events)
    assert sum(e.type == "trial.finished" for e in events) == len(claims)


def test_a_lost_worker_costs_an_attempt_and_the_last_one_fails_the_trial(store: Store) -> None:
    search = new_search(store, limits=Limits(max_trials=1, max_parallel=1, max_attempts=2))
    (trial_id,) = queue_trials(store, search, proposals(1))
    claim(store, trial_id)
    with store.begin() as uow:
        assert sweep(uow, later(60), ring_after_s=10).train == (trial_id,)
    again = claim(store, trial_id, "worker-2", later(61))
    assert again.lease.token == 2
    with store.begin() as uow:
        assert sweep(uow, later(120), ring_after_s=10).advance == (search.id,)
        trial = uow.trials.get(trial_id)
    assert (trial.state, trial.outcome) == (TrialState.FAILED, "lost")
    with store.begin() as uow:
        plan = begin_advance(uow, search.id, later(121), hold_s=30)
        assert plan is not None
        assert plan.search.state_reason.code == "no_completed_trials"


def test_the_sweeper_rings_for_what_nobody_answered(store: Store) -> None:
    search = new_search(store)
    with store.begin() as uow:
        assert sweep(uow, later(1), ring_after_s=10).advance == (search.id,)
        assert sweep(uow, later(2), ring_after_s=10).advance == ()
    trial_ids = queue_trials(store, search, proposals(2), later(3))
    with store.begin() as uow:
        assert sweep(uow, later(4), ring_after_s=10).train == ()
        assert sweep(uow, later(14), ring_after_s=10).train == tuple(trial_ids)


def test_a_released_trial_waits_for_another_worker(store: Store) -> None:
    search = new_search(store)
    (trial_id, _) = queue_trials(store, search, proposals(2))
    held = claim(store, trial_id)
    with store.begin() as uow:
        release_trial(uow, held.lease, later(1))
        assert uow.trials.get(trial_id).state == TrialState.QUEUED
        assert trial_id in sweep(uow, later(1), ring_after_s=10).train


def test_cancelling_reaches_queued_and_running_trials(store: Store) -> None:
    search = new_search(store)
    running, queued = queue_trials(store, search, proposals(2))
    held = claim(store, running)
    with store.begin() as uow:
        assert cancel_search(uow, search.id, later(1)).state == SearchState.CANCELLED
        again = cancel_search(uow, search.id, later(2))
        assert again.finished_at == later(1)
        assert uow.trials.get(queued).state == TrialState.CANCELLED
    with pytest.raises(TrialInterrupted, match="cancelled"), store.begin() as uow:
        heartbeat(uow, held.lease, later(2), 15)
    with store.begin() as uow:
        cancel_held_trial(uow, held.lease, later(2))
        assert uow.trials.get(running).state == TrialState.CANCELLED


def test_a_result_after_the_end_of_the_search_is_dropped(store: Store) -> None:
    search = new_search(store)
    held = claim(store, queue_trials(store, search, proposals(1))[0])
    with store.begin() as uow:
        cancel_search(uow, search.id, later(1))
    complete(store, held, 0.99, later(2))
    with store.read() as uow:
        assert uow.trials.get(held.trial.id).state == TrialState.CANCELLED
        assert uow.trials.front(search.id) == []
        assert uow.artifacts.of_trials([held.trial.id]) == {}


def test_over_budget_results_stay_off_the_front(store: Store) -> None:
    search = new_search(store, budgets={"size_bytes": 1.0})
    complete(store, claim(store, queue_trials(store, search, proposals(1))[0]), 0.99)
    with store.read() as uow:
        assert uow.trials.front(search.id) == []
        assert uow.searches.get(search.id).hypervolume == 0.0


def test_an_optimizer_that_keeps_failing_fails_the_search(store: Store) -> None:
    search = new_search(store)
    for attempt in range(3):
        with store.begin() as uow:
            plan = begin_advance(uow, search.id, later(attempt), hold_s=30)
            assert plan is not None
            ended = record_failed_ask(uow, plan, "singular matrix", later(attempt))
    assert ended.state == SearchState.FAILED
    assert ended.state_reason.message == "singular matrix"


def test_an_exhausted_space_ends_the_search(store: Store) -> None:
    search = new_search(store)
    (trial_id,) = queue_trials(store, search, proposals(1))
    complete(store, claim(store, trial_id), 0.9)
    assert queue_trials(store, search, []) == []
    with store.read() as uow:
        ended = uow.searches.get(search.id)
    assert (ended.state, ended.state_reason.code) == (SearchState.REFINING, "space_exhausted")


def test_wall_time_ends_the_search(store: Store) -> None:
    search = new_search(store, limits=Limits(max_trials=100, wall_time_s=60.0))
    for trial_id in queue_trials(store, search, proposals(2)):
        complete(store, claim(store, trial_id), 0.9)
    with store.begin() as uow:
        plan = begin_advance(uow, search.id, later(61), hold_s=30)
        assert plan is not None
        assert plan.search.state_reason.code == "wall_time"


def test_events_resume_after_any_id(store: Store) -> None:
    search = new_search(store)
    queue_trials(store, search, proposals(2))
    with store.read() as uow:
        events = uow.events.after(search.id, 0, 100)
        for position, event in enumerate(events):
            assert uow.events.after(search.id, event.id, 100) == events[position + 1 :]
        assert uow.events.last_id(search.id) == events[-1].id


def test_pages_of_searches_are_newest_first(store: Store) -> None:
    ids = [new_search(store).id for _ in range(5)]
    with store.read() as uow:
        first = uow.searches.page(2)
        rest = uow.searches.page(10, before_id=first[-1].id)
    assert {s.id for s in first + rest} == set(ids)
    assert [s.id for s in first + rest] == sorted(ids, reverse=True)


def test_pages_of_trials_go_by_number(store: Store) -> None:
    search = new_search(store, limits=Limits(max_trials=5, max_parallel=5))
    trial_ids = queue_trials(store, search, proposals(5))
    claim(store, trial_ids[3])
    with store.read() as uow:
        assert [t.number for t in uow.trials.page(search.id, 2, after_number=1)] == [2, 3]
        running = uow.trials.page(search.id, 10, state=TrialState.RUNNING)
        assert [t.id for t in running] == [trial_ids[3]]


def test_workers_come_and_go(store: Store) -> None:
    worker = Worker(
        id="wrk_1",
        kind="train",
        host="here",
        pid=1,
        device="cpu",
        trial_id=None,
        started_at=NOW,
        last_seen_at=NOW,
    )
    with store.begin() as uow:
        uow.workers.seen(worker)
        uow.workers.seen(replace(worker, last_seen_at=later(5)))
        assert uow.workers.all() == [replace(worker, last_seen_at=later(5))]
        uow.workers.gone("wrk_1")
        uow.workers.gone("wrk_1")
        assert uow.workers.all() == []


def test_a_result_keeps_its_artifact(store: Store) -> None:
    search = new_search(store)
    held = claim(store, queue_trials(store, search, proposals(1))[0])
    complete(store, held, 0.9)
    with store.read() as uow:
        trial = uow.trials.get(held.trial.id)
        assert trial.artifact_id is not None
        artifact = uow.artifacts.get(trial.artifact_id)
    assert (artifact.trial_id, artifact.size_bytes) == (trial.id, trial.costs["size_bytes"])
    with pytest.raises(StaleLeaseError), store.begin() as uow:
        complete_trial(uow, held.lease, {"accuracy": 1.0}, artifact, NOW)
