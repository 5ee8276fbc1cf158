"""Holds on trials: claims, fences, losses, cancelling, on both databases."""

import pytest

from search.entities import Limits, Progress
from search.errors import StaleLeaseError, TrialInterrupted
from search.states import SearchState, TrialState
from search.store import Store
from search.use_cases.advance import begin_advance
from search.use_cases.leases import cancel_held_trial, heartbeat, release_trial
from search.use_cases.results import fail_trial, report_progress
from search.use_cases.searches import cancel_search
from search.use_cases.sweep import sweep
from tests.contracts.invariants import check_invariants
from tests.service import claim, complete, later, new_search, proposals, queue_trials


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
    progress = Progress(phase="qat", epoch=1, n_epochs=2)
    with pytest.raises(TrialInterrupted, match="cancelled"), store.begin() as uow:
        report_progress(uow, held.lease, progress, later(2))
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


def test_a_result_is_recorded_once(store: Store) -> None:
    search = new_search(store)
    held = claim(store, queue_trials(store, search, proposals(1))[0])
    complete(store, held, 0.9)
    with store.read() as uow:
        recorded = uow.trials.get(held.trial.id)
        last_event = uow.events.last_id(search.id)
    # the worker did not hear that it worked, and tries again
    complete(store, held, 0.9)
    # nobody else's file takes its place
    with pytest.raises(StaleLeaseError):
        complete(store, held, 0.95, sha256="1" * 64)
    with store.read() as uow:
        assert uow.trials.get(held.trial.id) == recorded
        assert uow.events.last_id(search.id) == last_event


def test_hand_overs_are_no_losses(store: Store) -> None:
    search = new_search(store, limits=Limits(max_trials=2, max_parallel=2, max_attempts=2))
    (trial_id, _) = queue_trials(store, search, proposals(2))
    for hour in range(3):
        held = claim(store, trial_id, at=later(hour))
        with store.begin() as uow:
            release_trial(uow, held.lease, later(hour))
    claim(store, trial_id, at=later(10))
    with store.begin() as uow:
        sweep(uow, later(60), ring_after_s=10)
        trial = uow.trials.get(trial_id)
    assert (trial.state, trial.attempt, trial.times_lost) == (TrialState.QUEUED, 4, 1)
    check_invariants(store, search.id)


def test_a_worker_drained_after_the_end_leaves_no_queued_trial(store: Store) -> None:
    search = new_search(store)
    held = claim(store, queue_trials(store, search, proposals(1))[0])
    with store.begin() as uow:
        cancel_search(uow, search.id, later(1))
        release_trial(uow, held.lease, later(2))
    check_invariants(store, search.id)


def test_a_worker_lost_after_the_end_leaves_no_running_trial(store: Store) -> None:
    search = new_search(store)
    held = claim(store, queue_trials(store, search, proposals(1))[0])
    with store.begin() as uow:
        cancel_search(uow, search.id, later(1))
        assert sweep(uow, later(60), ring_after_s=10).train == ()
        assert uow.trials.get(held.trial.id).state == TrialState.CANCELLED
    check_invariants(store, search.id)


def test_a_heartbeat_keeps_the_sweeper_away(store: Store) -> None:
    search = new_search(store)
    held = claim(store, queue_trials(store, search, proposals(1))[0])
    with store.begin() as uow:
        renewed = heartbeat(uow, held.lease, later(14), 15)
        assert renewed.expires_at == later(29)
        sweep(uow, later(20), ring_after_s=10)
        assert uow.trials.get(held.trial.id).state == TrialState.RUNNING


def test_progress_is_kept_and_a_loss_that_is_not_finite_left_out(store: Store) -> None:
    search = new_search(store)
    held = claim(store, queue_trials(store, search, proposals(1))[0])
    progress = Progress(phase="float", epoch=1, n_epochs=2, train_loss=float("inf"))
    with store.begin() as uow:
        report_progress(uow, held.lease, progress, later(1))
        kept = uow.trials.get(held.trial.id).progress
        event = uow.events.after(search.id, 0, 100)[-1]
    assert kept == Progress(phase="float", epoch=1, n_epochs=2)
    assert (event.type, event.payload["epoch"]) == ("trial.progress", 1)
