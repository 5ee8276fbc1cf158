"""Limits on computing and on what is worth it, through pauses and lost workers."""

from dataclasses import replace
from datetime import datetime

import pytest

from search.entities import ExpectedGain, Limits, Reason, Search
from search.errors import InvalidRequestError
from search.states import SearchState, TrialState
from search.store import Store
from search.use_cases.advance import AdvancePlan, begin_advance, record_proposals
from search.use_cases.extend import extend_search
from search.use_cases.leases import PAUSED, claim_trial, release_trial
from search.use_cases.searches import pause_search, resume_search
from search.use_cases.sweep import sweep
from tests.contracts.invariants import check_invariants
from tests.service import NOW, claim, complete, later, new_search, proposals, queue_trials

COMPUTE = Limits(max_trials=100, max_parallel=2, compute_s=60.0)


def _get(store: Store, search: Search) -> Search:
    with store.read() as uow:
        return uow.searches.get(search.id)


def _advance(store: Store, search: Search, at: datetime) -> AdvancePlan | None:
    with store.begin() as uow:
        return begin_advance(uow, search.id, at, hold_s=30)


def _state(search: Search) -> tuple[SearchState, str]:
    return search.state, search.state_reason.code


def test_trials_share_a_limit_of_seconds_and_none_starts_behind_it(store: Store) -> None:
    search = new_search(store, limits=COMPUTE)
    first, second = queue_trials(store, search, proposals(2))
    held = claim(store, first)
    with store.begin() as uow:
        assert claim_trial(uow, second, "worker-2", later(60), lease_s=15) is None
        other = claim_trial(uow, second, "worker-2", later(59), lease_s=15)
    assert other is not None
    complete(store, held, 0.9, later(61))
    assert _advance(store, search, later(61)) is None
    complete(store, other, 0.8, later(64))
    _advance(store, search, later(65))
    ended = _get(store, search)
    assert ended.compute_seconds == 61 + 5
    assert _state(ended) == (SearchState.REFINING, "compute_time")
    assert ended.state_reason.message == "its trials have taken 66 s of 60 s"
    check_invariants(store, search.id)


def test_what_waits_behind_the_limit_is_cancelled(store: Store) -> None:
    search = new_search(store, limits=COMPUTE)
    first, second = queue_trials(store, search, proposals(2))
    complete(store, claim(store, first), 0.9, later(60))
    with store.begin() as uow:
        assert sweep(uow, later(61), ring_after_s=10).advance == (search.id,)
    _advance(store, search, later(61))
    with store.read() as uow:
        waiting = uow.trials.get(second)
    assert waiting.state == TrialState.CANCELLED
    assert waiting.state_reason is not None
    assert waiting.state_reason.code == "compute_time"
    assert _state(_get(store, search)) == (SearchState.REFINING, "compute_time")
    check_invariants(store, search.id)


def test_seconds_before_a_pause_and_of_lost_workers_count(store: Store) -> None:
    search = new_search(store, limits=COMPUTE)
    first, second = queue_trials(store, search, proposals(2))
    held = claim(store, first)
    with store.begin() as uow:
        pause_search(uow, search.id, later(10))
        release_trial(uow, held.lease, later(12), PAUSED)
    assert _get(store, search).compute_seconds == 12
    with store.begin() as uow:
        resume_search(uow, search.id, later(1000))
    claim(store, first, at=later(1000))
    with store.begin() as uow:
        sweep(uow, later(1040), ring_after_s=10)  # its lease ended at 1015
    assert _get(store, search).compute_seconds == 52
    complete(store, claim(store, second, at=later(1040)), 0.9, later(1048))
    _advance(store, search, later(1050))
    with store.read() as uow:
        assert uow.trials.get(first).state == TrialState.CANCELLED
    assert _state(_get(store, search)) == (SearchState.REFINING, "compute_time")
    check_invariants(store, search.id)


