"""Topping up, and every way in which a search comes to its end, on both databases."""

from dataclasses import replace
from itertools import islice

import pytest

from search.entities import Limits
from search.errors import ArtifactMismatchError, DivergedError
from search.states import SearchState, TrialState
from search.store import Store
from search.use_cases.advance import (
    NO_HISTORY,
    begin_advance,
    record_failed_ask,
    record_proposals,
)
from search.use_cases.leases import claim_trial
from search.use_cases.results import finish_refining, record_test_accuracy
from search.use_cases.sweep import sweep
from tests.contracts.invariants import check_invariants, front_as_of
from tests.service import NOW, claim, complete, later, new_search, proposals, queue_trials


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
    check_invariants(store, search.id)


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


def test_over_budget_results_stay_off_the_front(store: Store) -> None:
    search = new_search(store, budgets={"size_bytes": 1.0})
    complete(store, claim(store, queue_trials(store, search, proposals(1))[0]), 0.99)
    with store.read() as uow:
        assert uow.trials.front(search.id) == []
        assert uow.searches.get(search.id).hypervolume == 0.0


def test_wall_time_leaves_no_trial_to_start(store: Store) -> None:
    search = new_search(store, limits=Limits(max_trials=100, wall_time_s=60.0))
    running, queued = queue_trials(store, search, proposals(2))
    held = claim(store, running, at=later(50))
    with store.begin() as uow:
        assert claim_trial(uow, queued, "worker-2", later(61), lease_s=15) is None
        assert sweep(uow, later(62), ring_after_s=10).advance == (search.id,)
        assert begin_advance(uow, search.id, later(62), hold_s=30) is None
        late = uow.trials.get(queued)
    assert late.state == TrialState.CANCELLED
    assert late.state_reason is not None
    assert late.state_reason.code == "wall_time"
    complete(store, held, 0.9, later(63))
    with store.begin() as uow:
        plan = begin_advance(uow, search.id, later(64), hold_s=30)
        assert plan is not None
        assert plan.search.state == SearchState.REFINING
    check_invariants(store, search.id)


def test_an_optimizer_that_kills_its_worker_fails_the_search(store: Store) -> None:
    search = new_search(store)
    for taken_over in range(3):
        with store.begin() as uow:
            plan = begin_advance(uow, search.id, later(31 * taken_over), hold_s=30)
            assert plan is not None
            assert plan.n_wanted == 2
    with store.begin() as uow:
        plan = begin_advance(uow, search.id, later(31 * 3), hold_s=30)
        assert plan is not None
        assert plan.n_wanted == 0
    assert plan.search.state_reason.code == "optimizer_error"
    check_invariants(store, search.id)


def test_an_optimizer_that_repeats_itself_fails_the_search(store: Store) -> None:
    search = new_search(store, limits=Limits(max_trials=8, max_parallel=4))
    queue_trials(store, search, proposals(2) * 2)
    for _ in range(3):
        assert queue_trials(store, search, proposals(2)) == []
    with store.read() as uow:
        ended = uow.searches.get(search.id)
        assert ended.trial_counts == {TrialState.CANCELLED: 2}
    assert (ended.state, ended.state_reason.code) == (SearchState.FAILED, "optimizer_error")
    check_invariants(store, search.id)


def test_an_exhausted_search_waits_for_its_last_trials(store: Store) -> None:
    search = new_search(store, limits=Limits(max_trials=8, max_parallel=4))
    (trial_id,) = queue_trials(store, search, proposals(1))
    with store.begin() as uow:
        assert begin_advance(uow, search.id, NOW, hold_s=30) is None
    complete(store, claim(store, trial_id), 0.9)
    with store.begin() as uow:
        plan = begin_advance(uow, search.id, NOW, hold_s=30)
        assert plan is not None
        assert plan.search.state_reason.code == "space_exhausted"


