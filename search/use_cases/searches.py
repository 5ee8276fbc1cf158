"""Creating, pausing, resuming and cancelling searches."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from search.entities import Limits, Reason, Search, Strategy, WrittenProfile
from search.errors import TransitionError
from search.ids import new_id
from search.recipe import Recipe
from search.states import TERMINAL_SEARCH_STATES, SearchState
from search.store import UnitOfWork
from search.use_cases.datasets import hold_dataset
from search.use_cases.models import hold_model
from search.use_cases.transitions import SEARCHING, move_search


def create_search(
    uow: UnitOfWork,
    *,
    name: str,
    dataset: str,
    space: Mapping[str, Any],
    objectives: Sequence[str],
    budgets: Mapping[str, float],
    strategy: Strategy,
    recipe: Recipe,
    limits: Limits,
    seed: int,
    ref_point: Mapping[str, float],
    now: datetime,
    hardware: WrittenProfile | None = None,
    dataset_id: str | None = None,
) -> Search:
    """Store a validated search as queued.

    Raises:
        InvalidRequestError: If its data set or its network was deleted meanwhile.
    """
    hold_dataset(uow, dataset_id)
    hold_model(uow, space)
    reason = Reason(code="waiting_for_optimizer", message="no optimize worker has taken it up yet")
    search = Search(
        id=new_id("sea"),
        name=name,
        created_at=now,
        updated_at=now,
        state=SearchState.QUEUED,
        state_reason=reason,
        dataset=dataset,
        dataset_id=dataset_id,
        space=space,
        objectives=tuple(objectives),
        budgets=budgets,
        strategy=strategy,
        recipe=recipe,
        limits=limits,
        seed=seed,
        ref_point=ref_point,
        hardware=None if hardware is None else replace(hardware, created_at=None),
    )
    uow.searches.add(search)
    payload = {
        "state": search.state,
        "reason": {"code": reason.code, "message": reason.message},
    }
    uow.events.append(search.id, "search.state", now, payload)
    return search


def cancel_search(uow: UnitOfWork, search_id: str, now: datetime) -> Search:
    """Cancel a search; one that has already ended stays as it is.

    Queued trials are cancelled at once; running ones by their worker's next heartbeat, or by the
    sweeper when their worker is gone.
    """
    search = uow.searches.lock(search_id)
    if search.state in TERMINAL_SEARCH_STATES:
        return search
    reason = Reason(code="cancelled_by_user", message="cancelled on request")
    move_search(uow, search, SearchState.CANCELLED, reason, now)
    return uow.searches.get(search_id)


def pause_search(uow: UnitOfWork, search_id: str, now: datetime) -> Search:
    """Stop a search from starting anything, until it is resumed; a paused one stays as it is.

    Running trials go back to the queue at their worker's next report, with their last checkpoint.
    Its wall time goes on.

    Raises:
        TransitionError: If all its trials have ended already.
    """
    search = uow.searches.lock(search_id)
    if search.state == SearchState.PAUSED:
        return search
    reason = Reason(code="paused_by_user", message="paused on request; nothing new starts")
    move_search(uow, search, SearchState.PAUSED, reason, now)
    # candidates that are being asked for now come too late, which is nobody's failure
    schedule = uow.searches.schedule(search_id)
    uow.searches.save_schedule(search_id, replace(schedule, hold_until=None))
    return uow.searches.get(search_id)


def resume_search(uow: UnitOfWork, search_id: str, now: datetime) -> Search:
    """Let a paused search go on; one that is at work stays as it is.

    Raises:
        TransitionError: If it has ended.
    """
    search = uow.searches.lock(search_id)
    if search.state in (SearchState.QUEUED, SearchState.RUNNING):
        return search
    if search.state != SearchState.PAUSED:
        raise TransitionError("search", search_id, search.state, SearchState.RUNNING)
    move_search(uow, search, SearchState.RUNNING, SEARCHING, now)
    uow.searches.ask_ring(search_id)
    for trial in uow.trials.queued(search_id):
        uow.trials.ask_ring(trial.id)
    return uow.searches.get(search_id)
