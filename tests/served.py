"""A deployment without workers, for tests of the API and the client: real store, files and HTTP."""

import asyncio
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

from db.artifact_files import ArtifactFiles
from db.migrate import upgrade
from db.store import SqlStore, open_store
from search.entities import Artifact, Search
from search.ids import new_id
from search.settings import Settings, settings_from_environment
from search.use_cases.advance import begin_advance
from search.use_cases.leases import Claim
from search.use_cases.results import complete_trial, finish_refining, record_test_accuracy
from tests.service import claim, proposals, queue_trials

BODY = {"dataset": "digits", "space": {"family": "mobilenetv2"}}
"""The smallest body that creates a search."""
BASE_URL = "http://127.0.0.1"
"""This machine, which needs no key."""


def migrated_settings(folder: Path) -> Settings:
    """Return the settings of a fresh embedded deployment."""
    settings = settings_from_environment({"BITPARETO_DATA_FOLDER": str(folder)})
    upgrade(settings.database_url)
    return settings


class Deployment:
    """Plays the workers of a deployment, through the real use cases."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.store: SqlStore = open_store(settings.database_url)
        self.files = ArtifactFiles(settings.artifacts_url)

    def claimed(self, search: Search, n: int) -> list[Claim]:
        """Propose ``n`` candidates and claim their trials; size and number rise together."""
        found = sorted(proposals(n), key=lambda proposal: proposal.costs["size_bytes"])
        return [claim(self.store, i) for i in queue_trials(self.store, search, found, _now())]

    def complete(self, claimed: Claim, accuracy: float) -> str:
        """Record a result with its file; returns the artifact's id."""
        trial = claimed.trial
        packed = packed_file(claimed)
        artifact = Artifact(
            id=new_id("art"),
            trial_id=trial.id,
            search_id=trial.search_id,
            sha256=self.files.put(packed),
            size_bytes=len(packed),
            created_at=_now(),
        )
        metrics = {"accuracy": accuracy, "float_accuracy": 0.99, "n_validation": 360.0}
        with self.store.begin() as uow:
            complete_trial(uow, claimed.lease, metrics, artifact, _now())
        return artifact.id

    def finish(self, search_id: str) -> None:
        """Bring a search whose trials have all ended to its own end."""
        with self.store.begin() as uow:
            begin_advance(uow, search_id, _now(), hold_s=30)
        with self.store.begin() as uow:
            for trial in uow.trials.front(search_id):
                record_test_accuracy(uow, trial.id, 340, 360, _now())
            finish_refining(uow, search_id, _now())


def packed_file(claimed: Claim) -> bytes:
    """Return bytes that stand for a trial's file: of its predicted length, and no other's."""
    length = claimed.trial.costs["size_bytes"]
    return (claimed.trial.id.encode() * length)[:length]


def _now() -> datetime:
    return datetime.now(UTC)


class InProcess:
    """Sends requests to an application without a socket."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send one request and read the whole answer."""

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self._app)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://127.0.0.1"
            ) as client:
                return await client.request(method, path, **options)

        return asyncio.run(send())

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
        """Send a GET."""
        return self.request("GET", path, headers=headers)

    def post(self, path: str, json: object = None, **options: Any) -> httpx.Response:
        """Send a POST."""
        return self.request("POST", path, json=json, **options)


@contextmanager
def served(app: FastAPI, port: int = 0) -> Iterator[str]:
    """Run a real server in a thread; yields its address."""
    config = uvicorn.Config(
        app, port=port, log_level="warning", timeout_graceful_shutdown=1, lifespan="on"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + 20
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            assert time.monotonic() < deadline, "the server did not start in time"
            time.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)
