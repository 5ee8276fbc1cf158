"""Topping up a search with new trials, and noticing that it has done its work.

Asking an optimizer takes seconds, so no transaction is open meanwhile: ``begin_advance`` takes a
short hold on the search, the caller asks, ``record_proposals`` stores what came back if the hold is
still the newest.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from search.entities import Proposal, Reason, Search, Trial, TrialFacts
from search.explanations import Explanation, is_due
from search.ids import new_id
from search.objectives import EXACT_COSTS
from search.ports import PREDICTED, Observation
from search.states import SearchState, TrialState
from search.store import Schedule, UnitOfWork
from search.use_cases.stop_rules import (
    gain_of,
    running_seconds,
    why_nothing_starts,
    why_worth_too_little,
)
from search.use_cases.transitions import SEARCHING, cancel_queued, move_search

MAX_FAILED_ASKS = 3
IN_FLIGHT = (TrialState.QUEUED, TrialState.RUNNING)
_STATUS: Final = {
    TrialState.QUEUED: "pending",
    TrialState.RUNNING: "pending",
    TrialState.CANCELLED: "cancelled",
}
WAITING_FOR_WORKER = Reason(code="waiting_for_worker", message="no train worker has it yet")
SPACE_EXHAUSTED = Reason(code="space_exhausted", message="no further candidate lies within budget")


@dataclass(frozen=True, slots=True)
class History:
    """What an optimizer sees of a search's trials.

    Attributes:
        as_of: The event it was read after; 0 before any reading.
        observations: By number of the trial, from 1 on.
    """

    as_of: int = 0
    observations: tuple[Observation, ...] = ()


NO_HISTORY = History()


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvancePlan:
    """What to do next for a search.

    Attributes:
        search: As of now.
        history: All trials so far.
        n_wanted: Candidates to ask for; 0 when the search went on to refining or has ended.
        token: Number of the hold; an answer under an older one, or a second one, is dropped.
        explain: Whether what the model has learned is to be explained along with the answer.
    """

    search: Search
    history: History
    n_wanted: int
    token: int
    explain: bool = False


def begin_advance(
    uow: UnitOfWork,
    search_id: str,
    now: datetime,
    hold_s: float,
    remembered: History = NO_HISTORY,
) -> AdvancePlan | None:
    """Decide what a search needs and take a hold on it when that is new candidates.

    Args:
        uow: Open unit of work.
        search_id: The search.
        now: Present time.
        hold_s: Seconds after which another worker may take over.
        remembered: History of an earlier plan of this search; only what changed since is read.

    Returns:
        The plan, or ``None`` when there is nothing to do: somebody else holds the search, it is
        full, paused or at its end.
    """
    search = uow.searches.lock(search_id)
    schedule = uow.searches.schedule(search_id)
    if search.state not in (SearchState.QUEUED, SearchState.RUNNING):
        return None
    if schedule.hold_until is not None and schedule.hold_until > now:
        return None
    if search.state == SearchState.QUEUED:
        search = move_search(uow, search, SearchState.RUNNING, SEARCHING, now)
    if schedule.hold_until is not None:
        # whoever held it died while asking, which may well be what asking does to a worker
        schedule, search = _count_failure(uow, search, schedule, "its worker died asking", now)
    search = _in_time(uow, search, now)
    n_trials, in_flight = sum(search.trial_counts.values()), _in_flight(search)
    why = _why_enough(uow, search, schedule, now)
    if search.state == SearchState.RUNNING and why is not None and not in_flight:
        search = _end_of_trials(uow, search, now, why)
    if search.state != SearchState.RUNNING:
        return _last_plan(uow, search, schedule, remembered)
    left = search.limits.max_trials - n_trials
    wanted = min(left, search.limits.max_parallel - in_flight)
    if why is not None or wanted <= 0:
        return None
    token = schedule.hold_token + 1
    hold_until = now + timedelta(seconds=hold_s)
    held = replace(schedule, hold_token=token, hold_until=hold_until, hold_since=now, rung_at=now)
    uow.searches.save_schedule(search_id, held)
    history = _brought_up_to_date(uow, search_id, remembered)
    due = is_due(search, uow.explanations.n_measured(search_id))
    return AdvancePlan(search=search, history=history, n_wanted=wanted, token=token, explain=due)


def _last_plan(
    uow: UnitOfWork, search: Search, schedule: Schedule, remembered: History
) -> AdvancePlan:
    """Return the plan of a search that has all its trials: nothing but a last explanation."""
    due = search.state == SearchState.REFINING and is_due(
        search, uow.explanations.n_measured(search.id), at_end=True
    )
    history = _brought_up_to_date(uow, search.id, remembered) if due else remembered
    return AdvancePlan(
        search=search, history=history, n_wanted=0, token=schedule.hold_token, explain=due
    )


def record_proposals(
    uow: UnitOfWork,
    plan: AdvancePlan,
    proposals: Sequence[Proposal],
    now: datetime,
    explanation: Explanation | None = None,
) -> list[str]:
    """Store proposals as queued trials, and what the model says, and give the hold back.

    Candidates the search already has are dropped, and all of them once they promise too little.
    Fewer proposals than wanted mean that no further
    candidate is left: once nothing is in flight either, the search goes on to refining. Proposals
    without one new candidate among them count as a failed ask.

    Returns:
        Ids of the new trials, whose workers are to be rung.
    """
    search = uow.searches.lock(plan.search.id)
    schedule = uow.searches.schedule(search.id)
    if not _still_held(search, schedule, plan):
        return []
    if explanation is not None:
        uow.explanations.keep(search.id, explanation)
    gain = gain_of(search, proposals)
    if gain is not None:
        search = replace(search, expected_gain=gain)
        uow.searches.save(search)
    worthless = why_worth_too_little(search)
    if worthless is not None:
        freed = replace(schedule, hold_until=None, rung_at=now, failed_asks=0)
        uow.searches.save_schedule(search.id, freed)
        if not _in_flight(search):
            _end_of_trials(uow, search, now, worthless)
        return []
    known = uow.trials.known(search.id, [proposal.candidate_hash for proposal in proposals])
    number, created = schedule.next_number, list[str]()
    for proposal in proposals:
        if proposal.candidate_hash in known or len(created) == plan.n_wanted:
            continue
        known.add(proposal.candidate_hash)
        created.append(_add_trial(uow, search, proposal, number, now))
        number += 1
    exhausted = len(proposals) < plan.n_wanted
    freed = replace(schedule, next_number=number, hold_until=None, rung_at=now, exhausted=exhausted)
    if not created and not exhausted:
        _count_failure(uow, search, freed, "it proposed nothing new", now)
        return created
    uow.searches.save_schedule(search.id, replace(freed, failed_asks=0))
    if not created and not _in_flight(search):
        _end_of_trials(uow, search, now, SPACE_EXHAUSTED)
    return created


def record_explanation(uow: UnitOfWork, search_id: str, explanation: Explanation) -> None:
    """Store what the model says at the end of a search, where no proposals come with it."""
    search = uow.searches.lock(search_id)
    if explanation.n_measured >= uow.explanations.n_measured(search.id):
        uow.explanations.keep(search.id, explanation)


def record_failed_ask(uow: UnitOfWork, plan: AdvancePlan, message: str, now: datetime) -> Search:
    """Give the hold back after the optimizer failed; the search fails when it happens again."""
    search = uow.searches.lock(plan.search.id)
    schedule = uow.searches.schedule(search.id)
    if not _still_held(search, schedule, plan):
        return search
    return _count_failure(uow, search, schedule, message, now)[1]


def _still_held(search: Search, schedule: Schedule, plan: AdvancePlan) -> bool:
    """Whether a plan's answer counts: nobody took over, and it was not answered before."""
    newest = schedule.hold_token == plan.token and schedule.hold_until is not None
    return newest and search.state == SearchState.RUNNING


