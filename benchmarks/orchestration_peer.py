"""The same logical work by our store and by Optuna's, on the same database.

A trial is created with its 20 or more parameters, reports ten times, and finishes. Ours in addition
takes a lease, keeps the front and the hypervolume, and writes every step to the search's log.
Candidates are drawn before the clock runs, ours from a space and Optuna's by its random sampler,
since what is compared is the storing.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import optuna
from sqlalchemy import Pool, event

from benchmarks.machinery import Machinery, draw, machinery
from search.entities import Artifact, Progress, Proposal
from search.ids import new_id
from search.use_cases.advance import NO_HISTORY, History, begin_advance, record_proposals
from search.use_cases.leases import claim_trial
from search.use_cases.results import complete_trial

N_REPORTS: Final = 10
N_PARAMETERS: Final = 20
_WARM_UP: Final = 5


def compare(
    our_url: str, their_url: str, folder: Path, n_trials: int, rounds: int
) -> Mapping[str, list[float]]:
    """Return the seconds a trial took, of ours and of Optuna's, round by round in turns."""
    seconds: dict[str, list[float]] = {"ours": [], "optuna": []}
    with ours(our_url, folder, rounds * n_trials + _WARM_UP) as our_trial:
        their_trial = theirs(their_url)
        for trial in (our_trial, their_trial):
            _timed(trial, _WARM_UP)
        for _ in range(rounds):
            seconds["ours"].append(_timed(our_trial, n_trials))
            seconds["optuna"].append(_timed(their_trial, n_trials))
    return seconds


def _timed(trial: Callable[[], None], n: int) -> float:
    began = time.perf_counter()
    for _ in range(n):
        trial()
    return (time.perf_counter() - began) / n


@contextmanager
def ours(database_url: str, folder: Path, n_trials: int) -> Iterator[Callable[[], None]]:
    """Prepare our store; yields what does one trial."""
    with durable_sqlite(), machinery(database_url, folder) as ours_open:
        proposals = iter(draw(n_trials))
        search_id = ours_open.new_search(n_trials)
        history = NO_HISTORY

        def trial() -> None:
            nonlocal history
            history = one_trial(ours_open, search_id, next(proposals), history)

        yield trial


def one_trial(
    opened: Machinery, search_id: str, proposal: Proposal, remembered: History
) -> History:
    """Create, claim, report and finish a trial."""
    store, now = opened.parts.store, opened.parts.now
    with store.begin() as uow:
        plan = begin_advance(uow, search_id, now(), hold_s=30.0, remembered=remembered)
    if plan is None:
        raise RuntimeError("the search takes no trial")
    with store.begin() as uow:
        (trial_id,) = record_proposals(uow, plan, [proposal], now())
    with store.begin() as uow:
        claim = claim_trial(uow, trial_id, "wrk_benchmark", now(), lease_s=30.0)
    if claim is None:
        raise RuntimeError("the trial cannot be claimed")
    reports = [
        (datetime.now(UTC), Progress(phase="qat", epoch=epoch, n_epochs=N_REPORTS, accuracy=0.5))
        for epoch in range(1, N_REPORTS + 1)
    ]
    accuracy = (hash(proposal.candidate_hash) % 1000) / 1000
    with store.begin() as uow:
        artifact = Artifact(
            id=new_id("art"),
            trial_id=trial_id,
            search_id=search_id,
            sha256=proposal.candidate_hash,
            size_bytes=int(proposal.costs["size_bytes"]),
            created_at=now(),
        )
        complete_trial(uow, claim.lease, {"accuracy": accuracy}, artifact, now(), reports)
    return plan.history


def theirs(database_url: str) -> Callable[[], None]:
    """Prepare Optuna's store; returns what does one trial."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(
        storage=optuna.storages.RDBStorage(database_url),
        sampler=optuna.samplers.RandomSampler(seed=0),
    )

    def trial() -> None:
        asked = study.ask()
        for number in range(N_PARAMETERS):
            asked.suggest_categorical(f"weight_bits_{number}", (2, 3, 4, 5, 6, 8))
        for epoch in range(N_REPORTS):
            asked.report(0.5, epoch)
        study.tell(asked, 0.5)

    return trial


@contextmanager
def durable_sqlite() -> Iterator[None]:
    """Make SQLite flush every commit to the disk; by default ours may lose the last ones."""

    def flush_commits(connection: object, *_: object) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.execute("PRAGMA synchronous=FULL").close()

    # when checked out: what our engines ask of a new connection comes before
    event.listen(Pool, "checkout", flush_commits)
    try:
        yield
    finally:
        event.remove(Pool, "checkout", flush_commits)
