"""A real chromium, a real API process, a real store that the tests fill through the use cases."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    ViewportSize,
    expect,
    sync_playwright,
)
from playwright.sync_api import Error as PlaywrightError

from db.artifact_files import ArtifactFiles
from db.migrate import upgrade
from db.store import open_store
from quantization.artifact import write_artifact
from search.datasets import DATASETS
from search.entities import Artifact, Lease, Progress, Proposal
from search.explanations import Explanation
from search.ids import new_id
from search.use_cases.advance import begin_advance, record_proposals
from search.use_cases.leases import claim_trial
from search.use_cases.results import complete_trial, fail_trial, report_progress
from search_space.costs import cost_mapping
from search_space.space import space_from_json
from tests.unit.quantization.test_predicted_size import packed

ROOT = Path(__file__).resolve().parent.parent.parent
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START_S = 60.0
PATIENCE_MS = 30_000
LEASE_S = 600.0


class Service:
    """One API process on one data folder; it can be killed and started again on its port."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.database_url = f"sqlite:///{folder / 'bitpareto.db'}"
        self.artifacts_url = (folder / "artifacts").as_uri()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self._folder = folder
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "uvicorn", "--factory", "--log-level", "warning"]
        command += ["--port", str(self.port), "api.app:create_app_from_environment"]
        environment = {
            **os.environ,
            "BITPARETO_DATA_FOLDER": str(self._folder),
            "BITPARETO_DATABASE_URL": self.database_url,
            "BITPARETO_ARTIFACTS_URL": self.artifacts_url,
            **self._environment,
        }
        self._process = subprocess.Popen(command, cwd=ROOT, env=environment)
        until = time.monotonic() + START_S
        while time.monotonic() < until and self._process.poll() is None:
            try:
                httpx.get(f"{self.address}/healthz", timeout=2).raise_for_status()
            except httpx.HTTPError:
                time.sleep(0.1)
            else:
                return
        pytest.fail("the API process did not start")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


