"""Real brokers: the embedded one in a folder, and a Redis server of the session's own."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from celery import Celery

from jobs.broker import celery_client
from jobs.messages import QUEUES
from search.settings import Settings, settings_from_environment
from tests.servers import RedisServer

Taken = list[dict[str, Any]]


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    yield server
    server.kill()


@pytest.fixture
def embedded(tmp_path: Path) -> Settings:
    return settings_from_environment({"BITPARETO_DATA_FOLDER": str(tmp_path)})


@pytest.fixture(params=["filesystem", "redis"])
def app(request: pytest.FixtureRequest, embedded: Settings) -> Iterator[Celery]:
    settings = embedded
    if request.param == "redis":
        server: RedisServer = request.getfixturevalue("redis_server")
        server.flush()
        settings = replace(settings, broker_url=server.url)
    client = celery_client(settings)
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