def _count_failure(
    uow: UnitOfWork, search: Search, schedule: Schedule, message: str, now: datetime
) -> tuple[Schedule, Search]:
    """Give the hold back and count a failed ask; the search fails when that was one too many."""
    failed = schedule.failed_asks + 1
    freed = replace(schedule, hold_until=None, failed_asks=failed, rung_at=None)
    uow.searches.save_schedule(search.id, freed)
    if failed >= MAX_FAILED_ASKS:
        reason = Reason(code="optimizer_error", message=message)
        search = move_search(uow, search, SearchState.FAILED, reason, now)
    return freed, search


def _in_time(uow: UnitOfWork, search: Search, now: datetime) -> Search:
    """Cancel the trials that the search's limits of time leave no room for."""
    over = why_nothing_starts(search, now, running_seconds(uow, search, now))
    if over is None:
        return search
    message = f"the search's time was over before it started: {over.message}"
    cancel_queued(uow, search.id, Reason(code=over.code, message=message), now)
    return uow.searches.get(search.id)


def _in_flight(search: Search) -> int:
    return sum(search.trial_counts.get(state, 0) for state in IN_FLIGHT)


def _why_enough(
    uow: UnitOfWork, search: Search, schedule: Schedule, now: datetime
) -> Reason | None:
    over = why_nothing_starts(search, now, running_seconds(uow, search, now))
    if over is not None:
        return over
    most = search.limits.max_trials
    if sum(search.trial_counts.values()) >= most:
        return Reason(code="max_trials", message=f"all {most} trials have ended")
    return SPACE_EXHAUSTED if schedule.exhausted else why_worth_too_little(search)


