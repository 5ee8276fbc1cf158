"""Engines with the settings each kind of database needs here, and what their errors mean.

Sources:
    [SQLite] https://www.sqlite.org/rescode.html and https://www.sqlite.org/isolation.html
    [PostgreSQL] manual, chapter "Transaction Isolation"
"""

import json
import sqlite3
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from search.errors import BitparetoError

BUSY_TIMEOUT_MS: Final = 15_000
_READ_ONLY: Final = "bitpareto_read_only"

# codes that mean "this database or statement is wrong", so that waiting would not help; every other
# operational error of SQLite is a lock or the disk
_SQLITE_FAULTS: Final = frozenset(
    {sqlite3.SQLITE_ERROR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
)

_SQLITE_REFUSALS: Final = frozenset(
    {
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY,
    }
)
# PostgreSQL sends no code when it refuses a connection; in another language these are not
# recognised, and then it is only later that they are said
_REFUSALS: Final = (
    "authentication failed",
    "no password supplied",
    "no pg_hba.conf entry",
    "permission denied",
    "read-only transaction",
    "does not exist",
)

# NaN is no JSON: SQLite would store it and PostgreSQL refuse it
_to_json = partial(json.dumps, allow_nan=False)


def without_password(database_url: str) -> str:
    """Return a database's URL as it may be shown."""
    return make_url(database_url).render_as_string(hide_password=True)


class DatabaseUnusableError(BitparetoError):
    """The database refuses us or cannot be opened; correct the address, the password or the disk.

    Attributes:
        address: Its URL, without the password.
        detail: What the database says.
    """

    def __init__(self, database_url: str, detail: str) -> None:
        self.address = without_password(database_url)
        self.detail = detail
        super().__init__(f"the database {self.address} cannot be used: {detail}")


def make_engine(database_url: str, *, foreign_keys: bool = True) -> Engine:
    """Return an engine for a SQLAlchemy URL.

    Args:
        database_url: Such as ``sqlite:////folder/file.db`` or ``postgresql+psycopg://…``.
        foreign_keys: Whether SQLite enforces foreign keys; only migrations turn it off.

    Raises:
        DatabaseUnusableError: If there can be no such file.
    """
    url = make_url(database_url)
    if url.get_backend_name() != "sqlite":
        # a locked row must be seen as it is once the lock is had, whatever the server's default
        return create_engine(
            url, pool_pre_ping=True, isolation_level="READ COMMITTED", json_serializer=_to_json
        )
    if url.database:
        folder = Path(url.database).parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            detail = f"its folder {folder} cannot be made: {error.strerror}"
            raise DatabaseUnusableError(database_url, detail) from error
    engine = create_engine(url, json_serializer=_to_json)

    def set_up(connection: sqlite3.Connection, _record: object) -> None:
        # the driver must not open transactions by itself: _begin_sqlite does, with the right kind
        connection.isolation_level = None
        for pragma in (
            f"busy_timeout={BUSY_TIMEOUT_MS}",  # first: the others may have to wait
            "journal_mode=WAL",
            f"foreign_keys={int(foreign_keys)}",
            "synchronous=NORMAL",
        ):
            connection.execute(f"PRAGMA {pragma}").close()

    event.listen(engine, "connect", set_up)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def read_only(engine: Engine) -> Engine:
    """Return the engine for transactions that only read; it shares the pool.

    All statements of one transaction see the database as of one moment.
    """
    if engine.dialect.name == "sqlite":
        return engine.execution_options(**{_READ_ONLY: True})
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _begin_sqlite(connection: Connection) -> None:
    # a deferred transaction that later wants to write can fail without waiting [SQLite], so writers
    # say at once that they are writers
    reads = bool(connection.get_execution_options().get(_READ_ONLY, False))
    if connection.info.get(_READ_ONLY) != reads:
        connection.exec_driver_sql(f"PRAGMA query_only={int(reads)}")
        connection.info[_READ_ONLY] = reads  # the pooled connection's, so it stays
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def is_busy(error: DBAPIError) -> bool:
    """Whether waiting may help: a lock, a deadlock's victim, a lost or refused connection."""
    if isinstance(error.orig, sqlite3.Error):
        code: int | None = getattr(error.orig, "sqlite_errorcode", None)
        return (
            isinstance(error, OperationalError)
            and code is not None
            # extended codes keep the primary one in the low byte
            and code & 0xFF not in _SQLITE_FAULTS
        )
    return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)


def refuses(error: DBAPIError) -> bool:
    """Whether a database that is connected to for the first time will not have us, ever."""
    if isinstance(error.orig, sqlite3.Error):
        code: int = getattr(error.orig, "sqlite_errorcode", 0)
        return code & 0xFF in _SQLITE_REFUSALS
    said = str(error.orig)
    return any(words in said for words in _REFUSALS)
