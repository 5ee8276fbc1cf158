"""State changes with their events; the only callers of the two transition tables."""

from dataclasses import replace
from datetime import datetime
from typing import Any, Final

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
from search.trial_logs import tail_for_reason

SEARCHING: Final = Reason(code="searching", message="candidates are proposed and trained")


def move_search(
    uow: UnitOfWork, search: Search, state: SearchState, reason: Reason, now: datetime
) -> Search:
    """Move a locked search to another state; at its end, queued trials are cancelled.

    Trials that run are left to their workers' next heartbeat, or to the sweeper. Trials that
    complete, fail or are cancelled then still add to the log.

    Raises:
        TransitionError: If the table of transitions does not hold it.
    """
    check_search_transition(search.id, search.state, state)
    finished_at = now if state in TERMINAL_SEARCH_STATES else None
    moved = replace(
        search, state=state, state_reason=reason, updated_at=now, finished_at=finished_at
    )
    uow.searches.save(moved)
    if state in TERMINAL_SEARCH_STATES:
        cancel_queued(uow, search.id, search_has_ended(moved), now)
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
    over["held_since"] = None
    if state == TrialState.RUNNING:
        over = {"progress": None, "held_since": now}
    moved = replace(trial, state=state, **{**over, **changes})
    uow.trials.save(moved)
    if trial.held_since is not None:
        held = (now - trial.held_since).total_seconds()
        uow.searches.add_compute_seconds(trial.search_id, max(0.0, held))
    return moved


def log_tail(uow: UnitOfWork, trial: Trial) -> str | None:
    """Return how the log of a trial's present attempt ends, if it has one."""
    return tail_for_reason(uow.logs.pieces(trial.id, attempt=trial.attempt))


def cancel_trial(uow: UnitOfWork, trial: Trial, reason: Reason, now: datetime) -> None:
    """Cancel a locked trial and say so."""
    move_trial(uow, trial, TrialState.CANCELLED, now, state_reason=reason)
    payload = {
        "trial_id": trial.id,
        "number": trial.number,
        "reason": {"code": reason.code, "message": reason.message},
    }
    uow.events.append(trial.search_id, "trial.cancelled", now, payload)


def cancel_queued(uow: UnitOfWork, search_id: str, reason: Reason, now: datetime) -> None:
    """Cancel those of a locked search's trials that nobody has claimed."""
    for trial in uow.trials.queued(search_id):
        cancel_trial(uow, uow.trials.lock(trial.id), reason, now)


def search_has_ended(search: Search) -> Reason:
    """Return why a trial of an ended search is cancelled."""
    return Reason(
        code=f"search_{search.state}",
        message=f"the search has ended: {search.state_reason.message}",
    )