def test_computing_is_extended_from_what_was_taken(store: Store) -> None:
    search = new_search(store, limits=COMPUTE)
    complete(store, claim(store, queue_trials(store, search, proposals(1))[0]), 0.9, later(70))
    with pytest.raises(InvalidRequestError) as caught, store.begin() as uow:
        extend_search(uow, search.id, trials=1, wall_time_s=0, now=later(71))
    assert [problem.pointer for problem in caught.value.problems] == ["/compute_s"]
    with store.begin() as uow:
        longer = extend_search(uow, search.id, trials=0, wall_time_s=0, compute_s=30, now=later(71))
    assert longer.limits == replace(COMPUTE, compute_s=100.0)
    other = new_search(store)
    with pytest.raises(InvalidRequestError, match="no limit of computing"), store.begin() as uow:
        extend_search(uow, other.id, trials=0, wall_time_s=0, compute_s=1, now=NOW)


GAIN = Limits(max_trials=100, max_parallel=1, min_gain_per_hour=0.5)


class _Searching:
    """One search of which each trial takes ten seconds, an hour's 360th part."""

    def __init__(self, store: Store, limits: Limits = GAIN) -> None:
        self.store = store
        self.search = new_search(store, limits=limits)
        self.left = proposals(20)
        self.seconds = 0.0

    def trial(self, gain: float | None) -> bool:
        """Ask for one and train it; whether there was one."""
        created = self.ask(gain)
        for trial_id in created:
            self.train(trial_id)
        return bool(created)

    def ask(self, gain: float | None, n: int = 1) -> list[str]:
        """Record ``n`` proposals of which the first promises a gain."""
        found = [self.left.pop() for _ in range(n)]
        found[0] = replace(found[0], expected_gain=gain)
        plan = _advance(self.store, self.search, later(self.seconds))
        assert plan is not None
        with self.store.begin() as uow:
            return record_proposals(uow, plan, found, later(self.seconds))

    def train(self, trial_id: str) -> None:
        held = claim(self.store, trial_id, at=later(self.seconds))
        self.seconds += 10
        complete(self.store, held, 0.9, later(self.seconds))

    def gain(self) -> ExpectedGain:
        """Return what the newest ask promised."""
        gain = self.now().expected_gain
        assert gain is not None
        return gain

    def now(self) -> Search:
        return _get(self.store, self.search)


def test_a_search_whose_next_trial_is_worth_too_little_ends(store: Store) -> None:
    searching = _Searching(store)
    for gain in (None, 0.01, 0.001, 0.001, 0.01, 0.001, 0.0005):
        assert searching.trial(gain)
    gain = searching.gain()
    assert (gain.hypervolume, gain.trial_seconds, gain.n_low) == (0.0005, 10, 2)
    assert gain.per_hour == pytest.approx(0.18)
    with store.begin() as uow:  # neither a pause nor another process forgets it
        pause_search(uow, searching.search.id, later(searching.seconds))
        resume_search(uow, searching.search.id, later(searching.seconds))
    assert not searching.trial(0.0001)
    ended = searching.now()
    assert _state(ended) == (SearchState.REFINING, "low_gain")
    assert ended.state_reason == Reason(
        code="low_gain",
        message="the next trial is expected to gain a hypervolume of 0.0001 in 10 s, "
        "0.036 per hour; 0.5 was asked for",
    )
    check_invariants(store, ended.id)
    with store.begin() as uow:
        extend_search(uow, ended.id, trials=1, wall_time_s=0, now=later(searching.seconds))
    assert searching.trial(0.0001)
    assert searching.gain().n_low == 1


def test_trials_in_flight_end_before_a_search_that_is_worth_too_little(store: Store) -> None:
    searching = _Searching(store, replace(GAIN, max_parallel=2))
    done, running = searching.ask(None, 2)
    held = claim(store, running)
    searching.train(done)
    for n_low in (1, 2):
        (trial_id,) = searching.ask(0.0)
        searching.train(trial_id)
        assert searching.gain().n_low == n_low
    assert searching.ask(0.0) == []
    assert searching.now().state == SearchState.RUNNING
    assert _advance(store, searching.search, later(60)) is None
    complete(store, held, 0.95, later(70))
    assert _advance(store, searching.search, later(71)) is not None
    assert _state(searching.now()) == (SearchState.REFINING, "low_gain")
    check_invariants(store, searching.search.id)


def test_without_a_bound_the_gain_is_kept_and_ends_nothing(store: Store) -> None:
    searching = _Searching(store, Limits(max_trials=100, max_parallel=1))
    for gain in (None, 0.0, 0.0, 0.0, 0.0):
        assert searching.trial(gain)
    gain = searching.gain()
    assert (gain.per_hour, gain.n_low) == (0.0, 0)
