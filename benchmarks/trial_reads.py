"""What it takes to read the trials of a long search.

``python -m benchmarks.trial_reads [--trials N] [--output FILE]``

A search of 10,000 completed trials with 150 genes each on SQLite and on a real PostgreSQL; the API
is called in the process, without a socket.

- ``<database>.first_page_ms.<sort>``: a page of 200 trials, the first of this order.
- ``<database>.deep_page_ms.<sort>``: the one in the middle.
- ``<database>.lineage_ms``: where the last trial's network comes from, out of all before it.
- ``….cpu``: processor time of the same in the process of the API; other work moves it less.

Medians of rounds in which all are asked in turn; the runs have each round.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
from sqlalchemy import create_engine, insert, select

from api.app import create_app
from benchmarks.report import write_report
from db.migrate import upgrade
from db.tables import TrialRow
from search.entities import Limits
from search.settings import settings_from_environment
from tests.served import Deployment, InProcess
from tests.servers import PostgresServer
from tests.service import new_search

TRIALS: Final = 10_000
GENES: Final = 150
PAGE: Final = 200
_ROUNDS: Final = 9
_SORTS: Final = ("number", "size_bytes", "-accuracy")
_AT_ONCE: Final = 500


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=TRIALS)
    parser.add_argument("--output", type=Path)
    arguments = parser.parse_args()
    runs = []
    for name, opened in (("sqlite", _sqlite), ("postgresql", _postgresql)):
        with opened() as url, tempfile.TemporaryDirectory() as folder:
            environment = {"BITPARETO_DATABASE_URL": url, "BITPARETO_DATA_FOLDER": folder}
            deployment = Deployment(settings_from_environment(environment))
            runs += [{"database": name, **run} for run in _measure(deployment, arguments.trials)]
            deployment.store.close()
    metrics = {
        f"{name}.{metric}": statistics.median(
            run[metric] for run in runs if run["database"] == name
        )
        for name in ("sqlite", "postgresql")
        for metric in runs[0]
        if metric not in ("database", "round")
    }
    write_report("trial_reads", metrics, runs, arguments.output)


@contextmanager
def _sqlite() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/bitpareto.db"
        upgrade(url)
        yield url


@contextmanager
def _postgresql() -> Iterator[str]:
    server = PostgresServer()
    try:
        url = server.new_database("trial_reads")
        upgrade(url)
        yield url
    finally:
        server.close()


def _measure(deployment: Deployment, n_trials: int) -> Iterator[dict[str, Any]]:
    search_id = _fill(deployment, n_trials)
    app = create_app(deployment.settings)
    api = InProcess(app)
    trials = f"/v1/searches/{search_id}/trials"
    asked = {}
    for sort in _SORTS:
        first = f"{trials}?limit={PAGE}&sort={sort}"
        asked[f"first_page_ms.{sort}"] = first
        cursor = None
        for _ in range(n_trials // PAGE // 2):
            path = f"{first}&fields=id" + (f"&cursor={cursor}" if cursor else "")
            cursor = api.get(path).json()["next_cursor"]
        asked[f"deep_page_ms.{sort}"] = f"{first}&cursor={cursor}"
    asked["lineage_ms"] = f"/v1/trials/{_last(n_trials)}/lineage"
    for i in range(_ROUNDS + 1):
        run: dict[str, Any] = {"round": i}
        for metric, path in asked.items():
            begun, worked = time.perf_counter(), time.process_time()
            answer = api.get(path)
            run[metric] = 1000 * (time.perf_counter() - begun)
            run[f"{metric}.cpu"] = 1000 * (time.process_time() - worked)
            answer.raise_for_status()
        if i:  # the first one warms up
            yield run
    app.state.parts.store.close()


def _last(n_trials: int) -> str:
    return f"trl_{n_trials:026d}"


def _fill(deployment: Deployment, n_trials: int) -> str:
    """Store a search with one real trial, and copies of it with other genes, sizes, accuracies."""
    limits = Limits(max_trials=100_000, max_parallel=1)
    search = new_search(deployment.store, limits=limits)
    (claimed,) = deployment.claimed(search, 1)
    deployment.complete(claimed, 0.5)
    rng = np.random.default_rng(0)
    names = [f"stage{i // 30}.block{i % 30 // 5}.conv{i % 5}.weight_bits" for i in range(GENES)]
    engine = create_engine(deployment.settings.database_url)
    with engine.begin() as connection:
        table = TrialRow.__table__
        model = dict(connection.execute(select(table)).mappings().one())
        begun = model["finished_at"]
        for start in range(2, n_trials + 1, _AT_ONCE):
            numbers = range(start, min(start + _AT_ONCE, n_trials + 1))
            bits = rng.choice([2, 3, 4, 5, 6, 8], size=(len(numbers), GENES)).tolist()
            accuracies = rng.random(len(numbers)).tolist()
            sizes = rng.integers(1000, 100_000, len(numbers)).tolist()
            rows = [
                {
                    **model,
                    "id": _last(number),
                    "number": number,
                    "candidate_hash": f"{number:064x}",
                    "genes": dict(zip(names, row, strict=True)),
                    "accuracy": accuracy,
                    "size_bytes": size,
                    "on_front": False,
                    "created_at": begun + timedelta(seconds=number),
                    "finished_at": begun + timedelta(seconds=number),
                }
                for number, row, accuracy, size in zip(
                    numbers, bits, accuracies, sizes, strict=True
                )
            ]
            connection.execute(insert(table), rows)
    engine.dispose()
    return search.id


if __name__ == "__main__":
    main()
