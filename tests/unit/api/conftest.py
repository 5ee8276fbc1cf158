"""An application on a fresh SQLite store."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from api.app import create_app
from tests.served import Deployment, InProcess, migrated_settings


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    """Store and files, with the means to play the workers."""
    opened = Deployment(migrated_settings(tmp_path))
    yield opened
    opened.store.close()


@pytest.fixture
def api(deployment: Deployment) -> Iterator[InProcess]:
    """The application, called in-process."""
    app = create_app(deployment.settings, poll_s=0.02, heartbeat_s=0.1)
    yield InProcess(app)
    app.state.parts.store.close()
