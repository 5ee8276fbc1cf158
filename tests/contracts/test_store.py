"""What every store must do, on SQLite and on PostgreSQL."""

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError, OperationalError

from db.store import SqlStore, open_store
from search.entities import Limits, Strategy, Worker
from search.errors import NotFoundError, StoreBusyError
from search.filters import TrialFilter, TrialPosition
from search.focus import Target
from search.states import SearchState, TrialState
from search.store import Store
from search.use_cases.searches import cancel_search
from search.warm_start import WarmStart
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


def test_a_transaction_sees_what_it_changed(store: Store) -> None:
    search = new_search(store)
    (first, second) = queue_trials(store, search, proposals(2))
    with store.begin() as uow:
        uow.searches.lock(search.id)
        uow.trials.save(replace(uow.trials.get(first), state=TrialState.CANCELLED))
        assert [trial.id for trial in uow.trials.queued(search.id)] == [second]
        assert uow.trials.facts(search.id)[0].state == TrialState.CANCELLED
        uow.trials.save(replace(uow.trials.lock(first), outcome="told"))
        assert uow.trials.lock(first).outcome == "told"
    with store.read() as uow:
        assert (uow.trials.get(first).outcome, uow.trials.get(first).state) == (
            "told",
            TrialState.CANCELLED,
        )
        counts = uow.searches.get(search.id).trial_counts
    assert counts == {TrialState.CANCELLED: 1, TrialState.QUEUED: 1}


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
        rest = uow.searches.page(10, after_id=first[-1].id)
    assert {s.id for s in first + rest} == set(ids)
    assert [s.id for s in first + rest] == sorted(ids, reverse=True)


def test_pages_of_trials_go_by_number(store: Store) -> None:
    search = new_search(store, limits=Limits(max_trials=5, max_parallel=5))
    trial_ids = queue_trials(store, search, proposals(5))
    claim(store, trial_ids[3])
    with store.read() as uow:
        assert [
            t.number for t in uow.trials.page(search.id, 2, TrialPosition(value=None, number=1))
        ] == [2, 3]
        running = uow.trials.page(
            search.id, 10, kept=TrialFilter(states=frozenset({TrialState.RUNNING}))
        )
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


def test_a_reader_cannot_write(store: Store) -> None:
    search = new_search(store)
    with pytest.raises(DBAPIError), store.read() as uow:
        cancel_search(uow, search.id, NOW)
    with store.begin() as uow:  # and its connection can write again afterwards
        cancel_search(uow, search.id, NOW)


def test_a_reader_sees_one_moment(store: Store) -> None:
    search = new_search(store)
    with store.read() as reader:
        before = reader.events.last_id(search.id)
        with store.begin() as uow:
            cancel_search(uow, search.id, NOW)
        assert reader.events.last_id(search.id) == before
        assert reader.searches.get(search.id).state == SearchState.QUEUED
    with store.read() as reader:
        assert reader.events.last_id(search.id) > before


def test_nobody_writes_a_log_without_the_lock_that_orders_it(store: Store) -> None:
    search = new_search(store)
    with pytest.raises(RuntimeError, match="locked"), store.begin() as uow:
        uow.events.append(search.id, "search.state", NOW, {})


def test_times_come_back_aware_and_naive_ones_are_refused(store: Store) -> None:
    search = new_search(store)
    with store.read() as uow:
        assert uow.searches.get(search.id).created_at.utcoffset() is not None
    with pytest.raises(Exception, match="naive"):
        new_search(store, now=NOW.replace(tzinfo=None))


def test_what_is_no_json_is_refused(store: Store) -> None:
    with pytest.raises(Exception, match="JSON compliant"):
        new_search(store, ref_point={"accuracy": float("nan"), "size_bytes": 1.0})


def test_a_locked_database_is_busy(tmp_path: Path, sqlite_store: SqlStore) -> None:
    blocker = sqlite3.connect(tmp_path / "bitpareto.db", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    with sqlite_store.read() as uow:  # readers go on
        assert uow.searches.page(1) == []
        uow.searches._session.connection().exec_driver_sql("PRAGMA busy_timeout=50")
    with pytest.raises(StoreBusyError, match="locked"), sqlite_store.begin():
        pass
    blocker.close()


def test_an_unreachable_server_is_busy() -> None:
    store = open_store("postgresql+psycopg://postgres@127.0.0.1:1/none?connect_timeout=2")
    with pytest.raises(StoreBusyError), store.read():
        pass
    store.close()


def test_a_missing_table_is_a_fault_not_a_wait(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'empty.db'}")
    with pytest.raises(OperationalError, match="no such table"), store.read() as uow:
        uow.searches.page(1)
    store.close()


def test_the_clock_is_the_same_for_all_processes(store: SqlStore) -> None:
    before, mine, after = store.now(), datetime.now(UTC), store.now()
    assert before.tzinfo is UTC
    assert before <= after
    assert abs((mine - before).total_seconds()) < 5


def test_fronts_of_the_past_and_the_events_of_one_trial(store: Store) -> None:
    search = new_search(store, limits=Limits(max_trials=3, max_parallel=3))
    trial_ids = queue_trials(store, search, proposals(3))
    after = []
    for trial_id, accuracy in zip(trial_ids, (0.5, 0.7, 0.9), strict=True):
        complete(store, claim(store, trial_id), accuracy)
        with store.read() as uow:
            after.append((uow.events.last_id(search.id), uow.trials.front(search.id)))
    with store.read() as uow:
        assert uow.trials.front_as_of(search.id, 0) == []
        for event_id, front in after:
            then = uow.trials.front_as_of(search.id, event_id)
            assert [trial.id for trial in then] == [trial.id for trial in front]
        everything = uow.events.after(search.id, 0, 1000)
        of_trials = sorted({event.type for event in everything if "trial_id" in event.payload})
        found = uow.events.of_types(search.id, of_trials[:-1], trial_ids[1])
    expected = [
        event
        for event in everything
        if event.type in of_trials[:-1] and event.payload["trial_id"] == trial_ids[1]
    ]
    assert found == expected
    assert found


def test_what_is_asked_of_an_optimizer_comes_back_as_it_was(store: Store) -> None:
    for strategy in (
        Strategy(focus={"size_bytes": (1024.0, 4096.0)}),
        Strategy(target=Target(within={"size_bytes": 4096.0})),
        Strategy(warm_start=WarmStart(searches=("sea_1",), candidates=({"a": 1},), allocate=2)),
    ):
        made = new_search(store, strategy=strategy)
        with store.read() as uow:
            assert uow.searches.get(made.id).strategy == strategy