def test_the_history_tells_what_became_of_each_trial(store: Store) -> None:
    search = new_search(store, limits=Limits(max_trials=8, max_parallel=3))
    first, second, _ = queue_trials(store, search, proposals(3))
    complete(store, claim(store, first), 0.9)
    with store.begin() as uow:
        plan = begin_advance(uow, search.id, NOW, hold_s=30)
        assert plan is not None
        done, pending, _ = plan.history.observations
        cost = uow.trials.get(first).costs["size_bytes"]
    assert done.values is not None
    assert (done.status, done.values["accuracy"], done.values["size_bytes"]) == (
        "completed",
        0.9,
        cost,
    )
    assert (pending.status, pending.values) == ("pending", None)
    assert plan.n_wanted == 1
    assert second


def test_a_remembered_history_is_brought_up_to_date(store: Store) -> None:
    search = new_search(store, limits=Limits(max_trials=9, max_parallel=3))
    remembered, candidates, waiting = NO_HISTORY, iter(proposals(9)), list[str]()
    for step in range(3):
        with store.begin() as uow:
            plan = begin_advance(uow, search.id, NOW, 30, remembered)
            assert plan is not None
            waiting += record_proposals(uow, plan, [*islice(candidates, plan.n_wanted)], NOW)
        remembered = plan.history
        for _ in range(2):
            complete(store, claim(store, waiting.pop(0)), 0.5 + 0.1 * step)
        with store.read() as uow:
            newest, changed = uow.events.named_after(search.id, remembered.as_of)
            assert newest == uow.events.last_id(search.id)
            assert uow.events.named_after(search.id, newest) == (newest, set())
            assert {trial.id for trial in uow.trials.facts(search.id, changed)} == changed
            assert 2 <= len(changed) <= 4
    with store.begin() as uow:
        kept = begin_advance(uow, search.id, NOW, 30, remembered)
        read = begin_advance(uow, search.id, later(31), 30)
    assert kept is not None
    assert read is not None
    assert kept.history == read.history
    assert [seen.status for seen in kept.history.observations] == 6 * ["completed"] + ["pending"]


def test_a_trial_changes_its_state_under_the_lock_of_its_search_alone(store: Store) -> None:
    search = new_search(store)
    (trial_id,) = queue_trials(store, search, proposals(1))
    with store.begin() as uow:
        trial = uow.trials.lock(trial_id)
        with pytest.raises(RuntimeError, match="must be locked"):
            uow.trials.save(replace(trial, state=TrialState.RUNNING))


def test_trial_seeds_follow_from_the_search_and_the_number(store: Store) -> None:
    def seeds(seed: int) -> list[int]:
        search = new_search(store, seed=seed)
        queue_trials(store, search, proposals(2))
        with store.read() as uow:
            return [trial.seed for trial in uow.trials.of_search(search.id)]

    assert seeds(1) == seeds(1)
    assert len({*seeds(1), *seeds(2)}) == 4


def test_the_front_of_any_moment_can_be_read(store: Store, database_url: str) -> None:
    search = new_search(store, limits=Limits(max_trials=8, max_parallel=8))
    for position, trial_id in enumerate(queue_trials(store, search, proposals(8))):
        complete(store, claim(store, trial_id), 0.5 + position * 3 % 8 / 20)
    with store.read() as uow:
        events = uow.events.after(search.id, 0, 1000)
    replayed: set[str] = set()
    for event in events:
        if event.type == "front.changed":
            replayed = (replayed - {*event.payload["removed"]}) | {*event.payload["added"]}
        assert front_as_of(database_url, event.id) == replayed
    assert any(event.payload.get("removed") for event in events)


def test_a_file_of_another_length_is_no_result(store: Store) -> None:
    search = new_search(store)
    held = claim(store, queue_trials(store, search, proposals(1))[0])
    with pytest.raises(ArtifactMismatchError):
        complete(store, held, 0.9, size_bytes=held.trial.costs["size_bytes"] + 2)
    with store.read() as uow:
        assert uow.trials.get(held.trial.id).state == TrialState.RUNNING
    check_invariants(store, search.id)


def test_a_metric_that_is_not_finite_is_no_result(store: Store) -> None:
    search = new_search(store)
    held = claim(store, queue_trials(store, search, proposals(1))[0])
    with pytest.raises(DivergedError):
        complete(store, held, float("nan"))
    check_invariants(store, search.id)
