"""More trials or more time for a search, also for one that has ended."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from search.entities import Limits, Search
from search.errors import FieldProblem, InvalidRequestError
from search.states import TERMINAL_SEARCH_STATES, SearchState
from search.store import UnitOfWork
from search.use_cases.datasets import require_data
from search.use_cases.models import require_model
from search.use_cases.stop_rules import why_nothing_starts
from search.use_cases.transitions import SEARCHING, move_search

MAX_TRIALS: Final = 100_000
"""The most a search may have."""
_PAST_TRIALS: Final = TERMINAL_SEARCH_STATES | {SearchState.REFINING}


def extend_search(
    uow: UnitOfWork,
    search_id: str,
    *,
    trials: int,
    wall_time_s: float,
    now: datetime,
    compute_s: float = 0.0,
) -> Search:
    """Raise a search's limits; one that is refining or has ended runs again.

    Args:
        uow: Open unit of work.
        search_id: The search.
        trials: How many trials more, 0 for none.
        wall_time_s: Seconds more, from its end of time or from now, whichever is later.
        now: Present time.
        compute_s: Seconds of its trials more, from its limit or from what they have taken,
            whichever is more.

    Raises:
        InvalidRequestError: If it would still have no trial or no time left.
        DatasetGoneError: If its data set was deleted.
        ModelGoneError: If its network was deleted.
    """
    search = uow.searches.lock(search_id)
    require_data(uow, search)
    require_model(uow, search)
    limits = _longer(search, _more_trials(search.limits, trials), wall_time_s, now)
    limits = _more_computing(search, limits, compute_s)
    gain = replace(search.expected_gain, n_low=0) if search.expected_gain else None
    search = replace(search, limits=limits, expected_gain=gain, updated_at=now)
    _check_room(search, now)
    uow.searches.save(search)
    payload = {
        "max_trials": limits.max_trials,
        "wall_time_s": limits.wall_time_s,
        "compute_s": limits.compute_s,
    }
    uow.events.append(search_id, "search.extended", now, payload)
    if search.state in _PAST_TRIALS:
        move_search(uow, search, SearchState.RUNNING, SEARCHING, now)
    schedule = uow.searches.schedule(search_id)
    uow.searches.save_schedule(
        search_id, replace(schedule, exhausted=False, failed_asks=0, rung_at=None)
    )
    return uow.searches.get(search_id)


def _more_trials(limits: Limits, trials: int) -> Limits:
    if limits.max_trials + trials > MAX_TRIALS:
        most = MAX_TRIALS - limits.max_trials
        detail = f"a search has at most {MAX_TRIALS} trials, this one {limits.max_trials} already"
        raise InvalidRequestError(
            [FieldProblem("/trials", "too_many_trials", detail, (f"<= {most}",))]
        )
    return replace(limits, max_trials=limits.max_trials + trials)


def _longer(search: Search, limits: Limits, wall_time_s: float, now: datetime) -> Limits:
    if not wall_time_s:
        return limits
    if limits.wall_time_s is None:
        detail = "this search has no wall time limit that could be extended"
        raise InvalidRequestError([FieldProblem("/wall_time_s", "no_wall_time", detail, ("0",))])
    ends_at = search.created_at + timedelta(seconds=limits.wall_time_s)
    total = (max(ends_at, now) - search.created_at).total_seconds() + wall_time_s
    return replace(limits, wall_time_s=total)


def _more_computing(search: Search, limits: Limits, compute_s: float) -> Limits:
    if not compute_s:
        return limits
    if limits.compute_s is None:
        detail = "this search has no limit of computing that could be extended"
        raise InvalidRequestError([FieldProblem("/compute_s", "no_compute_limit", detail, ("0",))])
    return replace(limits, compute_s=max(limits.compute_s, search.compute_seconds) + compute_s)


def _check_room(search: Search, now: datetime) -> None:
    """Refuse what would end again without a new trial."""
    n_trials = sum(search.trial_counts.values())
    over = why_nothing_starts(search, now)
    if over is not None:
        field = "/wall_time_s" if over.code == "wall_time" else "/compute_s"
        detail = f"its time is over, {over.message}; give it more"
        raise InvalidRequestError([FieldProblem(field, "time_is_over", detail, ("> 0",))])
    if search.state in _PAST_TRIALS and n_trials >= search.limits.max_trials:
        needed = n_trials - search.limits.max_trials + 1
        detail = f"it has had {n_trials} of {search.limits.max_trials} trials; give it more"
        raise InvalidRequestError(
            [FieldProblem("/trials", "no_trials_left", detail, (f">= {needed}",))]
        )
