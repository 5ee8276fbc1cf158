"""The queries of every step find their few rows by an index, however long the search."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, event

from db.store import SqlStore
from search.store import UnitOfWork
from tests.service import NOW, new_search

STEPS: dict[str, tuple[Callable[[UnitOfWork, str], object], set[str]]] = {
    "front": (lambda uow, search: uow.trials.front(search), {"(search_id=? AND left_event=?)"}),
    "front_facts": (
        lambda uow, search: uow.trials.front_facts(search),
        {"(search_id=? AND left_event=?)"},
    ),
    "queued": (lambda uow, search: uow.trials.queued(search), {"ix_trials_search_id_state"}),
    "known": (
        lambda uow, search: uow.trials.known(search, ["a" * 64]),
        {"(search_id=? AND candidate_hash=?)"},
    ),
    "of_candidate": (
        lambda uow, search: uow.trials.of_candidate(search, "a" * 64),
        {"(search_id=? AND candidate_hash=?)"},
    ),
    "measured_by": (
        lambda uow, search: list(uow.trials.measured_by(search, NOW)),
        {"(search_id=? AND state=?)"},
    ),
    "events": (
        lambda uow, search: uow.events.named_after(search, 7),
        {"(search_id=? AND id>?)", "(search_id=? AND rowid>?)"},
    ),
}


@contextmanager
def plans() -> Iterator[list[str]]:
    """Collect how SQLite goes about every query that is run meanwhile."""
    found: list[str] = []

    def explain(connection, cursor, statement, parameters, *_) -> None:  # type: ignore[no-untyped-def]
        if statement.startswith("SELECT"):
            rows = connection.connection.driver_connection.execute(
                f"EXPLAIN QUERY PLAN {statement}", parameters
            )
            found.append(" | ".join(row[3] for row in rows))

    event.listen(Engine, "before_cursor_execute", explain)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", explain)


@pytest.mark.parametrize("name", STEPS)
def test_no_step_walks_along_all_trials(sqlite_store: SqlStore, name: str) -> None:
    step, indexes = STEPS[name]
    search = new_search(sqlite_store)
    with sqlite_store.read() as uow, plans() as found:
        step(uow, search.id)
    assert len(found) == 1
    assert any(index in found[0].replace("USING COVERING", "USING") for index in indexes), found
    assert "SCAN" not in found[0]
