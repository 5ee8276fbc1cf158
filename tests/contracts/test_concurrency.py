"""Several writers of one search, on both databases."""

import subprocess
import sys
import threading

from search.entities import Limits
from search.states import SearchState, TrialState
from search.store import Store
from search.use_cases.leases import claim_trial
from tests.contracts.invariants import check_invariants
from tests.contracts.racing import accuracy_of
from tests.service import NOW, claim, complete, new_search, proposals, queue_trials


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
    check_invariants(store, search.id)
    with store.read() as uow:
        events = uow.events.after(search.id, 0, 1000)
    assert [e.id for e in events] == sorted(e.id for e in events)
    assert sum(e.type == "trial.finished" for e in events) == len(claims)


def test_processes_that_race_for_trials_record_each_once(store: Store, database_url: str) -> None:
    search = new_search(store, limits=Limits(max_trials=24, max_parallel=24))
    trial_ids = queue_trials(store, search, proposals(24))
    racing = [sys.executable, "-m", "tests.contracts.racing", "race", database_url, *trial_ids]
    racers = [subprocess.Popen(racing) for _ in range(2)]
    assert [racer.wait(timeout=60) for racer in racers] == [0, 0]
    with store.read() as uow:
        trials = uow.trials.of_search(search.id)
    assert [(t.state, t.attempt) for t in trials] == [(TrialState.COMPLETED, 1)] * 24
    assert [t.metrics["accuracy"] for t in trials] == [accuracy_of(t.number) for t in trials]
    check_invariants(store, search.id)


def test_a_process_killed_before_its_commit_leaves_nothing(store: Store, database_url: str) -> None:
    search = new_search(store)
    trial_ids = queue_trials(store, search, proposals(1))
    hanging = [sys.executable, "-m", "tests.contracts.racing", "hang", database_url, *trial_ids]
    with subprocess.Popen(hanging, stdout=subprocess.PIPE, text=True) as doomed:
        assert doomed.stdout is not None
        assert doomed.stdout.readline() == "recorded\n"
        doomed.kill()
    with store.read() as uow:
        assert uow.trials.get(trial_ids[0]).attempt == 0
        assert uow.searches.get(search.id).state == SearchState.RUNNING
    complete(store, claim(store, trial_ids[0]), 0.9)  # its locks died with it
    check_invariants(store, search.id)
