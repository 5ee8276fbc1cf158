"""Rows that a transaction holds: read once, changed in memory, written together.

These are the statements of every step of every trial, so they go past the mapper, whose bookkeeping
of one row costs as much as the database's work on it.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from types import SimpleNamespace
from typing import Any, Final, cast

from sqlalchemy import (
    Connection,
    Executable,
    Insert,
    Result,
    Select,
    Table,
    Update,
    bindparam,
    event,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy.orm import ORMExecuteState, Session

from db.scoping import ProjectSession, project_of
from db.tables import Base
from search.errors import NotFoundError

_HELD: Final = "bitpareto_held_rows"


class HeldRow(SimpleNamespace):
    """The columns of a row as attributes; change them with ``change_row``."""


class HeldRows:
    """The rows one session holds until its transaction ends."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.rows: dict[tuple[type[Base], str], tuple[HeldRow, bool]] = {}
        self.changed: dict[tuple[type[Base], str], dict[str, Any]] = {}


def held_row(
    session: Session, table: type[Base], kind: str, key: str, *, lock: bool = False
) -> HeldRow:
    """Return a row by its key, read once; ``lock`` takes its lock too.

    Raises:
        NotFoundError: no such row.
    """
    held = _held(session)
    row, locked = held.rows.get((table, key), (None, False))
    if row is None or lock > locked:
        # a locked read must see what was committed while it waited, not what was read before
        found = fetch(session, _by_key(table, lock), held_key=key).mappings().one_or_none()
        if found is None:
            raise NotFoundError(kind, key)
        row = HeldRow(**found)
        held.rows[table, key] = row, lock
    return row


def change_row(
    session: Session, table: type[Base], kind: str, key: str, values: Mapping[str, Any]
) -> None:
    """Change a row; it is written before anything else is read, and at the latest at the end.

    Raises:
        NotFoundError: no such row.
    """
    columns = vars(held_row(session, table, kind, key))
    new = {name: value for name, value in values.items() if columns[name] != value}
    if new:
        columns.update(new)
        _held(session).changed.setdefault((table, key), {}).update(new)


def write_changed(session: Session) -> None:
    """Write the rows that were changed."""
    held = _held(session)
    for (table, key), values in held.changed.items():
        held.connection.execute(_update(table), {"held_key": key, **values})
    held.changed.clear()


def fetch(session: Session, query: Executable, **parameters: Any) -> Result[Any]:
    """Run a query of columns, past the mapper where no project narrows it."""
    if project_of(session) is not None:
        return session.execute(query, parameters)
    write_changed(session)
    return _held(session).connection.execute(query, parameters)


def insert_row(session: Session, table: type[Base], values: Mapping[str, Any]) -> Any:
    """Insert a row of a search and return its key; ``db.scoping`` marks those of a project."""
    connection = _held(session).connection
    inserted = connection.execute(_insert(table), dict(values)).inserted_primary_key
    return inserted[0] if inserted else None


def insert_rows(session: Session, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows of searches, in their order."""
    _held(session).connection.execute(_insert(table), rows)


def _held(session: Session) -> HeldRows:
    held = session.info.get(_HELD)
    if held is None:
        held = session.info[_HELD] = HeldRows(session.connection())
    return held


@cache
def _by_key(table: type[Base], lock: bool) -> Select[Any]:
    columns = (getattr(table, column.key) for column in inspect(table).column_attrs)
    query = select(*columns).where(_table(table).c.id == bindparam("held_key"))
    return query.with_for_update() if lock else query


@cache
def _update(table: type[Base]) -> Update:
    columns = _table(table)
    return update(columns).where(columns.c.id == bindparam("held_key"))


@cache
def _insert(table: type[Base]) -> Insert:
    return insert(_table(table))


def _table(table: type[Base]) -> Table:
    return cast("Table", table.__table__)


@event.listens_for(ProjectSession, "do_orm_execute")
def _write_before(state: ORMExecuteState) -> None:
    write_changed(state.session)


@event.listens_for(ProjectSession, "before_commit")
def _write_at_the_end(session: Session) -> None:
    write_changed(session)
