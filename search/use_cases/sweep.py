"""What the sweeper does: take back what was lost, and find what waits without having been rung.

The broker may lose every message; only the database is believed. Several sweepers may run.
"""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from search.entities import Reason, Search
from search.states import TERMINAL_SEARCH_STATES, SearchState, TrialState
from search.store import UnitOfWork
from search.use_cases.leases import PAUSED, requeue
from search.use_cases.results import end_failed
from search.use_cases.stop_rules import why_nothing_starts
from search.use_cases.transitions import cancel_trial, log_tail, search_has_ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Rings:
    """Whom to tell: searches to advance, trials to train, searches to refine."""

    advance: tuple[str, ...]
    train: tuple[str, ...]
    refine: tuple[str, ...]


def sweep(uow: UnitOfWork, now: datetime, ring_after_s: float) -> Rings:
    """Re-queue trials with expired leases and collect the rings that are due.

    Args:
        uow: Open unit of work.
        now: Present time.
        ring_after_s: Seconds after which a waiting search or trial is rung again.
    """
    _take_back(uow, now)
    before = now - timedelta(seconds=ring_after_s)
    train = [trial.id for trial in uow.trials.unclaimed(before)]
    uow.trials.mark_rung(train, now)
    advance, refine = [], []
    for search in uow.searches.unfinished(before):
        if search.state == SearchState.REFINING:
            refine.append(search.id)
        elif _has_something_to_decide(search, now):
            advance.append(search.id)
    uow.searches.mark_rung([*advance, *refine], now)
    return Rings(advance=tuple(advance), train=tuple(train), refine=tuple(refine))


def _take_back(uow: UnitOfWork, now: datetime) -> None:
    """Handle expired leases."""
    for expired in uow.trials.expired(now):
        search = uow.searches.lock(expired.search_id)
        trial = uow.trials.lock(expired.id)
        lease_end = trial.lease_expires_at
        if trial.state != TrialState.RUNNING or lease_end is None or lease_end > now:
            continue
        silent = f"worker {trial.worker_id} was last heard of before {lease_end:%H:%M:%S} UTC"
        if search.state in TERMINAL_SEARCH_STATES:
            cancel_trial(uow, trial, search_has_ended(search), now)
            continue
        if search.state == SearchState.PAUSED:
            # its worker stopped renewing because it was told to stop training
            requeue(uow, trial, PAUSED, now)
            continue
        trial = replace(trial, times_lost=trial.times_lost + 1)
        if trial.times_lost >= search.limits.max_attempts:
            end_failed(uow, trial, "lost", f"{silent}; lost {trial.times_lost} times", now)
            uow.searches.ask_ring(search.id)
        else:
            tail = log_tail(uow, trial)
            requeue(uow, trial, Reason(code="worker_lost", message=silent, log_tail=tail), now)


def _has_something_to_decide(search: Search, now: datetime) -> bool:
    counts = Counter(search.trial_counts)
    in_flight = counts[TrialState.QUEUED] + counts[TrialState.RUNNING]
    return (
        search.state == SearchState.QUEUED
        or in_flight < search.limits.max_parallel
        or (counts[TrialState.QUEUED] > 0 and why_nothing_starts(search, now) is not None)
    )
