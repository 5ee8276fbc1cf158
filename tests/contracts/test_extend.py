"""Searches that go on after their end, and trials cancelled alone, on each kind of database."""

from dataclasses import replace

import pytest

from search.entities import Limits, Progress, Search
from search.errors import InvalidRequestError, StaleLeaseError, TransitionError, TrialInterrupted
from search.states import SearchState, TrialState
from search.store import Store
from search.use_cases.advance import begin_advance, record_proposals
from search.use_cases.extend import extend_search
from search.use_cases.leases import cancel_held_trial, heartbeat
from search.use_cases.results import finish_refining, record_test_accuracy, report_progress
from search.use_cases.searches import cancel_search, resume_search
from search.use_cases.sweep import sweep
from search.use_cases.trials import cancel_one_trial
from tests.contracts.invariants import check_invariants
from tests.service import claim, complete, later, new_search, proposals, queue_trials

LIMITS = Limits(max_trials=2, max_parallel=2, wall_time_s=100.0)


def _succeeded(store: Store) -> Search:
    search = new_search(store, limits=LIMITS)
    for i, trial_id in enumerate(queue_trials(store, search, proposals(2))):
        complete(store, claim(store, trial_id), 0.5 + i / 10)
    with store.begin() as uow:
        begin_advance(uow, search.id, later(10), hold_s=30)
        for trial in uow.trials.front(search.id):
            record_test_accuracy(uow, trial.id, 340, 360, later(11))
        ended = finish_refining(uow, search.id, later(12))
    assert ended.state == SearchState.SUCCEEDED
    return ended


def test_a_finished_search_runs_again_with_all_it_knows(store: Store) -> None:
    search = _succeeded(store)
    with pytest.raises(TransitionError), store.begin() as uow:
        resume_search(uow, search.id, later(13))
    with store.begin() as uow:
        longer = extend_search(uow, search.id, trials=1, wall_time_s=0, now=later(20))
        assert longer.limits == replace(LIMITS, max_trials=3)
        assert (longer.state, longer.finished_at) == (SearchState.RUNNING, None)
        assert sweep(uow, later(20), ring_after_s=600).advance == (search.id,)
        plan = begin_advance(uow, search.id, later(20), hold_s=30)
        assert plan is not None
        assert [o.status for o in plan.history.observations] == ["completed"] * 2
        (third,) = record_proposals(uow, plan, proposals(3)[2:], later(21))
    complete(store, claim(store, third, at=later(22)), 0.99, later(23))
    with store.begin() as uow:
        begin_advance(uow, search.id, later(24), hold_s=30)
        measured = [t.id for t in uow.trials.of_search(search.id) if "test_accuracy" in t.metrics]
        assert third not in measured
        record_test_accuracy(uow, third, 350, 360, later(25))
        assert finish_refining(uow, search.id, later(26)).state == SearchState.SUCCEEDED
    check_invariants(store, search.id)


def test_time_is_added_to_its_end_or_to_now(store: Store) -> None:
    search = new_search(store, limits=LIMITS)
    with store.begin() as uow:
        extend_search(uow, search.id, trials=0, wall_time_s=50, now=later(10))
        assert uow.searches.get(search.id).limits.wall_time_s == 150
        extend_search(uow, search.id, trials=0, wall_time_s=50, now=later(1000))
        assert uow.searches.get(search.id).limits.wall_time_s == 1050
        assert uow.searches.get(search.id).state == SearchState.QUEUED
    check_invariants(store, search.id)


@pytest.mark.parametrize(
    ("trials", "wall_time_s", "at", "pointer"),
    [(0, 10, 20, "/trials"), (4, 0, 200, "/wall_time_s"), (99_999, 0, 20, "/trials")],
)
def test_what_would_end_again_at_once_is_refused(
    store: Store, trials: int, wall_time_s: float, at: float, pointer: str
) -> None:
    search = _succeeded(store)
    with pytest.raises(InvalidRequestError) as caught, store.begin() as uow:
        extend_search(uow, search.id, trials=trials, wall_time_s=wall_time_s, now=later(at))
    assert [problem.pointer for problem in caught.value.problems] == [pointer]
    with store.read() as uow:
        assert uow.searches.get(search.id) == search


def test_a_search_without_wall_time_gets_none_by_extending(store: Store) -> None:
    search = new_search(store)
    with pytest.raises(InvalidRequestError, match="no wall time limit"), store.begin() as uow:
        extend_search(uow, search.id, trials=1, wall_time_s=5, now=later(1))


def test_a_cancelled_search_goes_on_and_its_cancelled_trials_teach_nothing(store: Store) -> None:
    search = new_search(store, limits=LIMITS)
    queue_trials(store, search, proposals(2))
    with store.begin() as uow:
        cancel_search(uow, search.id, later(1))
        extend_search(uow, search.id, trials=2, wall_time_s=0, now=later(2))
        plan = begin_advance(uow, search.id, later(3), hold_s=30)
    assert plan is not None
    assert plan.n_wanted == 2
    assert [o.status for o in plan.history.observations] == ["cancelled"] * 2
    check_invariants(store, search.id)


def test_a_running_trial_is_cancelled_alone(store: Store) -> None:
    search = new_search(store, limits=Limits(max_trials=4, max_parallel=2))
    trial_id, other = queue_trials(store, search, proposals(2))
    held = claim(store, trial_id)
    with store.begin() as uow:
        cancelled = cancel_one_trial(uow, trial_id, later(1))
        assert (cancelled.state, cancelled.worker_id) == (TrialState.CANCELLED, None)
        assert cancelled.state_reason is not None
        assert cancelled.state_reason.code == "cancelled_by_user"
        assert cancel_one_trial(uow, trial_id, later(2)) == cancelled
        assert uow.trials.get(other).state == TrialState.QUEUED
        assert sweep(uow, later(2), ring_after_s=600).advance == (search.id,)
    for write in (
        lambda uow: heartbeat(uow, held.lease, later(3), 15),
        lambda uow: report_progress(
            uow, held.lease, Progress(phase="float", epoch=1, n_epochs=1), later(3)
        ),
    ):
        with pytest.raises(TrialInterrupted) as caught, store.begin() as uow:
            write(uow)
        assert caught.value.why == "cancelled"
    with store.begin() as uow:
        cancel_held_trial(uow, held.lease, later(4))  # what its worker then does
        assert uow.trials.get(trial_id) == cancelled
    with pytest.raises(StaleLeaseError):
        complete(store, held, 0.9, later(5))
    complete(store, claim(store, other, at=later(6)), 0.9, later(7))
    with store.begin() as uow:
        done = uow.trials.get(other)
        assert cancel_one_trial(uow, other, later(8)) == done
    check_invariants(store, search.id)
