"""The distributed mode: PostgreSQL, Redis, and processes that were started one by one."""

import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from db.store import open_store
from tests.contracts.invariants import check_invariants
from tests.e2e.service_process import SERVER, environment, processes_of
from tests.e2e.test_main_job import (
    N_TRIALS,
    SEARCH,
    check_front,
    kill_a_worker_in_the_middle_of_a_trial,
    wait_for,
    wait_for_success,
)
from tests.servers import PostgresServer, RedisServer

pytestmark = pytest.mark.e2e

COMMANDS = (
    ("sweep",),
    ("worker", "--queue", "optimize"),
    ("worker", "--queue", "train", "--name", "train-1"),
    ("worker", "--queue", "train", "--name", "train-2"),
)


class Cluster:
    """Every process of a deployment, started as on machines of their own."""

    def __init__(self, folder: Path, database_url: str, broker_url: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self._folder = folder
        self._environment = {
            **environment(folder),
            "BITPARETO_DATABASE_URL": database_url,
            "BITPARETO_BROKER_URL": broker_url,
        }
        subprocess.run([SERVER, "migrate"], env=self._environment, check=True)
        self._processes: list[tuple[tuple[str, ...], subprocess.Popen[bytes]]] = []
        for command in (*COMMANDS, ("api", "--port", str(port))):
            self.start(*command)

    def start(self, *command: str, **changes: str) -> None:
        """Start one more process, with changes of its environment."""
        with (self._folder / "processes.log").open("ab") as log:
            started = subprocess.Popen(
                [SERVER, *command], env={**self._environment, **changes}, stdout=log, stderr=log
            )
        self._processes.append((command, started))

    def stop(self) -> list[tuple[tuple[str, ...], int]]:
        """Ask every process to end, as an orchestrator does; returns how each command ended."""
        for _, process in self._processes:
            process.send_signal(signal.SIGTERM)
        return [(command, process.wait(60)) for command, process in self._processes]

    def kill(self) -> None:
        """End what is left."""
        for _, process in self._processes:
            process.kill()
            process.wait()


@contextmanager
def cluster(folder: Path, database_url: str, broker_url: str) -> Iterator[Cluster]:
    running = Cluster(folder, database_url, broker_url)
    try:
        yield running
    finally:
        running.kill()


def test_a_search_survives_its_servers(tmp_path: Path) -> None:
    postgres, redis_server = PostgresServer(), RedisServer(tmp_path)
    try:
        url = postgres.new_database("bitpareto")
        with (
            cluster(tmp_path, url, redis_server.url) as running,
            httpx.Client(base_url=running.url, timeout=30) as client,
        ):
            search_id = wait_for("the API", lambda: _created(client), 120)
            store = open_store(url)
            kill_a_worker_in_the_middle_of_a_trial(store, search_id)
            running.start("worker", "--queue", "train", "--name", "train-3")
            redis_server.flush()
            postgres.restart(down_s=1.0)
            redis_server.kill()
            time.sleep(1.0)
            redis_server.start()
            wait_for_success(client, search_id)
            check_front(client, search_id)
            check_invariants(store, search_id)
            store.close()
            # uvicorn ends in order, then hands the signal on
            in_order = (0, -signal.SIGTERM)
            others = [(name, status) for name, status in running.stop() if status not in in_order]
            assert [status for _, status in others] == [-signal.SIGKILL], (
                others,
                (tmp_path / "processes.log").read_text()[-4000:],
            )
            assert not processes_of(tmp_path)
    finally:
        redis_server.kill()
        postgres.close()


def test_trials_that_need_a_worker_of_a_kind_wait_for_it_and_reach_it(tmp_path: Path) -> None:
    postgres, redis_server = PostgresServer(), RedisServer(tmp_path)
    limits = {"max_trials": N_TRIALS, "max_parallel": 3, "needs": {"profile": "night"}}
    body = {**SEARCH, "limits": limits}
    want = "waits for a device with the profile 'night'; none of 2 train workers is"
    try:
        with (
            cluster(tmp_path, postgres.new_database("bitpareto"), redis_server.url) as running,
            httpx.Client(base_url=running.url, timeout=30) as client,
        ):
            search_id = wait_for("the API", lambda: _created(client, body), 120)
            path = f"/v1/searches/{search_id}"

            def says_so() -> bool | None:
                waiting = client.get(path).json()["waiting"]
                return (waiting is not None and waiting["message"] == want) or None

            wait_for("both train workers", says_so, 120)
            night = ("worker", "--queue", "train", "--name", "night")
            running.start(*night, BITPARETO_WORKER_PROFILE="night")
            wait_for_success(client, search_id)
            trials = client.get(f"{path}/trials").json()["data"]
            workers = {each["id"]: each for each in client.get("/v1/workers").json()["data"]}
            assert len(trials) == N_TRIALS
            for trial in trials:
                (attempt,) = client.get(f"/v1/trials/{trial['id']}/attempts").json()["data"]
                assert workers[attempt["worker_id"]]["capabilities"]["profile"] == "night"
    finally:
        redis_server.kill()
        postgres.close()


def _created(client: httpx.Client, body: Mapping[str, Any] = SEARCH) -> str | None:
    try:
        answer = client.post("/v1/searches", json=body)
    except httpx.TransportError:
        return None
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])
