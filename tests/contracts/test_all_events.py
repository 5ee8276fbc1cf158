"""The log of all searches: nothing lost or reordered, however transactions overlap."""

import random
import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from api.event_logs import WholeLog
from db.store import SqlStore, open_store
from search.errors import StoreBusyError
from search.store import Store
from tests.servers import PostgresServer
from tests.service import NOW, new_search


def _append(store: Store, search_id: str, hold_s: float = 0.0) -> int:
    with store.begin() as uow:
        uow.searches.lock(search_id)
        found = uow.events.append(search_id, "search.extended", NOW, {})
        time.sleep(hold_s)
    return found


@pytest.fixture
def postgres_store(postgres: PostgresServer, migrated_postgres: str) -> Iterator[SqlStore]:
    """A migrated, empty store on PostgreSQL."""
    opened = open_store(postgres.new_database("whole_log", migrated_postgres))
    yield opened
    opened.close()


def _seen(log: WholeLog, after: int) -> list[int]:
    return [entry.event.id for entry in log.look(after).entries]


@pytest.mark.parametrize("slow_is_older", [True, False])
def test_what_is_held_back_comes_in_order(postgres_store: SqlStore, *, slow_is_older: bool) -> None:
    """Ids drawn as slow, quick; numbers of the transactions either way; committed quick first."""
    first, second = new_search(postgres_store), new_search(postgres_store)
    log = WholeLog(postgres_store)
    start = log.newest()
    locked, drawn, committed, seen = (threading.Event() for _ in range(4))
    ids: dict[str, int] = {}

    def quick() -> None:
        with postgres_store.begin() as uow:
            if slow_is_older:
                assert locked.wait(10)
            uow.searches.lock(second.id)
            if not slow_is_older:
                locked.set()
            assert drawn.wait(10)
            ids["quick"] = uow.events.append(second.id, "search.extended", NOW, {})
        committed.set()

    def slow() -> None:
        with postgres_store.begin() as uow:
            if not slow_is_older:
                assert locked.wait(10)
            uow.searches.lock(first.id)
            if slow_is_older:
                locked.set()
            ids["slow"] = uow.events.append(first.id, "search.extended", NOW, {})
            drawn.set()
            assert seen.wait(10)

    threads = [threading.Thread(target=quick), threading.Thread(target=slow)]
    for thread in threads:
        thread.start()
    try:
        assert committed.wait(10)
        for _ in range(3):
            assert _seen(log, start) == []
        with pytest.raises(StoreBusyError):
            WholeLog(postgres_store).newest()
    finally:
        seen.set()
        for thread in threads:
            thread.join()
    assert ids["slow"] < ids["quick"]
    assert _seen(log, start) == [ids["slow"], ids["quick"]]
    assert WholeLog(postgres_store).newest() == ids["quick"]


def test_racing_writers_lose_nothing(store: Store) -> None:
    searches = [new_search(store).id for _ in range(6)]
    start = WholeLog(store).newest()
    written: list[int] = []

    def write(seed: int) -> None:
        draw = random.Random(seed)  # noqa: S311 - waits
        written.extend(
            _append(store, draw.choice(searches), draw.random() * 0.02) for _ in range(12)
        )

    threads = [threading.Thread(target=write, args=(seed,)) for seed in range(5)]
    for thread in threads:
        thread.start()
    log, seen, after, draw = WholeLog(store), [], start, random.Random(9)  # noqa: S311 - reconnects
    deadline = time.monotonic() + 60
    while len(seen) < 60 and time.monotonic() < deadline:
        if draw.random() < 0.1:
            log = WholeLog(store)
        look = log.look(after)
        seen += [entry.event.id for entry in look.entries]
        after = look.newest
    for thread in threads:
        thread.join()
    assert seen == sorted(written)


def test_a_project_and_filters_narrow_the_log(store: Store) -> None:
    first, second = new_search(store), new_search(store)
    with store.begin() as uow:
        uow.searches.lock(first.id)
        uow.events.append(first.id, "search.extended", NOW + timedelta(1), {})
    with store.read() as uow:
        everything = uow.events.of_all(0, 10**9, 100)
        only = uow.events.of_all(0, 10**9, 100, search_ids=[second.id])
        extended = uow.events.of_all(0, 10**9, 100, types=["search.extended"])
        bounded = uow.events.of_all(everything[0][1].id, everything[1][1].id, 100)
    assert {project for project, _ in everything} == {"default"}
    assert [event.id for _, event in everything] == sorted(event.id for _, event in everything)
    assert {event.search_id for _, event in only} == {second.id}
    assert [event.type for _, event in extended] == ["search.extended"]
    assert [event.id for _, event in bounded] == [everything[1][1].id]
    with store.of_project("another").read() as uow:
        assert uow.events.of_all(0, 10**9, 100) == []
