"""Trials that need something of their worker, on both databases."""

from dataclasses import replace

import pytest

from search.entities import Limits, Worker
from search.errors import UnableError
from search.placement import GIB, NO_NEEDS, Capabilities, Needs, meets
from search.states import TrialState
from search.store import Store
from search.use_cases.leases import claim_trial
from search.use_cases.placement import end_out_of_memory, next_suited, someone_is_free
from search.use_cases.searches import pause_search
from search.waiting import crew_at, why_search_waits, why_trial_waits
from tests.service import NOW, claim, complete, later, new_search, proposals, queue_trials

LEASE_S = 15.0
SMALL = Capabilities(
    device="cuda", device_name="small", memory_bytes=8 * GIB, free_memory_bytes=7 * GIB
)
LARGE = replace(SMALL, device_name="large", memory_bytes=24 * GIB, profile="night")
CPU = replace(SMALL, device="cpu", memory_bytes=64 * GIB)
NEEDS = Needs(device="cuda", memory_bytes=16 * GIB)


def report(store: Store, worker_id: str, has: Capabilities | None) -> None:
    worker = Worker(
        id=worker_id,
        kind="train",
        host="box",
        pid=1,
        device=has.device if has else "cpu",
        trial_id=None,
        started_at=NOW,
        last_seen_at=NOW,
        capabilities=has,
    )
    with store.begin() as uow:
        uow.workers.seen(worker)


def queued(store: Store, needs: Needs, n: int = 1, seed: int = 0) -> tuple[str, list[str]]:
    search = new_search(store, limits=Limits(max_trials=8, max_parallel=4, needs=needs))
    return search.id, queue_trials(store, search, proposals(n, seed))


@pytest.mark.parametrize(
    ("needs", "able"),
    [
        (NO_NEEDS, {"small", "large", "cpu", "silent"}),
        (Needs(device="cuda"), {"small", "large"}),
        (Needs(device="cpu"), {"cpu"}),
        (Needs(memory_bytes=8 * GIB), {"small", "large", "cpu"}),
        (Needs(memory_bytes=8 * GIB + 1), {"large", "cpu"}),
        (NEEDS, {"large"}),
        (Needs(profile="night"), {"large"}),
        (Needs(profile="day"), set()),
    ],
)
def test_who_meets_what(needs: Needs, able: set[str]) -> None:
    workers = {"small": SMALL, "large": LARGE, "cpu": CPU, "silent": None}
    assert {name for name, has in workers.items() if meets(has, needs)} == able


def test_a_worker_that_is_not_able_leaves_the_trial_as_it_is(store: Store) -> None:
    _, (trial_id,) = queued(store, NEEDS)
    for has in (SMALL, CPU, None):
        with (
            store.begin() as uow,
            pytest.raises(UnableError, match=r"a CUDA device with 16\.0 GiB"),
        ):
            claim_trial(uow, trial_id, "wrk", NOW, LEASE_S, has)
        with store.read() as uow:
            assert uow.trials.get(trial_id).state == TrialState.QUEUED
    with store.begin() as uow:
        claimed = claim_trial(uow, trial_id, "wrk", NOW, LEASE_S, LARGE)
    assert claimed is not None
    assert claimed.trial.needs == claimed.search.limits.needs == NEEDS


def test_a_free_worker_looks_first_for_what_only_few_can_do(store: Store) -> None:
    queued(store, NO_NEEDS, 2)
    search_id, trials = queued(store, NEEDS, 2, seed=1)
    with store.read() as uow:
        assert next_suited(uow, None) is None
        assert next_suited(uow, SMALL) is None
        assert next_suited(uow, LARGE) == trials[0]
    with store.begin() as uow:
        claim_trial(uow, trials[0], "wrk", NOW, LEASE_S, LARGE)
    with store.read() as uow:
        assert next_suited(uow, LARGE) == trials[1]
    with store.begin() as uow:
        pause_search(uow, search_id, NOW)
    with store.read() as uow:
        assert next_suited(uow, LARGE) is None


