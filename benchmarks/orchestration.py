"""What the machinery costs, apart from training.

``python -m benchmarks.orchestration [--quick] [--only PART ...] [--output FILE]``

Training is replaced by a function that does nothing, under the same protocol: claim, three
checkpoints and reports, a file of the predicted length, a result. Databases flush every commit.

- ``throughput``: real processes on PostgreSQL and Redis; ``trials_per_s.<workers>``, and
  ``overhead_ms.<workers>``, the median from the claim of a trial to its recorded result.
- ``growth.<database>``: median milliseconds of one advance (asking included) and of one trial
  (claim to result) in a search of so many trials; ``growth_slope.*`` is how many times longer the
  longest takes than the shortest, per doubling, less one. ``searches.*``: the same with so many
  searches side by side, a round of the sweeper, and a page of the list of searches.
- ``peer.<database>``: milliseconds per trial of our store and of Optuna's ``RDBStorage`` for the
  same logical work (``benchmarks/orchestration_peer.py``), in turns; ``ratio`` with its range.
"""

import argparse
import math
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from benchmarks.chaos.deployment import Deployment
from benchmarks.machinery import machinery
from benchmarks.orchestration_growth import long_search, many_searches
from benchmarks.orchestration_peer import compare, durable_sqlite
from benchmarks.report import ROOT, write_report
from db.store import open_store
from search.states import TrialState
from tests.servers import PostgresServer, RedisServer

DATABASES: Final = ("postgresql", "sqlite")
WORKERS: Final = (1, 2, 4, 8, 16)
LENGTHS: Final = (100, 1_000, 5_000, 20_000)
SEARCHES: Final = (10, 100, 1_000)
_PATIENCE_S: Final = 300.0

Run = dict[str, Any]


def main() -> int:
    """Run the parts; returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="small figures, about two minutes")
    parser.add_argument("--only", nargs="+", choices=tuple(PARTS), default=tuple(PARTS))
    parser.add_argument("--output", type=Path)
    arguments = parser.parse_args()
    metrics: dict[str, float] = {}
    runs: list[Run] = []
    for name in arguments.only:
        for run in PARTS[name](arguments.quick):
            runs.append({"part": name, **run})
            sys.stderr.write(f"{runs[-1]}\n")
        metrics |= _SUMMARIES[name]([run for run in runs if run["part"] == name])
    results = ROOT / "benchmarks" / "results" / "orchestration.json"
    write_report(
        "orchestration", metrics, runs, arguments.output or (None if arguments.quick else results)
    )
    return 0


def _throughput(quick: bool) -> Iterator[Run]:
    for n_workers in WORKERS[:2] if quick else WORKERS:
        n_trials = 60 if quick else 100 + 100 * min(n_workers, 4)
        with tempfile.TemporaryDirectory(prefix="bitpareto-bench-") as name:
            yield {"workers": n_workers, **_run_processes(Path(name), n_workers, n_trials)}


def _run_processes(folder: Path, n_workers: int, n_trials: int) -> Run:
    """Run a search on real processes; the clock runs from the first claim to the last result."""
    redis = RedisServer(folder)
    with _database("postgresql", folder) as url:
        environment = {
            "BITPARETO_DATABASE_URL": url,
            "BITPARETO_BROKER_URL": redis.url,
            "OMP_NUM_THREADS": "1",
        }
        deployment = Deployment(folder, environment, [({}, [])] * n_workers)
        deployment.start()
        try:
            _wait_for_workers(url, n_workers)
            with machinery(url, folder) as opened:
                search_id = opened.new_search(n_trials, max_parallel=2 * n_workers)
            return _wait_for_trials(url, search_id, n_trials)
        finally:
            deployment.stop()
            redis.kill()


def _wait_for_workers(url: str, n_workers: int) -> None:
    store = open_store(url)

    def all_there() -> bool:
        with store.read() as uow:
            kinds = [worker.kind for worker in uow.workers.all()]
        return kinds.count("train") == n_workers and "optimize" in kinds

    _until(all_there)
    store.close()


def _wait_for_trials(url: str, search_id: str, n_trials: int) -> Run:
    store = open_store(url)

    def done() -> bool:
        with store.read() as uow:
            search = uow.searches.get(search_id)
        return search.trial_counts.get(TrialState.COMPLETED) == n_trials

    _until(done)
    with store.read() as uow:
        trials = uow.trials.of_search(search_id)
    store.close()
    spans = [(t.started_at, t.finished_at) for t in trials if t.started_at and t.finished_at]
    first, last = min(s for s, _ in spans), max(f for _, f in spans)
    overheads = [(finished - started).total_seconds() for started, finished in spans]
    return {
        "trials": n_trials,
        "trials_per_s": n_trials / (last - first).total_seconds(),
        "overhead_ms": statistics.median(overheads) * 1e3,
    }


def _until(met: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not met():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {_PATIENCE_S:g} s")
        time.sleep(0.2)


def _growth(quick: bool) -> Iterator[Run]:
    for database in DATABASES:
        with tempfile.TemporaryDirectory(prefix="bitpareto-bench-") as name:
            folder = Path(name)
            with (
                durable_sqlite(),
                _database(database, folder) as url,
                machinery(url, folder) as opened,
            ):
                for row in long_search(opened, url, LENGTHS[:2] if quick else LENGTHS):
                    yield {"database": database, **row}
                for row in many_searches(opened, SEARCHES[:2] if quick else SEARCHES):
                    yield {"database": database, **row}


def _peer(quick: bool) -> Iterator[Run]:
    n_trials, rounds = (10, 3) if quick else (40, 7)
    for database in DATABASES:
        with tempfile.TemporaryDirectory(prefix="bitpareto-bench-") as name:
            folder = Path(name)
            with _database(database, folder) as ours, _database(database, folder, "peer") as theirs:
                seconds = compare(ours, theirs, folder, n_trials, rounds)
        for mine, other in zip(seconds["ours"], seconds["optuna"], strict=True):
            yield {
                "database": database,
                "ours_ms": mine * 1e3,
                "optuna_ms": other * 1e3,
                "ratio": other / mine,
            }


@contextmanager
def _database(kind: str, folder: Path, name: str = "bench") -> Iterator[str]:
    """Yield the URL of a new database whose commits outlive a power cut."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / name}.db"
        return
    server = PostgresServer()
    server.run("ALTER SYSTEM SET fsync = on", "SELECT pg_reload_conf()")
    try:
        yield server.new_database(name)
    finally:
        server.close()


