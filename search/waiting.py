"""Why something waits: the one place that says so, from what the database holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from search.entities import Reason, Search, Trial, Worker
from search.placement import Needs, meets
from search.states import SearchState, TrialState
from search.store import Schedule, UnitOfWork
from search.use_cases.leases import PAUSED
from search.use_cases.stop_rules import why_nothing_starts

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """The workers of a deployment at one moment.

    Attributes:
        workers: Those that reported within their lease.
        holders: Ids of workers that hold a trial.
        last_seen: When any worker of a kind reported last, whether or not it is still there.
        now: The moment.
    """

    workers: Sequence[Worker]
    holders: frozenset[str]
    last_seen: Mapping[str, datetime]
    now: datetime

    def is_busy(self, worker: Worker) -> bool:
        """Whether a worker holds a trial or works on a search."""
        return worker.id in self.holders or worker.search_id is not None

    def able_to_train(self, needs: Needs) -> list[Worker]:
        """Return the train workers that meet a trial's needs."""
        train = [worker for worker in self.workers if worker.kind == "train"]
        return [worker for worker in train if meets(worker.capabilities, needs)]


def crew_at(uow: UnitOfWork, now: datetime, lease_s: float) -> Crew:
    """Read who is there; a worker that is silent for longer than a lease is not."""
    known = uow.workers.all()
    last_seen = dict(uow.workers.departures())
    for worker in known:
        last_seen[worker.kind] = max(
            worker.last_seen_at, last_seen.get(worker.kind, worker.last_seen_at)
        )
    oldest = now - timedelta(seconds=lease_s)
    return Crew(
        workers=[worker for worker in known if worker.last_seen_at >= oldest],
        holders=frozenset(uow.trials.holders()),
        last_seen=last_seen,
        now=now,
    )


def why_trial_waits(trial: Trial, search: Search, crew: Crew) -> Reason | None:
    """Return why a queued trial has not started; ``None`` for one that does not wait."""
    if trial.state != TrialState.QUEUED:
        return None
    if search.state == SearchState.PAUSED:
        return PAUSED
    over = why_nothing_starts(search, crew.now)
    if over is not None:
        message = f"it is cancelled, its search's time is over: {over.message}"
        return Reason(code=over.code, message=message)
    return _why_untrained(crew, trial.needs)


def why_search_waits(search: Search, schedule: Schedule, crew: Crew) -> Reason | None:
    """Return why nothing of a search is in work; ``None`` when something is, or it has ended."""
    n_running = search.trial_counts.get(TrialState.RUNNING, 0)
    if search.state == SearchState.PAUSED:
        stopping = f"; {_count(n_running, 'trial')} still to stop" if n_running else ""
        return Reason(code="search_paused", message=f"waits to be resumed{stopping}")
    if search.state == SearchState.REFINING:
        if any(worker.search_id == search.id for worker in crew.workers):
            return None
        return _why_idle(crew, "train")
    if search.state not in (SearchState.QUEUED, SearchState.RUNNING) or n_running:
        return None
    if search.trial_counts.get(TrialState.QUEUED):
        return _why_untrained(crew, search.limits.needs)
    return _why_unasked(schedule, crew)


def _why_unasked(schedule: Schedule, crew: Crew) -> Reason:
    """Return why a search without trials in flight has no new ones."""
    if schedule.hold_until is not None and schedule.hold_until > crew.now:
        since = schedule.hold_since or crew.now
        seconds = max(0.0, (crew.now - since).total_seconds())
        message = f"the optimize worker has been asking for {seconds:.0f} s"
        return Reason(code="asking_optimizer", message=message)
    idle = _why_idle(crew, "optimize")
    if not schedule.failed_asks:
        return idle
    failures = f"the optimizer has failed {_count(schedule.failed_asks, 'time')} in a row"
    return Reason(code=idle.code, message=f"{idle.message}; {failures}")


def _why_untrained(crew: Crew, needs: Needs) -> Reason:
    """Return why no train worker has taken up a trial."""
    able = crew.able_to_train(needs)
    if able or not needs:
        return _why_idle(replace(crew, workers=able), "train")
    n_train = sum(worker.kind == "train" for worker in crew.workers)
    none = f"none of {_count(n_train, 'train worker')} is" if n_train else _absence(crew, "train")
    return Reason(code="no_suitable_worker", message=f"waits for {needs}; {none}")


def _why_idle(crew: Crew, kind: str) -> Reason:
    """Return why no worker of a kind has taken up what waits."""
    there = [worker for worker in crew.workers if worker.kind == kind]
    if not there:
        return Reason(code=f"no_{kind}_worker", message=_absence(crew, kind))
    n_free = sum(not crew.is_busy(worker) for worker in there)
    if n_free:
        free = "is free" if n_free == 1 else "are free"
        message = f"{_count(n_free, f'{kind} worker')} {free} and being rung"
        return Reason(code="ringing", message=message)
    whole = "the only" if len(there) == 1 else f"all {len(there)}"
    verb = "is" if len(there) == 1 else "are"
    plural = "" if len(there) == 1 else "s"
    return Reason(code="workers_busy", message=f"{whole} {kind} worker{plural} {verb} busy")


def _absence(crew: Crew, kind: str) -> str:
    last_seen = crew.last_seen.get(kind)
    if last_seen is None:
        return f"no {kind} worker has reported yet"
    shape = "%H:%M:%S" if crew.now - last_seen < _DAY else "%Y-%m-%d %H:%M:%S"
    return f"no {kind} worker has reported since {last_seen:{shape}} UTC"


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
