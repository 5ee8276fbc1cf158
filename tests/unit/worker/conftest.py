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
from search.entities import Limits, TrialResult
from search.recipe import Recipe
from search.settings import Settings, settings_from_environment
from tests.service import new_search, proposals, queue_trials
from worker.parts import Parts, open_parts
from worker.tasks import train as module

Rung = Callable[[], set[str]]
StandIn = Callable[..., TrialResult]
TINY = Recipe(float_epochs=1, qat_epochs=1, max_train_images=128, max_accuracy_gap=1.0)


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


@pytest.fixture
def queued(parts: Parts) -> tuple[str, str]:
    search = new_search(parts.store, recipe=TINY, limits=Limits(max_trials=1, max_parallel=1))
    return search.id, queue_trials(parts.store, search, proposals(1))[0]


@pytest.fixture
def trainer(monkeypatch: pytest.MonkeyPatch) -> Callable[[StandIn], None]:
    def use(stand_in: StandIn) -> None:
        monkeypatch.setattr(module, "run_trial", stand_in)

    return use
