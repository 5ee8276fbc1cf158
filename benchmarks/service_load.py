"""What the API bears.

``python -m benchmarks.service_load [--quick] [--minutes N] [--output FILE]``

One API process on a real PostgreSQL, a search of 10,000 trials in which results arrive all the
time, 100 clients that follow its events and 50 that ask, once a second, for its front or its newest
trials. Everything shares the cores of one machine.

- ``front_rate``: front reads per second over those of an empty route of FastAPI under the same
  server, both with nothing else going on: median of rounds, with the lowest and the highest.
- ``front_cpu_us``, ``empty_cpu_us``, ``front_cpu_rate``: processor time of the server per request,
  and that of the empty route over that of the front; other work on the machine moves these less.
- ``api_cores``, ``client_cores``: processor time of the API and of its clients per second of load.
- ``lost_or_reordered``: streams whose ids are not exactly those of the database.
- ``front_p99_ms``, ``trials_p99_ms``: of the reads of all who ask.
- ``memory_growth_mb``: resident memory of the API process, mean of the last quarter of the time
  less mean of the second.
"""

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import psutil
from sqlalchemy import create_engine

from benchmarks.http_load import saturate
from benchmarks.machinery import Machinery, machinery
from benchmarks.orchestration_growth import grow
from benchmarks.report import ROOT, write_report
from tests.servers import PostgresServer

FOLLOWERS: Final = 100
POLLERS: Final = 50
TRIALS: Final = 10_000
_CONNECTIONS: Final = 50
_ROUNDS: Final = 7
_WARM_UP: Final = 60
_EMPTY: Final = """
import sys, uvicorn
from fastapi import FastAPI
app = FastAPI()
@app.get("/")
async def empty() -> dict[str, str]:
    return {}
uvicorn.run(app, port=int(sys.argv[1]), log_level="warning", access_log=False)
"""


@dataclass(frozen=True, slots=True)
class _Server:
    """What is asked for, and who answers."""

    port: int
    pid: int
    path: str


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="3 minutes of load")
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--output", type=Path)
    arguments = parser.parse_args()
    seconds = 60 * (3.0 if arguments.quick else arguments.minutes)
    server = PostgresServer()
    try:
        with tempfile.TemporaryDirectory(prefix="bitpareto-load-") as folder:
            url = server.new_database("load")
            with machinery(url, Path(folder)) as opened:
                metrics, runs = _measure(opened, url, folder, seconds)
    finally:
        server.close()
    write_report("service_load", metrics, runs, arguments.output)


def _measure(
    opened: Machinery, url: str, folder: str, seconds: float
) -> tuple[dict[str, float], list[dict[str, Any]]]:
    search_id = opened.new_search(2 * TRIALS)
    for _ in range(_WARM_UP):
        _one_trial(opened, search_id)
    engine = create_engine(url)
    with engine.begin() as connection:
        grow(connection, search_id, TRIALS)
    engine.dispose()
    environment = {
        **os.environ,
        "BITPARETO_DATABASE_URL": url,
        "BITPARETO_DATA_FOLDER": folder,
    }
    api = [str(Path(sys.executable).with_name("bitpareto-server")), "api", "--port"]
    with (
        _running([*api], environment, "/readyz") as (port, pid),
        _running([sys.executable, "-c", _EMPTY], environment, "/") as (empty_port, empty_pid),
    ):
        front = _Server(port, pid, f"/v1/searches/{search_id}/front")
        rounds = [_round(front, _Server(empty_port, empty_pid, "/")) for _ in range(_ROUNDS)]
        rates = [each["front"] / each["empty"] for each in rounds]
        costs = [each["empty_cpu_us"] / each["front_cpu_us"] for each in rounds]
        metrics = {
            "front_rate": statistics.median(rates),
            "front_rate_low": min(rates),
            "front_rate_high": max(rates),
            "front_per_s": statistics.median(each["front"] for each in rounds),
            "empty_per_s": statistics.median(each["empty"] for each in rounds),
            "front_cpu_us": statistics.median(each["front_cpu_us"] for each in rounds),
            "empty_cpu_us": statistics.median(each["empty_cpu_us"] for each in rounds),
            "front_cpu_rate": statistics.median(costs),
            "front_cpu_rate_low": min(costs),
            "front_cpu_rate_high": max(costs),
        }
        metrics |= _under_load(opened, search_id, port, psutil.Process(pid), seconds)
    return metrics, rounds


