"""A real server and a client of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from api.app import create_app
from bitpareto import Client
from tests.served import Deployment, migrated_settings, served


@pytest.fixture(autouse=True)
def _no_server_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BITPARETO_BASE_URL", raising=False)


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    """Store and files, with the means to play the workers."""
    opened = Deployment(migrated_settings(tmp_path / "server"))
    yield opened
    opened.store.close()


@pytest.fixture
def address(deployment: Deployment) -> Iterator[str]:
    """A real server with short intervals."""
    with served(create_app(deployment.settings, poll_s=0.02, heartbeat_s=0.1)) as found:
        yield found


@pytest.fixture
def client(address: str) -> Iterator[Client]:
    """A client of that server."""
    with Client(address) as opened:
        yield opened
