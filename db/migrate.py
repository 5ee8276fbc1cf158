"""Brings a database to the schema this code needs, and says clearly when it is another one."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import DBAPIError

from db.engines import is_busy, make_engine
from search.errors import BitparetoError, StoreBusyError

# any number that nobody else locks in this database
MIGRATION_LOCK = 0x62_69_74_70


class SchemaError(BitparetoError):
    """The database's schema is not the one this code needs; migrate it, or update the code."""

    def __init__(self, found: str | None, needed: str) -> None:
        self.found = found
        self.needed = needed
        what = f"is at revision {found}" if found else "has no bitpareto tables"
        super().__init__(
            f"the database {what}, this code needs {needed}: run `bitpareto-server migrate`, "
            "or install the release the database was made by"
        )


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
        StoreBusyError: If the database cannot be reached.
    """
    try:
        command.upgrade(alembic_config(database_url), "head")
    except DBAPIError as error:
        raise _busy_or_same(error) from error


def check_schema(database_url: str) -> None:
    """Make sure that the database has exactly the schema this code needs.

    Raises:
        SchemaError: If it has another one, or none.
        StoreBusyError: If the database cannot be reached.
    """
    needed = ScriptDirectory.from_config(alembic_config(database_url)).get_current_head()
    engine = make_engine(database_url)
    try:
        with engine.connect() as connection:
            found = MigrationContext.configure(connection).get_current_revision()
    except DBAPIError as error:
        raise _busy_or_same(error) from error
    finally:
        engine.dispose()
    if found != needed:
        raise SchemaError(found, str(needed))


def _busy_or_same(error: DBAPIError) -> BitparetoError | DBAPIError:
    if is_busy(error):
        return StoreBusyError(f"the database did not answer: {error.orig}")
    return error