def _throughput_summary(runs: Sequence[Run]) -> Mapping[str, float]:
    return {
        f"{figure}.{run['workers']}": run[figure]
        for run in runs
        for figure in ("trials_per_s", "overhead_ms")
    }


def _growth_summary(runs: Sequence[Run]) -> Mapping[str, float]:
    metrics: dict[str, float] = {}
    for database in DATABASES:
        for axis, figures in (
            ("trials", ("advance_ms", "train_ms")),
            ("searches", ("advance_ms", "train_ms", "sweep_ms", "page_ms")),
        ):
            rows = [run for run in runs if run["database"] == database and axis in run]
            doublings = math.log2(rows[-1][axis] / rows[0][axis])
            for figure in figures:
                name = f"growth.{database}.{axis}.{figure}"
                metrics |= {f"{name}.{row[axis]}": row[figure] for row in rows}
                times = rows[-1][figure] / rows[0][figure]
                metrics[f"{name}.per_doubling"] = (times - 1) / doublings
    return metrics


def _peer_summary(runs: Sequence[Run]) -> Mapping[str, float]:
    metrics: dict[str, float] = {}
    for database in DATABASES:
        rows = [run for run in runs if run["database"] == database]
        for figure in ("ours_ms", "optuna_ms", "ratio"):
            values = [row[figure] for row in rows]
            metrics[f"peer.{database}.{figure}"] = statistics.median(values)
        metrics[f"peer.{database}.ratio_low"] = min(row["ratio"] for row in rows)
        metrics[f"peer.{database}.ratio_high"] = max(row["ratio"] for row in rows)
    return metrics


PARTS: Final[Mapping[str, Callable[[bool], Iterator[Run]]]] = {
    "throughput": _throughput,
    "growth": _growth,
    "peer": _peer,
}
_SUMMARIES: Final[Mapping[str, Callable[[Sequence[Run]], Mapping[str, float]]]] = {
    "throughput": _throughput_summary,
    "growth": _growth_summary,
    "peer": _peer_summary,
}

if __name__ == "__main__":
    sys.exit(main())
