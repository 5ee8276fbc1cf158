"""How long the steps of a search take as it grows, and as its neighbours multiply."""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import numpy as np
from sqlalchemy import Connection, Engine, create_engine, insert, select, text, update

from benchmarks.machinery import Machinery
from db.tables import EventRow, SearchRow, TrialRow
from search.ids import new_id
from search.use_cases.sweep import sweep

_PROBES: Final = 40
_AT_ONCE: Final = 1_000
_LONG: Final = 100_000  # the most that the API takes, and shows


def long_search(
    opened: Machinery, database_url: str, lengths: Sequence[int]
) -> Iterator[dict[str, float]]:
    """Grow one search; yields the median milliseconds of its steps at each length.

    Between the lengths rows are copied, not trained: they differ in id, number, candidate and
    accuracy, and never stand on the front.
    """
    search_id, engine = opened.new_search(_LONG), create_engine(database_url)
    _probe(opened, search_id)
    for length in lengths:
        with engine.begin() as connection:
            grow(connection, search_id, length)
        _tidy(engine)
        began = time.perf_counter()
        _probe(opened, search_id, 1)  # what was copied is new to the worker, too
        caught_up_s = time.perf_counter() - began
        advance, train = _probe(opened, search_id)
        yield {
            "trials": length,
            "advance_ms": _ms(advance),
            "train_ms": _ms(train),
            "caught_up_ms": caught_up_s * 1e3,
        }
    engine.dispose()


def many_searches(opened: Machinery, counts: Sequence[int]) -> Iterator[dict[str, float]]:
    """Run more and more searches side by side; yields median milliseconds for each count."""
    made: list[str] = []
    for count in counts:
        while len(made) < count:
            made.append(opened.new_search(_LONG, seed=len(made)))
            opened.advance(made[-1])
        advance, train = _probe(opened, made[count // 2])
        yield {
            "searches": count,
            "advance_ms": _ms(advance),
            "train_ms": _ms(train),
            "sweep_ms": _ms([_timed(lambda: _sweep(opened)) for _ in range(_PROBES)]),
            "page_ms": _ms([_timed(lambda: _page(opened)) for _ in range(_PROBES)]),
        }


def _probe(
    opened: Machinery, search_id: str, n: int = _PROBES
) -> tuple[Sequence[float], Sequence[float]]:
    """Advance and train in turns; returns the seconds of both."""
    advance, train = [], []
    waiting = _queued(opened, search_id)
    while len(train) < n:
        if waiting:
            train.append(opened.train(waiting.pop()))
        seconds, waiting = opened.advance(search_id)
        advance.append(seconds)
    return advance, train


def _queued(opened: Machinery, search_id: str) -> list[str]:
    with opened.parts.store.read() as uow:
        return [trial.id for trial in uow.trials.queued(search_id)]


def _sweep(opened: Machinery) -> None:
    """Sweep when nothing is due: what a deployment does all day."""
    with opened.parts.store.begin() as uow:
        sweep(uow, opened.parts.now(), ring_after_s=3600.0)


def _page(opened: Machinery) -> None:
    with opened.parts.store.read() as uow:
        uow.searches.page(50)


def _timed(step: Callable[[], None]) -> float:
    began = time.perf_counter()
    step()
    return time.perf_counter() - began


def _ms(seconds: Sequence[float]) -> float:
    return statistics.median(seconds) * 1e3


def grow(connection: Connection, search_id: str, length: int) -> None:
    """Copy completed trials of a search, with their events, until it has so many."""
    trials, events = TrialRow.__table__, EventRow.__table__
    mine = trials.c.search_id == search_id
    done = select(trials).where(mine, trials.c.state == "completed").limit(_PROBES)
    templates = [dict(row._mapping) for row in connection.execute(done)]  # public
    searches = SearchRow.__table__
    row = connection.execute(select(searches).where(searches.c.id == search_id)).one()
    rng, number = np.random.default_rng(length), int(row.next_number)
    while number <= length:
        numbers = range(number, min(length, number + _AT_ONCE - 1) + 1)
        copies = [_copy(templates[n % len(templates)], n, rng) for n in numbers]
        connection.execute(insert(trials), copies)
        connection.execute(insert(events), [e for copy in copies for e in _events(copy)])
        number = numbers[-1] + 1
    counts = dict(row.trial_counts)
    counts["completed"] += number - row.next_number
    connection.execute(
        update(searches)
        .where(searches.c.id == search_id)
        .values(next_number=number, trial_counts=counts)
    )


def _tidy(engine: Engine) -> None:
    """Let PostgreSQL clean up behind the copies now, which it else does while steps are timed."""
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM (ANALYZE) trials, events"))
            connection.execute(text("CHECKPOINT"))


def _copy(template: dict[str, Any], number: int, rng: np.random.Generator) -> dict[str, Any]:
    return {
        **template,
        "id": new_id("trl"),
        "number": number,
        "candidate_hash": rng.bytes(32).hex(),
        "metrics": {**template["metrics"], "accuracy": float(rng.uniform(0.1, 0.4))},
        "artifact_id": None,
        "on_front": False,
    }


def _events(trial: dict[str, Any]) -> list[dict[str, Any]]:
    named = {"trial_id": trial["id"], "number": trial["number"]}
    return [
        {
            "search_id": trial["search_id"],
            "type": f"trial.{kind}",
            "at": trial["created_at"],
            "payload": named,
        }
        for kind in ("created", "started", "progress", "progress", "progress", "finished")
    ]
