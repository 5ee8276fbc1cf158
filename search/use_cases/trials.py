"""What users do with single trials: cancel one, or have its candidate trained once more."""

from dataclasses import replace
from datetime import datetime

from search.entities import Reason, Search, Trial
from search.errors import FieldProblem, InvalidRequestError, TransitionError
from search.ids import new_id
from search.states import TERMINAL_TRIAL_STATES, SearchState, TrialState
from search.store import UnitOfWork
from search.use_cases.advance import WAITING_FOR_WORKER, trial_seed
from search.use_cases.datasets import require_data
from search.use_cases.extend import MAX_TRIALS
from search.use_cases.models import require_model
from search.use_cases.stop_rules import why_nothing_starts
from search.use_cases.transitions import SEARCHING, cancel_trial, move_search


def cancel_one_trial(uow: UnitOfWork, trial_id: str, now: datetime) -> Trial:
    """Cancel a trial; one that has ended stays as it is.

    A running one is cancelled at once: its worker hears of it at the next heartbeat, and what it
    would record before then is stale. The candidate is not proposed again.
    """
    search = uow.searches.lock(uow.trials.search_of(trial_id))
    trial = uow.trials.lock(trial_id)
    if trial.state in TERMINAL_TRIAL_STATES:
        return trial
    cancel_trial(uow, trial, Reason(code="cancelled_by_user", message="cancelled on request"), now)
    uow.searches.ask_ring(search.id)
    return uow.trials.get(trial_id)


def replicate_trial(uow: UnitOfWork, trial_id: str, seed: int | None, now: datetime) -> Trial:
    """Queue a trial's candidate once more, with another seed.

    It is a trial beyond those of the search's limits: ``max_trials`` rises by one. A search that
    is refining or has succeeded runs again for it.

    Args:
        uow: Open unit of work.
        trial_id: The trial, or one of its replicates.
        seed: Of the new trial; ``None`` takes one that no other trial has by default.
        now: Present time.

    Raises:
        TransitionError: If the search failed or was cancelled: it would go on as a whole.
        InvalidRequestError: If the seed was used for this candidate, or the search has no time or
            no number left.
        DatasetGoneError: If the search's data set was deleted.
        ModelGoneError: If the search's network was deleted.
    """
    search = uow.searches.lock(uow.trials.get(trial_id).search_id)
    require_data(uow, search)
    require_model(uow, search)
    if search.state in (SearchState.FAILED, SearchState.CANCELLED):
        raise TransitionError("search", search.id, search.state, SearchState.RUNNING)
    model = uow.trials.get(trial_id)
    earlier = uow.trials.of_candidate(search.id, model.candidate_hash)
    _check(search, seed, earlier, now)
    schedule = uow.searches.schedule(search.id)
    number = schedule.next_number
    trial = replace(
        earlier[0],
        id=new_id("trl"),
        number=number,
        state=TrialState.QUEUED,
        state_reason=WAITING_FOR_WORKER,
        outcome=None,
        seed=trial_seed(search.seed, number) if seed is None else seed,
        gen_method="replicate",
        gen_seconds=0.0,
        attempt=0,
        times_lost=0,
        worker_id=None,
        lease_expires_at=None,
        held_since=None,
        progress=None,
        metrics={},
        artifact_id=None,
        on_front=False,
        created_at=now,
        started_at=None,
        finished_at=None,
        replicate=len(earlier),
        replicate_of=earlier[0].id,
    )
    limits = replace(search.limits, max_trials=search.limits.max_trials + 1)
    search = replace(search, limits=limits, updated_at=now)
    uow.searches.save(search)
    uow.searches.save_schedule(search.id, replace(schedule, next_number=number + 1))
    uow.trials.add(trial)
    payload = {
        "trial_id": trial.id,
        "number": number,
        "costs": dict(trial.costs),
        "gen_method": trial.gen_method,
        "replicate_of": earlier[0].id,
    }
    uow.events.append(search.id, "trial.created", now, payload)
    if search.state in (SearchState.REFINING, SearchState.SUCCEEDED):
        move_search(uow, uow.searches.get(search.id), SearchState.RUNNING, SEARCHING, now)
    return trial


def _check(search: Search, seed: int | None, earlier: list[Trial], now: datetime) -> None:
    over = why_nothing_starts(search, now)
    if over is not None:
        detail = f"the search's time is over, {over.message}; extend it first"
        raise InvalidRequestError([FieldProblem("", "time_is_over", detail)])
    if search.limits.max_trials >= MAX_TRIALS:
        detail = f"a search has at most {MAX_TRIALS} trials"
        raise InvalidRequestError([FieldProblem("", "too_many_trials", detail)])
    for trial in earlier:
        if trial.seed == seed:
            detail = (
                f"trial {trial.number} trained this candidate with seed {seed}; it would repeat"
            )
            raise InvalidRequestError([FieldProblem("/seed", "seed_used", detail)])