class SearchScript:
    """Plays a search's workers by hand, through the use cases the real workers call."""

    def __init__(self, service: Service, **over: Any) -> None:
        body: dict[str, Any] = {
            "name": "digits under test",
            "dataset": "digits",
            "space": {"family": "mobilenetv2"},
            "budgets": {"size_bytes": 262_144},
            "limits": {"max_trials": 30, "max_parallel": 8},
        }
        body |= over
        answer = httpx.post(f"{service.address}/v1/searches", json=body).raise_for_status()
        self.id: str = answer.json()["id"]
        facts = DATASETS["digits"]
        self._space = space_from_json(
            body["space"], input_shape=facts.input_shape, n_classes=facts.n_classes
        )
        self._budget = body["budgets"].get("size_bytes", float("inf"))
        self._rng = np.random.default_rng(7)
        self._store = open_store(service.database_url)
        self._files = ArtifactFiles(service.artifacts_url)

    def close(self) -> None:
        self._store.close()

    def propose(self, n: int) -> list[str]:
        """Store ``n`` new trials as an optimize worker would; returns their ids."""
        now = datetime.now(UTC)
        with self._store.begin() as uow:
            plan = begin_advance(uow, self.id, now, hold_s=30)
            assert plan is not None
            assert plan.n_wanted >= n
            fewer = replace(plan, n_wanted=n)  # as if the search asked for no more
            return record_proposals(uow, fewer, [self._proposal() for _ in range(n)], now)

    def claim(self, trial_id: str) -> Lease:
        with self._store.begin() as uow:
            claim = claim_trial(uow, trial_id, "worker-of-test", datetime.now(UTC), LEASE_S)
        assert claim is not None
        return claim.lease

    def report(
        self, lease: Lease, epoch: int, n_epochs: int, accuracy: float | None = None
    ) -> None:
        progress = Progress(
            phase="float", epoch=epoch, n_epochs=n_epochs, train_loss=1 / epoch, accuracy=accuracy
        )
        with self._store.begin() as uow:
            report_progress(uow, lease, progress, datetime.now(UTC))

    def prints(self, trial_id: str, text: str) -> None:
        with self._store.begin() as uow:
            uow.logs.append(trial_id, 1, text)

    def explain(self, explanation: Explanation) -> None:
        with self._store.begin() as uow:
            uow.searches.lock(self.id)
            uow.explanations.keep(self.id, explanation)

    def complete(self, lease: Lease, accuracy: float) -> None:
        now = datetime.now(UTC)
        with self._store.begin() as uow:
            trial = uow.trials.get(lease.trial_id)
            network = replace(
                packed(trial.layers, self._rng),
                candidate_hash=trial.candidate_hash,
                seed=trial.seed,
            )
            content = write_artifact(network)
            artifact = Artifact(
                id=new_id("art"),
                trial_id=trial.id,
                search_id=self.id,
                sha256=self._files.put(content),
                size_bytes=len(content),
                created_at=now,
            )
            metrics = {
                "accuracy": accuracy,
                "n_validation": 360.0,
                "float_accuracy": min(1.0, accuracy + 0.004),
                "float_size_bytes": 4.0 * len(content),
            }
            complete_trial(uow, lease, metrics, artifact, now)

    def fail(self, lease: Lease) -> None:
        with self._store.begin() as uow:
            now = datetime.now(UTC)
            fail_trial(uow, lease, "diverged", "the loss is not a number", now)

    def run_one(self, accuracy: float) -> str:
        """A trial from proposal to result; returns its id."""
        (trial_id,) = self.propose(1)
        self.complete(self.claim(trial_id), accuracy)
        return trial_id

    def _proposal(self) -> Proposal:
        candidate = self._space.sample(self._rng)
        costs = cost_mapping(candidate.layers)
        while costs["size_bytes"] > self._budget:
            candidate = self._space.sample(self._rng)
            costs = cost_mapping(candidate.layers)
        return Proposal(
            genes=candidate.genes,
            layers=candidate.layers,
            candidate_hash=candidate.hash,
            costs=costs,
            gen_method="random",
            gen_seconds=0.01,
        )


def _chromium() -> str | None:
    """Find a chromium or install one: Debian's as root, else Playwright's own (``None``)."""
    if not shutil.which("chromium") and os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "update", "-qq"], check=False, capture_output=True)
        install = ["apt-get", "install", "-y", "-qq", "chromium"]
        subprocess.run(install, check=False, capture_output=True)
    if found := shutil.which("chromium"):
        return found
    install = [sys.executable, "-m", "playwright", "install", "chromium"]
    subprocess.run(install, check=False, capture_output=True)
    return None


# Not for the session: an open Playwright is an event loop that runs in the tests' thread, and the
# modules of other folders, which run in between, could not have theirs.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_MS)  # for busy machines: a test that passes does not wait
    executable = _chromium()
    with sync_playwright() as playwright:
        try:
            opened = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        except PlaywrightError as error:
            pytest.skip(f"no chromium here and none could be installed: {error}")
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    served = Service(tmp_path_factory.mktemp("dashboard"))
    upgrade(served.database_url)
    served.start()
    yield served
    served.kill()


@pytest.fixture
def script(service: Service) -> Iterator[SearchScript]:
    played = SearchScript(service)
    yield played
    played.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the console said; empty after every test unless the test explains and clears it."""
    return []


@pytest.fixture(scope="module")
def context(browser: Browser, service: Service) -> Iterator[BrowserContext]:
    """One for all tests of a module: Plotly is compiled once, and the page keeps nothing."""
    size: ViewportSize = {"width": 1360, "height": 900}
    opened = browser.new_context(base_url=service.address, viewport=size)
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext, complaints: list[str]) -> Iterator[Page]:
    opened = context.new_page()

    def listen(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    opened.on("console", listen)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.add_init_script(
        "addEventListener('securitypolicyviolation', (e) =>"
        " console.error('CSP', e.violatedDirective, e.blockedURI, e.sourceFile))"
    )
    yield opened
    opened.close()
    assert complaints == []
