"""Opens the SQL store: SQLite for the embedded default, PostgreSQL for many machines."""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Engine, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from db.access_repository import SqlAccess
from db.audit_repository import SqlAudit
from db.dataset_repository import SqlDatasets
from db.engines import is_busy, make_engine, read_only
from db.explanation_repository import SqlExplanations
from db.figures import SqlFigures
from db.hardware_repository import SqlHardwareProfiles
from db.leftover_repository import SqlLeftovers
from db.log_repository import SqlTrialLogs
from db.model_repository import SqlModels
from db.repositories import SqlArtifacts, SqlEvents, SqlSearches
from db.request_keys import SqlRequestKeys
from db.scoping import ProjectSession, scoped_info
from db.trial_repository import SqlTrials
from db.webhook_repository import SqlWebhooks
from db.worker_repository import SqlWorkers
from search.errors import StoreBusyError

_CLOCK_S: Final = 5.0
"""How long the database server's clock is followed before it is asked again."""


@dataclass(frozen=True, slots=True)
class SqlUnitOfWork:
    """Implements ``search.store.UnitOfWork`` on one session."""

    searches: SqlSearches
    trials: SqlTrials
    artifacts: SqlArtifacts
    models: SqlModels
    datasets: SqlDatasets
    hardware_profiles: SqlHardwareProfiles
    events: SqlEvents
    logs: SqlTrialLogs
    workers: SqlWorkers
    figures: SqlFigures
    access: SqlAccess
    leftovers: SqlLeftovers
    request_keys: SqlRequestKeys
    explanations: SqlExplanations
    audit: SqlAudit
    webhooks: SqlWebhooks


class SqlStore:
    """Implements ``search.store.Store``."""

    def __init__(self, engine: Engine) -> None:
        self._writer = engine
        self._reader = read_only(engine)
        self._clock: tuple[datetime, float] | None = None
        self._project: str | None = None

    def of_project(self, name: str) -> "SqlStore":
        """Return the store as one project sees it; it shares the connections."""
        narrowed = copy(self)
        narrowed._project = name
        return narrowed

    def begin(self) -> AbstractContextManager[SqlUnitOfWork]:
        """Open a write transaction."""
        return self._transaction(self._writer)

    def read(self) -> AbstractContextManager[SqlUnitOfWork]:
        """Open a read-only transaction."""
        return self._transaction(self._reader)

    def now(self) -> datetime:
        """Return the present time by the clock all processes share, aware UTC.

        On PostgreSQL this is the server's, asked every few seconds: machines whose clocks differ
        must agree when a lease ends. SQLite's processes are on one machine.
        """
        if self._reader.dialect.name == "sqlite":
            return datetime.now(UTC)
        if self._clock is None or _uptime_s() - self._clock[1] > _CLOCK_S:
            with self._errors_translated(), self._reader.connect() as connection:
                moment: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
            self._clock = (moment.astimezone(UTC), _uptime_s())
        asked, at_s = self._clock
        return asked + timedelta(seconds=_uptime_s() - at_s)

    def close(self) -> None:
        """Close all pooled connections."""
        self._writer.dispose()

    @contextmanager
    def _transaction(self, engine: Engine) -> Iterator[SqlUnitOfWork]:
        with (
            self._errors_translated(),
            ProjectSession(
                engine, expire_on_commit=False, info=scoped_info(self._project)
            ) as session,
            session.begin(),
        ):
            session.connection()  # a writer waits for its turn here, before it has read
            locked: set[str] = set()
            yield SqlUnitOfWork(
                SqlSearches(session, locked),
                SqlTrials(session, locked),
                SqlArtifacts(session),
                SqlModels(session),
                SqlDatasets(session),
                SqlHardwareProfiles(session),
                SqlEvents(session, locked),
                SqlTrialLogs(session),
                SqlWorkers(session),
                SqlFigures(session),
                SqlAccess(session),
                SqlLeftovers(session),
                SqlRequestKeys(session),
                SqlExplanations(session),
                SqlAudit(session),
                SqlWebhooks(session),
            )

    @contextmanager
    def _errors_translated(self) -> Iterator[None]:
        """The one place where the database's errors become the domain's."""
        try:
            yield
        except PoolTimeoutError as error:
            raise StoreBusyError("all connections to the database are in use") from error
        except DBAPIError as error:
            if not is_busy(error):
                raise
            raise StoreBusyError(f"the database did not answer: {error.orig}") from error


def _uptime_s() -> float:
    """Return seconds of a clock that nobody sets, and that goes on while the machine sleeps."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def open_store(database_url: str) -> SqlStore:
    """Open the store at a SQLAlchemy URL; the schema must be there (see ``db.migrate``)."""
    return SqlStore(make_engine(database_url))
