"""Replicates: the same candidate again, one point on the front, on each kind of database."""

import pytest
from alembic import command

from db.migrate import alembic_config, upgrade
from db.store import open_store
from search.entities import Limits, Trial
from search.errors import InvalidRequestError, TransitionError
from search.states import SearchState, TrialState
from search.store import Store
from search.use_cases.advance import begin_advance, record_proposals
from search.use_cases.extend import extend_search
from search.use_cases.results import fail_trial, finish_refining
from search.use_cases.searches import cancel_search
from search.use_cases.trials import replicate_trial
from tests.contracts.invariants import check_invariants
from tests.service import claim, complete, later, new_search, proposals, queue_trials

LIMITS = Limits(max_trials=2, max_parallel=2)


def _replicate(store: Store, trial_id: str, seed: int | None = None, at: float = 5) -> Trial:
    with store.begin() as uow:
        return replicate_trial(uow, trial_id, seed, later(at))


def test_a_replicate_is_the_same_candidate_with_another_seed(store: Store) -> None:
    search = new_search(store, limits=LIMITS)
    first, second = queue_trials(store, search, proposals(2))
    with store.read() as uow:
        original = uow.trials.get(first)
    again = _replicate(store, first)
    third = _replicate(store, again.id, seed=77)
    assert [again.number, third.number] == [3, 4]
    assert [again.replicate, third.replicate] == [1, 2]
    assert again.replicate_of == third.replicate_of == first
    assert len({original.seed, again.seed, third.seed}) == 3
    for trial in (again, third):
        assert (trial.candidate_hash, trial.genes, trial.layers, trial.costs) == (
            original.candidate_hash,
            original.genes,
            original.layers,
            original.costs,
        )
    with store.begin() as uow:
        found = uow.searches.get(search.id)
        assert (found.limits.max_trials, found.trial_counts) == (4, {TrialState.QUEUED: 4})
        assert [t.id for t in uow.trials.of_candidate(search.id, original.candidate_hash)] == [
            first,
            again.id,
            third.id,
        ]
    for seed in (77, original.seed):
        with pytest.raises(InvalidRequestError, match="it would repeat"):
            _replicate(store, first, seed=seed)
    assert _replicate(store, second, seed=77).seed == 77
    check_invariants(store, search.id)


def test_a_replicate_of_a_trial_under_way_is_held_by_nobody(store: Store) -> None:
    search = new_search(store, limits=LIMITS)
    first, _ = queue_trials(store, search, proposals(2))
    held = claim(store, first, at=later(10))
    again = _replicate(store, first, at=20)
    with store.read() as uow:
        assert uow.trials.get(first).held_since == later(10)
        stored = uow.trials.get(again.id)
    assert (stored.state, stored.held_since, stored.lease_expires_at) == (
        TrialState.QUEUED,
        None,
        None,
    )
    check_invariants(store, search.id)
    complete(store, held, 0.5, later(30))
    with store.read() as uow:
        assert uow.searches.get(search.id).compute_seconds == 20
    complete(store, claim(store, again.id, at=later(40)), 0.6, later(47))
    with store.read() as uow:
        assert uow.searches.get(search.id).compute_seconds == 27
    check_invariants(store, search.id)


def test_the_first_completed_trial_stands_on_the_front(store: Store) -> None:
    search = new_search(store, limits=LIMITS)
    first, _ = queue_trials(store, search, proposals(2))
    again = _replicate(store, first)
    complete(store, claim(store, first), 0.5)
    complete(store, claim(store, again.id), 0.9)  # would push the first out if it counted
    with store.read() as uow:
        assert [trial.id for trial in uow.trials.front(search.id)] == [first]
        assert [*uow.trials.replicated(search.id).values()] == [[0.5, 0.9]]
    check_invariants(store, search.id)


def test_a_replicate_stands_where_the_first_failed(store: Store) -> None:
    search = new_search(store, limits=LIMITS)
    first, _ = queue_trials(store, search, proposals(2))
    again, third = _replicate(store, first), _replicate(store, first)
    held = claim(store, first)
    with store.begin() as uow:
        fail_trial(uow, held.lease, "diverged", "nan", later(6))
    complete(store, claim(store, third.id), 0.6)
    complete(store, claim(store, again.id), 0.9)
    with store.read() as uow:
        assert [trial.id for trial in uow.trials.front(search.id)] == [third.id]
    check_invariants(store, search.id)


def test_the_optimizer_sees_every_measurement_and_proposes_nothing_twice(store: Store) -> None:
    search = new_search(store, limits=LIMITS)
    first, second = queue_trials(store, search, proposals(2))
    again = _replicate(store, first)
    for trial_id, accuracy in ((first, 0.5), (again.id, 0.7), (second, 0.8)):
        complete(store, claim(store, trial_id), accuracy)
    with store.begin() as uow:
        extend_search(uow, search.id, trials=1, wall_time_s=0, now=later(9))
        plan = begin_advance(uow, search.id, later(10), hold_s=30)
        assert plan is not None
        seen = plan.history.observations
        assert [o.values["accuracy"] for o in seen if o.values] == [0.5, 0.8, 0.7]
        assert seen[0].candidate_hash == seen[2].candidate_hash
        assert len(record_proposals(uow, plan, proposals(3), later(11))) == 1
    check_invariants(store, search.id)


def test_a_search_that_succeeded_runs_again_for_it_and_only_for_it(store: Store) -> None:
    search = new_search(store, limits=LIMITS)
    trial_ids = queue_trials(store, search, proposals(2))
    for trial_id in trial_ids:
        complete(store, claim(store, trial_id), 0.5)
    with store.begin() as uow:
        begin_advance(uow, search.id, later(10), hold_s=30)
        finish_refining(uow, search.id, later(11))
    again = _replicate(store, trial_ids[0], at=20)
    with store.begin() as uow:
        assert uow.searches.get(search.id).state == SearchState.RUNNING
        assert begin_advance(uow, search.id, later(21), hold_s=30) is None
    complete(store, claim(store, again.id, at=later(22)), 0.6, later(23))
    with store.begin() as uow:
        plan = begin_advance(uow, search.id, later(24), hold_s=30)
        assert plan is not None
        assert plan.search.state == SearchState.REFINING
    check_invariants(store, search.id)


def test_a_cancelled_search_takes_none_until_it_is_extended(store: Store) -> None:
    search = new_search(store, limits=Limits(max_trials=2, max_parallel=2, wall_time_s=60))
    first, _ = queue_trials(store, search, proposals(2))
    with store.begin() as uow:
        cancel_search(uow, search.id, later(1))
    with pytest.raises(TransitionError):
        _replicate(store, first, at=2)
    with store.begin() as uow:
        extend_search(uow, search.id, trials=1, wall_time_s=0, now=later(3))
    with pytest.raises(InvalidRequestError, match="time is over"):
        _replicate(store, first, at=61)
    assert _replicate(store, first, at=4).state == TrialState.QUEUED
    check_invariants(store, search.id)


def test_the_migration_goes_back_with_replicates(database_url: str) -> None:
    store = open_store(database_url)
    search = new_search(store, limits=LIMITS)
    first, _ = queue_trials(store, search, proposals(2))
    _replicate(store, first)
    store.close()
    command.downgrade(alembic_config(database_url), "0004")
    upgrade(database_url)
    store = open_store(database_url)
    with store.read() as uow:
        trials = uow.trials.of_search(search.id)
    assert [trial.number for trial in trials] == [1, 2, 3]
    assert len({trial.candidate_hash for trial in trials}) == 3
    store.close()
