"""A worker's parts on a real store and the real embedded broker, with short leases."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from db.migrate import upgrade
from search.settings import Settings, settings_from_environment
from worker.parts import Parts, open_parts

Rung = Callable[[], set[str]]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    found = settings_from_environment({"BITPARETO_DATA_FOLDER": str(tmp_path)})
    return replace(found, lease_s=2.0, heartbeat_s=0.1, sweep_s=0.1)


@pytest.fixture
def parts(settings: Settings) -> Iterator[Parts]:
    upgrade(settings.database_url)
    opened = open_parts(settings, kind="train", device="cpu")
    yield opened
    opened.store.close()


@pytest.fixture
def rung(settings: Settings) -> Rung:
    """Names of the rings that wait in the broker, such as ``train-trl_…``; they are taken."""

    def take() -> set[str]:
        queues = settings.data_dir / "broker" / "queues"
        files = [path for path in queues.rglob("*") if path.is_file()]
        for path in files:
            path.unlink()
        return {path.name for path in files}

    return take


@pytest.fixture
def hold_database(settings: Settings) -> Iterator[Callable[[float], None]]:
    """Keep the database locked by another connection for some seconds, in the background."""
    threads: list[threading.Thread] = []

    def hold(seconds: float) -> None:
        locked = threading.Event()

        def run() -> None:
            path = settings.database_url.removeprefix("sqlite:///")
            with closing(sqlite3.connect(path, isolation_level=None, timeout=10)) as connection:
                connection.execute("BEGIN IMMEDIATE")
                locked.set()
                time.sleep(seconds)
                connection.execute("ROLLBACK")

        threads.append(threading.Thread(target=run))
        threads[-1].start()
        assert locked.wait(10)

    yield hold
    for thread in threads:
        thread.join()