def test_a_ring_is_passed_on_when_somebody_able_is_free(store: Store) -> None:
    _, (other,) = queued(store, NO_NEEDS)

    def free(seconds: float = 0.0) -> bool:
        with store.read() as uow:
            return someone_is_free(uow, NEEDS, later(seconds), LEASE_S)

    report(store, "small", SMALL)
    assert not free()
    report(store, "large", LARGE)
    assert free()
    assert not free(LEASE_S + 1)  # it has gone silent
    claim(store, other, "large")
    assert not free()


def test_what_waits_for_a_worker_says_for_which(store: Store) -> None:
    search_id, (trial_id,) = queued(store, NEEDS)

    def waits() -> set[tuple[str, str]]:
        with store.read() as uow:
            search, schedule = uow.searches.get(search_id), uow.searches.schedule(search_id)
            crew = crew_at(uow, NOW, LEASE_S)
            reasons = (
                why_trial_waits(uow.trials.get(trial_id), search, crew),
                why_search_waits(search, schedule, crew),
            )
        return {(reason.code, reason.message) for reason in reasons if reason}

    want = "waits for a CUDA device with 16.0 GiB"
    assert waits() == {("no_suitable_worker", f"{want}; no train worker has reported yet")}
    report(store, "small", SMALL)
    report(store, "cpu", CPU)
    assert waits() == {("no_suitable_worker", f"{want}; none of 2 train workers is")}
    report(store, "large", LARGE)
    assert waits() == {("ringing", "1 train worker is free and being rung")}
    _, (other,) = queued(store, NO_NEEDS, seed=1)
    claim(store, other, "large")
    # two others are free, and of no use
    assert waits() == {("workers_busy", "the only train worker is busy")}


def test_too_little_memory_is_tried_again_with_more_until_nobody_has_more(store: Store) -> None:
    search_id, (trial_id,) = queued(store, NO_NEEDS)
    for name, has in {"small": SMALL, "large": LARGE, "cpu": CPU}.items():
        report(store, name, has)
    held = claim(store, trial_id, "small")
    with store.begin() as uow:
        assert not end_out_of_memory(uow, held.lease, "no room", SMALL, NOW, LEASE_S)
    with store.read() as uow:
        waiting = uow.trials.get(trial_id)
    assert waiting.state == TrialState.QUEUED
    assert waiting.needs == Needs(device="cuda", memory_bytes=8 * GIB + 1)
    assert waiting.times_lost == 0
    assert waiting.state_reason is not None
    assert waiting.state_reason.message == "8.0 GiB were too little: no room"
    with store.begin() as uow, pytest.raises(UnableError):
        claim_trial(uow, trial_id, "small", NOW, LEASE_S, SMALL)
    with store.begin() as uow:
        again = claim_trial(uow, trial_id, "large", NOW, LEASE_S, LARGE)
    assert again is not None
    with store.begin() as uow:  # nobody with CUDA has more than 24 GiB
        assert end_out_of_memory(uow, again.lease, "no room", LARGE, NOW, LEASE_S)
    with store.read() as uow:
        ended = uow.trials.get(trial_id)
        kinds = [event.type for event in uow.events.after(search_id, 0, 100)]
    assert (ended.state, ended.outcome) == (TrialState.FAILED, "out_of_memory")
    assert kinds.count("trial.requeued") == 1
    assert kinds.count("trial.failed") == 1


def test_a_worker_that_ran_out_and_a_lost_attempt_keep_what_was_learnt(store: Store) -> None:
    _, (trial_id,) = queued(store, NO_NEEDS)
    report(store, "large", LARGE)
    held = claim(store, trial_id, "small")
    with store.begin() as uow:
        end_out_of_memory(uow, held.lease, "no room", SMALL, NOW, LEASE_S)
    with store.begin() as uow:
        again = claim_trial(uow, trial_id, "large", NOW, LEASE_S, LARGE)
    assert again is not None
    complete(store, again, 0.9)
    with store.read() as uow:
        assert uow.trials.get(trial_id).needs.memory_bytes == 8 * GIB + 1


def test_capabilities_are_stored_with_the_worker(store: Store) -> None:
    has = replace(LARGE, versions={"torch": "2.13.0"}, n_threads=4)
    report(store, "large", has)
    report(store, "silent", None)
    with store.read() as uow:
        found = {worker.id: worker.capabilities for worker in uow.workers.all()}
    assert found == {"large": has, "silent": None}
