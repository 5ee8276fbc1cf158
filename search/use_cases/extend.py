"""More trials or more time for a search, also for one that has ended."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from search.entities import Limits, Search
from search.errors import FieldProblem, InvalidRequestError
from search.states import TERMINAL_SEARCH_STATES, SearchState
from search.store import UnitOfWork
from search.use_cases.leases import time_is_up
from search.use_cases.transitions import SEARCHING, move_search

MAX_TRIALS: Final = 100_000
"""The most a search may have."""
_PAST_TRIALS: Final = TERMINAL_SEARCH_STATES | {SearchState.REFINING}


def extend_search(
    uow: UnitOfWork, search_id: str, *, trials: int, wall_time_s: float, now: datetime
) -> Search:
    """Raise a search's limits; one that is refining or has ended runs again.

    Args:
        uow: Open unit of work.
        search_id: The search.
        trials: How many trials more, 0 for none.
        wall_time_s: Seconds more, from its end of time or from now, whichever is later.
        now: Present time.

    Raises:
        InvalidRequestError: If it would still have no trial or no time left.
    """
    search = uow.searches.lock(search_id)
    limits = _extended(search, trials, wall_time_s, now)
    search = replace(search, limits=limits, updated_at=now)
    _check_room(search, now)
    uow.searches.save(search)
    payload = {"max_trials": limits.max_trials, "wall_time_s": limits.wall_time_s}
    uow.events.append(search_id, "search.extended", now, payload)
    if search.state in _PAST_TRIALS:
        move_search(uow, search, SearchState.RUNNING, SEARCHING, now)
    schedule = uow.searches.schedule(search_id)
    uow.searches.save_schedule(
        search_id, replace(schedule, exhausted=False, failed_asks=0, rung_at=None)
    )
    return uow.searches.get(search_id)


def _extended(search: Search, trials: int, wall_time_s: float, now: datetime) -> Limits:
    limits = search.limits
    if limits.max_trials + trials > MAX_TRIALS:
        most = MAX_TRIALS - limits.max_trials
        detail = f"a search has at most {MAX_TRIALS} trials, this one {limits.max_trials} already"
        raise InvalidRequestError(
            [FieldProblem("/trials", "too_many_trials", detail, (f"<= {most}",))]
        )
    if not wall_time_s:
        return replace(limits, max_trials=limits.max_trials + trials)
    if limits.wall_time_s is None:
        detail = "this search has no wall time limit that could be extended"
        raise InvalidRequestError([FieldProblem("/wall_time_s", "no_wall_time", detail, ("0",))])
    ends_at = search.created_at + timedelta(seconds=limits.wall_time_s)
    total = (max(ends_at, now) - search.created_at).total_seconds() + wall_time_s
    return replace(limits, max_trials=limits.max_trials + trials, wall_time_s=total)


def _check_room(search: Search, now: datetime) -> None:
    """Refuse what would end again without a new trial."""
    n_trials = sum(search.trial_counts.values())
    if time_is_up(search, now):
        detail = "its wall time is over; give it more"
        raise InvalidRequestError([FieldProblem("/wall_time_s", "time_is_over", detail, ("> 0",))])
    if search.state in _PAST_TRIALS and n_trials >= search.limits.max_trials:
        needed = n_trials - search.limits.max_trials + 1
        detail = f"it has had {n_trials} of {search.limits.max_trials} trials; give it more"
        raise InvalidRequestError(
            [FieldProblem("/trials", "no_trials_left", detail, (f">= {needed}",))]
        )
