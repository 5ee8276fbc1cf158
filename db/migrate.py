"""Brings a database to the schema this code needs, and says clearly when it is another one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from db.engines import DatabaseUnusableError, is_busy, make_engine, refuses
from search.errors import BitparetoError, StoreBusyError

# any number that nobody else locks in this database
MIGRATION_LOCK = 0x62_69_74_70
_WRITES_NOTHING = text("UPDATE alembic_version SET version_num = version_num")


class SchemaError(BitparetoError):
    """The database's schema is not the one this code needs; migrate it, or update the code.

    Attributes:
        found: Revision of the database, if it has one.
        needed: Revision of this code.
        is_older: Whether this code knows how to bring it up to date.
    """

    def __init__(self, found: str | None, needed: str, *, is_older: bool) -> None:
        self.found = found
        self.needed = needed
        self.is_older = is_older
        if found is None:
            what = "has no bitpareto tables"
        else:
            what = f"has the {'older' if is_older else 'unknown'} schema {found}"
        remedy = (
            "run `bitpareto-server migrate`"
            if is_older
            else "a newer release made it: install that release, or a database of this one's"
        )
        super().__init__(f"the database {what}, this code needs {needed}: {remedy}")


def alembic_config(database_url: str) -> Config:
    """Return Alembic's configuration for a database."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["database_url"] = database_url
    return config


def upgrade(database_url: str) -> None:
    """Create or upgrade the schema to the newest revision; doing it twice does nothing.

    All of it or nothing happens, and of several processes at once one does it.

    Raises:
        SchemaError: If a newer release made the database.
        DatabaseUnusableError: If it refuses us or cannot be opened.
        StoreBusyError: If it cannot be reached.
    """
    config = alembic_config(database_url)
    with _errors_translated(database_url):
        problem = _difference(database_url)
        if problem is None or problem.is_older:
            command.upgrade(config, "head")
            return
    raise problem


def check_schema(database_url: str) -> None:
    """Make sure that the database has exactly the schema this code needs, and may be written.

    Raises:
        SchemaError: If it has another one, or none.
        DatabaseUnusableError: If it refuses us or cannot be opened.
        StoreBusyError: If it cannot be reached.
    """
    with _errors_translated(database_url):
        problem = _difference(database_url)
    if problem is not None:
        raise problem


def _difference(database_url: str) -> SchemaError | None:
    script = ScriptDirectory.from_config(alembic_config(database_url))
    engine = make_engine(database_url)
    try:
        needed = str(script.get_current_head())
        with engine.connect() as connection:
            found = MigrationContext.configure(connection).get_current_revision()
            if found == needed:
                # rolled back, and refused by a file or a server that can only be read
                connection.execute(_WRITES_NOTHING)
                return None
    finally:
        engine.dispose()
    known = {each.revision for each in script.walk_revisions()}
    return SchemaError(found, needed, is_older=found is None or found in known)


@contextmanager
def _errors_translated(database_url: str) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        if refuses(error):
            raise DatabaseUnusableError(database_url, str(error.orig)) from error
        if is_busy(error):
            raise StoreBusyError(f"the database did not answer: {error.orig}") from error
        raise
