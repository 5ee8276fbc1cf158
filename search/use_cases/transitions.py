"""State changes with their events; the only callers of the two transition tables."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from search.entities import Reason, Search, Trial
from search.states import (
    TERMINAL_SEARCH_STATES,
    TERMINAL_TRIAL_STATES,
    SearchState,
    TrialState,
    check_search_transition,
    check_trial_transition,
)
from search.store import UnitOfWork


def move_search(
    uow: UnitOfWork, search: Search, state: SearchState, reason: Reason, now: datetime
) -> Search:
    """Move a locked search to another state.

    Raises:
        TransitionError: If the table of transitions does not hold it.
    """
    check_search_transition(search.id, search.state, state)
    finished_at = now if state in TERMINAL_SEARCH_STATES else None
    moved = replace(
        search, state=state, state_reason=reason, updated_at=now, finished_at=finished_at
    )
    uow.searches.save(moved)
    payload = {"state": state, "reason": {"code": reason.code, "message": reason.message}}
    uow.events.append(search.id, "search.state", now, payload)
    return moved


def move_trial(
    uow: UnitOfWork, trial: Trial, state: TrialState, now: datetime, **changes: Any
) -> Trial:
    """Move a locked trial to another state, with further changes to its fields.

    Raises:
        TransitionError: If the table of transitions does not hold it.
    """
    check_trial_transition(trial.id, trial.state, state)
    over: dict[str, Any] = {"lease_expires_at": None, "worker_id": None, "progress": None}
    if state in TERMINAL_TRIAL_STATES:
        over["finished_at"] = now
    moved = replace(trial, state=state, **{**(over if state != "running" else {}), **changes})
    uow.trials.save(moved)
    return moved


def cancel_trial_row(uow: UnitOfWork, trial: Trial, now: datetime) -> None:
    """Cancel a locked trial and say so."""
    reason = Reason(code="search_cancelled", message="the search was cancelled")
    move_trial(uow, trial, TrialState.CANCELLED, now, state_reason=reason)
    payload = {"trial_id": trial.id, "number": trial.number}
    uow.events.append(trial.search_id, "trial.cancelled", now, payload)
