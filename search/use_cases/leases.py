"""A worker's hold on a trial: claim, heartbeat, release. The attempt's number is the fence."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from search.entities import Lease, Reason, Search, Trial
from search.errors import StaleLeaseError, TrialInterrupted, UnableError
from search.placement import Capabilities, meets
from search.states import TERMINAL_SEARCH_STATES, SearchState, TrialState
from search.store import UnitOfWork
from search.use_cases.stop_rules import running_seconds, why_nothing_starts
from search.use_cases.transitions import cancel_trial, move_trial, search_has_ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a worker needs to start."""

    trial: Trial
    search: Search
    lease: Lease


def claim_trial(
    uow: UnitOfWork,
    trial_id: str,
    worker_id: str,
    now: datetime,
    lease_s: float,
    able: Capabilities | None = None,
) -> Claim | None:
    """Take a queued trial; ``None`` when it is no longer to be had, or not now.

    Only a running search starts trials, and none once its time is over.

    Raises:
        UnableError: If it waits for a worker that has more than this one, which is ``able`` of so
            much; then call ``suitable_workers``.
    """
    search = uow.searches.lock(uow.trials.search_of(trial_id))
    trial = uow.trials.lock(trial_id)
    why_not = why_nothing_starts(search, now, running_seconds(uow, search, now))
    startable = search.state == SearchState.RUNNING and why_not is None
    if trial.state != TrialState.QUEUED or not startable:
        return None
    if not meets(able, trial.needs):
        raise UnableError(trial_id, trial.needs)
    expires_at = now + timedelta(seconds=lease_s)
    running = move_trial(
        uow,
        trial,
        TrialState.RUNNING,
        now,
        attempt=trial.attempt + 1,
        worker_id=worker_id,
        lease_expires_at=expires_at,
        started_at=trial.started_at or now,
        state_reason=None,
    )
    payload = {
        "trial_id": trial.id,
        "number": trial.number,
        "attempt": running.attempt,
        "worker_id": worker_id,
    }
    uow.events.append(search.id, "trial.started", now, payload)
    lease = Lease(trial_id=trial_id, token=running.attempt, expires_at=expires_at)
    return Claim(trial=running, search=search, lease=lease)


def heartbeat(uow: UnitOfWork, lease: Lease, now: datetime, lease_s: float) -> Lease:
    """Renew a lease.

    Raises:
        StaleLeaseError: If somebody else holds the trial, or nobody.
        TrialInterrupted: ``cancelled``, if the trial was cancelled or the search has ended
            meanwhile; then call ``cancel_held_trial``. ``paused``, if it is paused; then call
            ``release_trial``. ``stopped``, if the trial was stopped early; then it has ended.
    """
    trial = uow.trials.lock(lease.trial_id)
    if cancelled_under(trial, lease):
        raise TrialInterrupted("cancelled")
    trial = _held(trial, lease)
    state = uow.searches.get(trial.search_id).state
    if state in TERMINAL_SEARCH_STATES:
        raise TrialInterrupted("cancelled")
    if state == SearchState.PAUSED:
        raise TrialInterrupted("paused")
    expires_at = now + timedelta(seconds=lease_s)
    uow.trials.save(replace(trial, lease_expires_at=expires_at))
    return replace(lease, expires_at=expires_at)


DRAINED = Reason(code="worker_drained", message="its worker was shut down")
PAUSED = Reason(code="search_paused", message="its search is paused")


def release_trial(uow: UnitOfWork, lease: Lease, now: datetime, reason: Reason = DRAINED) -> None:
    """Put a trial back in the queue for no fault of its own.

    The fence keeps rising, but a planned hand-over is no loss: ``times_lost`` stays. When the
    search has ended meanwhile the trial is cancelled instead.

    Raises:
        StaleLeaseError: If the lease is no longer valid.
    """
    search, trial = locked_with_search(uow, lease)
    if search.state in TERMINAL_SEARCH_STATES:
        cancel_trial(uow, trial, search_has_ended(search), now)
        return
    requeue(uow, trial, reason, now)


def cancel_held_trial(uow: UnitOfWork, lease: Lease, now: datetime) -> None:
    """Mark a held trial as cancelled after its search has ended.

    One that was cancelled by itself stays as it is.

    Raises:
        StaleLeaseError: If the lease is no longer valid.
    """
    search = uow.searches.lock(uow.trials.search_of(lease.trial_id))
    trial = uow.trials.lock(lease.trial_id)
    if not cancelled_under(trial, lease):
        cancel_trial(uow, _held(trial, lease), search_has_ended(search), now)


def cancelled_under(trial: Trial, lease: Lease) -> bool:
    """Whether a trial was cancelled while this lease held it."""
    return trial.state == TrialState.CANCELLED and trial.attempt == lease.token


def requeue(uow: UnitOfWork, trial: Trial, reason: Reason, now: datetime) -> None:
    """Put a locked running trial back in the queue and ask for a ring."""
    move_trial(uow, trial, TrialState.QUEUED, now, state_reason=reason)
    uow.trials.ask_ring(trial.id)
    payload = {
        "trial_id": trial.id,
        "number": trial.number,
        "reason": {"code": reason.code, "message": reason.message},
    }
    uow.events.append(trial.search_id, "trial.requeued", now, payload)


def locked_trial(uow: UnitOfWork, lease: Lease) -> Trial:
    """Lock the lease's trial.

    Raises:
        StaleLeaseError: If the lease is no longer valid.
        TrialInterrupted: ``stopped``, if the trial was stopped under this lease.
    """
    return _held(uow.trials.lock(lease.trial_id), lease)


def _held(trial: Trial, lease: Lease) -> Trial:
    if trial.state == TrialState.STOPPED and trial.attempt == lease.token:
        # its worker may not have heard the answer that told it so
        raise TrialInterrupted("stopped")
    if trial.state != TrialState.RUNNING or trial.attempt != lease.token:
        raise StaleLeaseError(lease.trial_id, lease.token)
    return trial


def locked_with_search(uow: UnitOfWork, lease: Lease) -> tuple[Search, Trial]:
    """Lock the search, then the trial, of a lease.

    Raises:
        StaleLeaseError: If the lease is no longer valid.
    """
    search = uow.searches.lock(uow.trials.search_of(lease.trial_id))
    return search, locked_trial(uow, lease)
