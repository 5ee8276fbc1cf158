"""Chaos: a search of many short trials while everything around it breaks.

``python -m benchmarks.recovery [--quick] [--runs N] [--seed S] [--trials N] [--embedded]``

Each run starts real processes on a real PostgreSQL and Redis (``--embedded``: on SQLite and the
broker folder), creates a search, injects faults at seeded moments, waits for the end and recomputes
everything from the raw rows. Training is replaced by sleep under the same protocol.
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from benchmarks.chaos.deployment import Deployment
from benchmarks.chaos.noop_worker import SECONDS_VARIABLE
from benchmarks.chaos.stalling_proxy import StallingProxy
from benchmarks.report import ROOT, write_report
from db.artifact_files import ArtifactFiles
from db.store import SqlStore, open_store
from jobs.bell import CeleryBell
from jobs.broker import celery_client
from search.errors import BitparetoError
from search.settings import settings_from_environment
from search.states import TERMINAL_SEARCH_STATES, TrialState
from tests.contracts.invariants import check_invariants
from tests.servers import PostgresServer, RedisServer

LEASE_S = 4.0
TIMINGS = {
    "BITPARETO_LEASE_S": str(LEASE_S),
    "BITPARETO_HEARTBEAT_S": "1",
    "BITPARETO_SWEEP_S": "0.5",
    SECONDS_VARIABLE: "0.25",
    "OMP_NUM_THREADS": "1",
}
SPACE = {
    "family": "mobilenetv2",
    "stem_channels": [4, 6, 8],
    "stages": [
        {"channels": 8, "kernel": [3, 5], "expansion": [1, 2], "repeats": [1, 2], "stride": 2}
    ],
}
KILLS = ("kill train", "kill optimize", "kill api", "kill sweeper")
DISTRIBUTED = (
    *KILLS,
    "redis flushed",
    "redis restarted",
    "postgres restarted",
    "network cut",
    "message twice",
)
EMBEDDED = (*KILLS, "kill all", "message twice")
FAULTS_EACH = 2
FAULTS_WITHIN_S = 45.0
PATIENCE_S = 900.0
N_WORKERS = 4
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"


class World:
    """One deployment with everything it stands on."""

    def __init__(self, *, embedded: bool) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="bitpareto-chaos-"))
        self.environment = {
            **TIMINGS,
            "BITPARETO_ARTIFACTS_URL": (self.folder / "artifacts").as_uri(),
        }
        self.postgres: PostgresServer | None = None
        self.redis: RedisServer | None = None
        self.proxy: StallingProxy | None = None
        workers: list[tuple[Mapping[str, str], list[str]]] = [({}, [])] * N_WORKERS
        if embedded:
            self.database_url = f"sqlite:///{self.folder / 'bitpareto.db'}"
        else:
            self.postgres, self.redis = PostgresServer(), RedisServer(self.folder)
            self.database_url = self.postgres.new_database("bitpareto")
            socket_folder = parse_qs(urlsplit(self.database_url).query)["host"][0]
            self.proxy = StallingProxy(f"{socket_folder}/.s.PGSQL.5432")
            cut_off = f"postgresql+psycopg://postgres:@127.0.0.1:{self.proxy.port}/bitpareto"
            workers[0] = ({"BITPARETO_DATABASE_URL": cut_off}, [])
            self.environment["BITPARETO_BROKER_URL"] = self.redis.url
        self.skewed = not embedded and Path(FAKETIME).exists()
        if self.skewed:
            workers[1] = ({"LD_PRELOAD": FAKETIME, "FAKETIME": "-45s"}, [])
        self.environment["BITPARETO_DATABASE_URL"] = self.database_url
        self.deployment = Deployment(self.folder, self.environment, workers)
        self.settings = settings_from_environment(
            {**self.environment, "BITPARETO_DATA_FOLDER": str(self.folder)}
        )
        self.deployment.start()

    def inject(self, fault: str, rng: random.Random, search_id: str, store: SqlStore) -> None:
        """Break one thing."""
        kind, _, what = fault.partition(" ")
        if fault == "kill all":
            self.deployment.kill_all()
        elif kind == "kill":
            self.deployment.kill(self.deployment.pick(what, rng))
        elif fault == "message twice":
            self._ring_twice(search_id, store)
        elif self.redis is not None and fault == "redis flushed":
            self.redis.flush()
        elif self.redis is not None and fault == "redis restarted":
            self.redis.kill()
            time.sleep(rng.uniform(0.2, 2.0))
            self.redis.start()
        elif self.postgres is not None and fault == "postgres restarted":
            self.postgres.restart(down_s=rng.uniform(0.2, 2.0))
        elif self.proxy is not None and fault == "network cut":
            self.proxy.stall()
            time.sleep(1.5 * LEASE_S)
            self.proxy.flow()

    def _ring_twice(self, search_id: str, store: SqlStore) -> None:
        app = celery_client(self.settings)
        bell = CeleryBell(app)
        with store.read() as uow:
            trials = uow.trials.of_search(search_id)
        for trial in trials[-2 * N_WORKERS :]:
            bell.train(trial.id)
            bell.train(trial.id)
        bell.advance(search_id)
        bell.advance(search_id)
        app.close()

    def close(self) -> None:
        """End everything and delete the folder."""
        self.deployment.stop()
        for server in (self.proxy, self.postgres):
            if server is not None:
                server.close()
        if self.redis is not None:
            self.redis.kill()
        shutil.rmtree(self.folder)


def run(seed: int, n_trials: int, *, embedded: bool) -> dict[str, Any]:
    """Do one run and return what was injected and survived; any broken promise raises."""
    rng = random.Random(seed)  # noqa: S311  # no secret
    world = World(embedded=embedded)
    try:
        store = open_store(world.database_url)
        body = {
            "dataset": "digits",
            "space": SPACE,
            "strategy": {"name": "random"},
            "limits": {"max_trials": n_trials, "max_parallel": 2 * N_WORKERS, "max_attempts": 5},
            "seed": seed,
        }
        search_id = _until(lambda: _create(world.deployment.url, body), "the API")
        began = time.monotonic()
        faults = [*(EMBEDDED if embedded else DISTRIBUTED)] * FAULTS_EACH
        rng.shuffle(faults)
        moments = sorted(rng.uniform(0, FAULTS_WITHIN_S) for _ in faults)
        injected: Counter[str] = Counter()
        for fault, moment in zip(faults, moments, strict=True):
            time.sleep(max(0.0, began + moment - time.monotonic()))
            if _ended(store, search_id):
                break
            world.inject(fault, rng, search_id, store)
            injected[fault] += 1
        _until(lambda: _ended(store, search_id) or None, "the end of the search")
        seconds = time.monotonic() - began
        states = check(world, store, search_id, n_trials)
        log = world.deployment.log.read_text()
        store.close()
    finally:
        world.close()
    return {
        "seed": seed,
        "seconds": round(seconds, 1),
        "faults": dict(injected),
        "clock_skewed": world.skewed,
        "stale_writes_refused": log.count("another worker has the trial now"),
        **states,
    }


def check(world: World, store: SqlStore, search_id: str, n_trials: int) -> dict[str, int]:
    """Recompute everything from the raw rows.

    Raises:
        AssertionError: If something was lost, doubled or is wrong.
    """
    check_invariants(store, search_id)
    with store.read() as uow:
        trials = uow.trials.of_search(search_id)
        files = uow.artifacts.of_trials([trial.id for trial in trials])
    states = Counter(trial.state for trial in trials)
    if len(trials) != n_trials or set(states) - {TrialState.COMPLETED, TrialState.FAILED}:
        raise AssertionError(f"{len(trials)} trials, {dict(states)}")
    if wrong := {trial.outcome for trial in trials} - {None, "lost"}:
        raise AssertionError(f"trials failed for what was done to their surroundings: {wrong}")
    stored = ArtifactFiles(world.settings.artifacts_url)
    for trial in trials:
        if trial.state == TrialState.COMPLETED:
            content = stored.read(files[trial.id].sha256)
            if len(content) != trial.costs["size_bytes"]:
                raise AssertionError(f"the file of {trial.id} has {len(content)} bytes")
    return {
        "completed": states[TrialState.COMPLETED],
        "lost": states[TrialState.FAILED],
        "attempts_beyond_the_first": sum(trial.attempt - 1 for trial in trials),
    }


def _create(url: str, body: Mapping[str, Any]) -> str | None:
    try:
        answer = httpx.post(f"{url}/v1/searches", json=body, timeout=10)
    except httpx.TransportError:
        return None
    answer.raise_for_status()
    return str(answer.json()["id"])


def _ended(store: SqlStore, search_id: str) -> bool:
    try:
        with store.read() as uow:
            return uow.searches.get(search_id).state in TERMINAL_SEARCH_STATES
    except BitparetoError:
        return False


def _until(found: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if (value := found()) is not None:
            return value
        time.sleep(0.1)
    raise AssertionError(f"{what}: not within {PATIENCE_S:g} s")


def main() -> int:
    """Run all runs; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="3 runs")
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1, help="of the first run")
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--embedded", action="store_true")
    parser.add_argument("--output", type=Path)
    arguments = parser.parse_args()
    n_runs = 3 if arguments.quick else arguments.runs
    runs, survived = [], Counter[str]()
    for seed in range(arguments.seed, arguments.seed + n_runs):
        runs.append(run(seed, arguments.trials, embedded=arguments.embedded))
        survived.update(runs[-1]["faults"])
        sys.stderr.write(f"clean: {runs[-1]}\n")
    name = "recovery_embedded" if arguments.embedded else "recovery"
    metrics = {"clean_runs": float(len(runs)), **{f"survived {k}": v for k, v in survived.items()}}
    path = arguments.output or ROOT / "benchmarks" / "results" / f"{name}.json"
    write_report(name, metrics, runs, path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