def _end_of_trials(uow: UnitOfWork, search: Search, now: datetime, why: Reason) -> Search:
    if search.trial_counts.get(TrialState.COMPLETED):
        moved = move_search(uow, search, SearchState.REFINING, why, now)
        schedule = uow.searches.schedule(search.id)
        uow.searches.save_schedule(search.id, replace(schedule, rung_at=now))
        return moved
    n_trials = sum(search.trial_counts.values())
    message = f"{why.message}; none of the {n_trials} trials completed"
    reason = Reason(code="no_completed_trials", message=message)
    return move_search(uow, search, SearchState.FAILED, reason, now)


def _add_trial(
    uow: UnitOfWork, search: Search, proposal: Proposal, number: int, now: datetime
) -> str:
    trial = Trial(
        id=new_id("trl"),
        search_id=search.id,
        number=number,
        state=TrialState.QUEUED,
        state_reason=WAITING_FOR_WORKER,
        outcome=None,
        genes=proposal.genes,
        layers=proposal.layers,
        candidate_hash=proposal.candidate_hash,
        costs=proposal.costs,
        seed=trial_seed(search.seed, number),
        gen_method=proposal.gen_method,
        gen_seconds=proposal.gen_seconds,
        needs=search.limits.needs,
        attempt=0,
        worker_id=None,
        lease_expires_at=None,
        progress=None,
        metrics={},
        artifact_id=None,
        on_front=False,
        created_at=now,
        started_at=None,
        finished_at=None,
    )
    uow.trials.add(trial, rung_at=now)
    payload = {
        "trial_id": trial.id,
        "number": number,
        "costs": dict(trial.costs),
        "gen_method": trial.gen_method,
    }
    uow.events.append(search.id, "trial.created", now, payload)
    return trial.id


def trial_seed(search_seed: int, number: int) -> int:
    """Return a trial's seed: fixed by the search's seed and the trial's number."""
    return (search_seed * 1_000_003 + number * 7919) % 2**31


def _brought_up_to_date(uow: UnitOfWork, search_id: str, remembered: History) -> History:
    if remembered.as_of:
        as_of, changed = uow.events.named_after(search_id, remembered.as_of)
        trials = uow.trials.facts(search_id, changed)
    else:
        as_of, trials = uow.events.last_id(search_id), uow.trials.facts(search_id)
    observations = list(remembered.observations)
    for trial in trials:
        # numbers count from 1 without a gap, and come in order
        observations[trial.number - 1 : trial.number] = [_observe(trial)]
    return History(as_of, tuple(observations))


def _observe(trial: TrialFacts) -> Observation:
    values: dict[str, float] | None
    if trial.state == TrialState.COMPLETED:
        costs = {name: float(trial.costs[name]) for name in EXACT_COSTS if name in trial.costs}
        values = {"accuracy": trial.metrics["accuracy"], **costs}
        status = "completed"
    elif trial.state == TrialState.STOPPED:
        predicted = trial.metrics.get(PREDICTED)
        values = None if predicted is None else {PREDICTED: predicted}
        status = "stopped"
    else:
        values = None
        status = _STATUS.get(trial.state, "failed")
    return Observation(
        genes=trial.genes, candidate_hash=trial.candidate_hash, values=values, status=status
    )
