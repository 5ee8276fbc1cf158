"""Opens the SQL store: SQLite for the embedded default, PostgreSQL for many machines."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from db.repositories import SqlArtifacts, SqlEvents, SqlSearches, SqlTrials, SqlWorkers
from search.errors import StoreBusyError

BUSY_TIMEOUT_MS = 15_000
READ_ONLY = {"bitpareto_read_only": True}


@dataclass(frozen=True, slots=True)
class SqlUnitOfWork:
    """Implements ``search.store.UnitOfWork`` on one session."""

    searches: SqlSearches
    trials: SqlTrials
    artifacts: SqlArtifacts
    events: SqlEvents
    workers: SqlWorkers


class SqlStore:
    """Implements ``search.store.Store``."""

    def __init__(self, engine: Engine) -> None:
        self._writer = engine
        self._reader = engine.execution_options(**READ_ONLY)

    def begin(self) -> AbstractContextManager[SqlUnitOfWork]:
        """Open a write transaction."""
        return self._transaction(self._writer)

    def read(self) -> AbstractContextManager[SqlUnitOfWork]:
        """Open a read-only transaction."""
        return self._transaction(self._reader)

    def close(self) -> None:
        """Close all pooled connections."""
        self._writer.dispose()

    @contextmanager
    def _transaction(self, engine: Engine) -> Iterator[SqlUnitOfWork]:
        try:
            with Session(engine, expire_on_commit=False) as session, session.begin():
                yield SqlUnitOfWork(
                    SqlSearches(session),
                    SqlTrials(session),
                    SqlArtifacts(session),
                    SqlEvents(session),
                    SqlWorkers(session),
                )
        except (OperationalError, InterfaceError) as error:
            raise StoreBusyError(f"the database did not answer: {error.orig}") from error


def open_store(database_url: str) -> SqlStore:
    """Open the store at a SQLAlchemy URL; the schema must be there (see ``db.migrate``)."""
    return SqlStore(make_engine(database_url))


def make_engine(database_url: str) -> Engine:
    """Return an engine with the settings each kind of database needs here."""
    url = make_url(database_url)
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True)
    if url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url)
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: Any, _record: object) -> None:
    # the driver must not open transactions by itself: _begin_sqlite does, with the right kind
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "foreign_keys=ON",
        "synchronous=NORMAL",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # a deferred transaction that later wants to write can fail without waiting, so writers say
    # at once that they are writers
    read_only = connection.get_execution_options().get("bitpareto_read_only", False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