def _round(front: _Server, empty: _Server) -> dict[str, float]:
    shown: dict[str, float] = {}
    for name, server in (("empty", empty), ("front", front)):
        process = psutil.Process(server.pid)
        before = _cpu_s(process)
        load = saturate(server.port, server.path, connections=_CONNECTIONS, seconds=3)
        if set(load.answers) != {200}:
            raise RuntimeError(f"answers were {load.answers}")
        shown[name] = load.per_second
        shown[f"{name}_cpu_us"] = (_cpu_s(process) - before) / len(load.seconds) * 1e6
    print(shown, flush=True)
    return shown


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _under_load(
    opened: Machinery, search_id: str, port: int, api: psutil.Process, seconds: float
) -> dict[str, float]:
    after, until = _last_event(opened, search_id), time.time() + seconds
    command = [sys.executable, "-m", "benchmarks.service_clients", str(port), search_id]
    command += [str(after), str(FOLLOWERS), str(POLLERS), str(until)]
    clients = subprocess.Popen(  # noqa: S603 - our own module
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    memory, results, noted = [], 0, 0.0
    processes = {"api_cores": api, "client_cores": psutil.Process(clients.pid)}
    began, before = time.time(), {name: _cpu_s(each) for name, each in processes.items()}
    while time.time() < until:
        _one_trial(opened, search_id)
        results += 1
        if time.time() - noted > 1:
            noted = time.time()
            memory.append(api.memory_info().rss / 2**20)
        time.sleep(0.1)
    wall_s = time.time() - began
    cores = {name: (_cpu_s(each) - before[name]) / wall_s for name, each in processes.items()}
    last = _last_event(opened, search_id)
    out, _ = clients.communicate(f"{last}\n", timeout=180)
    found = json.loads(out)
    with opened.parts.store.read() as uow:
        wanted = [event_id for event_id, _ in uow.events.types_after(search_id, after, 10**6)]
    wrong = sum([i for i in seen if i <= last] != wanted for seen in found["seen"])
    quarter = len(memory) // 4
    growth = statistics.mean(memory[-quarter:]) - statistics.mean(memory[quarter : 2 * quarter])
    return {
        "minutes": seconds / 60,
        "results_arrived": results,
        "events": len(wanted),
        "streams": len(found["seen"]),
        "lost_or_reordered": wrong,
        **_quantiles(found["seconds"]),
        **cores,
        "memory_mb": statistics.mean(memory[-quarter:]),
        "memory_growth_mb": growth,
    }


def _quantiles(seconds: Mapping[str, list[float]]) -> dict[str, float]:
    metrics: dict[str, float] = {}
    for name, found in seconds.items():
        metrics[f"{name}_reads"] = len(found)
        for q in (50, 99):
            metrics[f"{name}_p{q}_ms"] = float(np.percentile(found, q)) * 1e3
    return metrics


def _one_trial(opened: Machinery, search_id: str) -> None:
    _, created = opened.advance(search_id)
    for trial_id in created:
        opened.train(trial_id)


def _last_event(opened: Machinery, search_id: str) -> int:
    with opened.parts.store.read() as uow:
        return uow.events.last_id(search_id)


@contextmanager
def _running(
    command: list[str], environment: Mapping[str, str], ready: str
) -> Iterator[tuple[int, int]]:
    """Run a server on a free port, told to it as the last argument; yields port and pid."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    process = subprocess.Popen([*command, str(port)], env=dict(environment))  # noqa: S603 - ours
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                saturate(port, ready, connections=1, seconds=0.01)
                break
            except OSError:
                if time.monotonic() > deadline or process.poll() is not None:
                    raise
                time.sleep(0.2)
        yield port, process.pid
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    main()
