"""Pausing and resuming a search, on each kind of database."""

import pytest

from search.entities import Limits
from search.errors import TransitionError, TrialInterrupted
from search.states import SearchState, TrialState
from search.store import Store
from search.use_cases.advance import begin_advance, record_proposals
from search.use_cases.leases import PAUSED, claim_trial, heartbeat, release_trial
from search.use_cases.searches import cancel_search, pause_search, resume_search
from search.use_cases.sweep import sweep
from tests.contracts.invariants import check_invariants
from tests.service import claim, complete, later, new_search, proposals, queue_trials

LIMITS = Limits(max_trials=4, max_parallel=2)


def test_nothing_starts_while_a_search_is_paused(store: Store) -> None:
    search = new_search(store, limits=LIMITS)
    held, waiting = queue_trials(store, search, proposals(2))
    claimed = claim(store, held)
    with store.begin() as uow:
        assert pause_search(uow, search.id, later(1)).state == SearchState.PAUSED
        assert pause_search(uow, search.id, later(1)).state == SearchState.PAUSED
    with store.begin() as uow:
        assert claim_trial(uow, waiting, "worker-2", later(2), lease_s=15) is None
        assert begin_advance(uow, search.id, later(2), hold_s=30) is None
    with pytest.raises(TrialInterrupted) as caught, store.begin() as uow:
        heartbeat(uow, claimed.lease, later(2), 15)
    assert caught.value.why == "paused"
    with store.begin() as uow:
        release_trial(uow, claimed.lease, later(3), PAUSED)
        trial = uow.trials.get(held)
        rings = sweep(uow, later(600), ring_after_s=1)
    assert (trial.state, trial.times_lost, trial.state_reason) == (TrialState.QUEUED, 0, PAUSED)
    assert (rings.advance, rings.train) == ((), ())
    with store.begin() as uow:
        assert resume_search(uow, search.id, later(601)).state == SearchState.RUNNING
        assert resume_search(uow, search.id, later(601)).state == SearchState.RUNNING
        assert sorted(sweep(uow, later(601), ring_after_s=600).train) == sorted([held, waiting])
    complete(store, claim(store, held, at=later(602)), 0.9, later(603))
    check_invariants(store, search.id)


def test_candidates_asked_for_before_a_pause_come_too_late(store: Store) -> None:
    search = new_search(store, limits=LIMITS)
    with store.begin() as uow:
        plan = begin_advance(uow, search.id, later(0), hold_s=300)
        assert plan is not None
        pause_search(uow, search.id, later(1))
        resume_search(uow, search.id, later(2))
        assert record_proposals(uow, plan, proposals(2), later(3)) == []
        again = begin_advance(uow, search.id, later(4), hold_s=300)
        assert again is not None
        assert len(record_proposals(uow, again, proposals(2), later(5))) == 2
        assert uow.searches.schedule(search.id).failed_asks == 0


def test_a_pause_is_no_loss_for_a_worker_that_stopped_renewing(store: Store) -> None:
    search = new_search(store, limits=Limits(max_trials=1, max_parallel=1, max_attempts=1))
    (trial_id,) = queue_trials(store, search, proposals(1))
    claim(store, trial_id)
    with store.begin() as uow:
        pause_search(uow, search.id, later(1))
        sweep(uow, later(60), ring_after_s=10)
        trial = uow.trials.get(trial_id)
    assert (trial.state, trial.times_lost) == (TrialState.QUEUED, 0)
    check_invariants(store, search.id)


def test_results_of_a_paused_search_count(store: Store) -> None:
    search = new_search(store, limits=LIMITS)
    (trial_id, _) = queue_trials(store, search, proposals(2))
    claimed = claim(store, trial_id)
    with store.begin() as uow:
        pause_search(uow, search.id, later(1))
    complete(store, claimed, 0.9, later(2))
    check_invariants(store, search.id)
    with store.begin() as uow:
        assert cancel_search(uow, search.id, later(3)).state == SearchState.CANCELLED
    check_invariants(store, search.id)
    for change in (pause_search, resume_search):
        with pytest.raises(TransitionError), store.begin() as uow:
            change(uow, search.id, later(4))
