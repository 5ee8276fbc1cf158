"""Recording what came of a trial: progress, result, failure, and the front that follows."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Final

from search.entities import Artifact, Lease, Progress, Reason, Search, Trial, TrialFacts
from search.errors import ArtifactMismatchError, DivergedError, TrialInterrupted
from search.growth import GrowthPoint, grown
from search.hypervolume import hypervolume
from search.pareto import FrontChange, Losses, insert, losses
from search.states import TERMINAL_SEARCH_STATES, SearchState, TrialState
from search.store import UnitOfWork
from search.use_cases.leases import cancelled_under, locked_trial, locked_with_search
from search.use_cases.rungs import look_at
from search.use_cases.transitions import (
    cancel_trial,
    log_tail,
    move_search,
    move_trial,
    search_has_ended,
)

_WITH_AN_OUTCOME: Final = frozenset({TrialState.COMPLETED, TrialState.STOPPED, TrialState.FAILED})
NO_CHANGE = FrontChange(added=False, removed=())


def report_progress(uow: UnitOfWork, lease: Lease, progress: Progress, now: datetime) -> bool:
    """Record where a running trial is; see ``report_all``."""
    return report_all(uow, lease, [(now, progress)])


def report_all(uow: UnitOfWork, lease: Lease, reports: Sequence[tuple[datetime, Progress]]) -> bool:
    """Record where a running trial was, at what times; a loss that is not finite is left out.

    Returns:
        Whether the trial is stopped now, since it has no chance to reach the front.

    Raises:
        StaleLeaseError: If the lease is no longer valid.
        TrialInterrupted: ``cancelled``, if the trial was cancelled or the search has ended
            meanwhile; then call ``cancel_held_trial``. ``stopped``, if it was stopped before.
    """
    search = uow.searches.lock(uow.trials.search_of(lease.trial_id))
    if search.state in TERMINAL_SEARCH_STATES or cancelled_under(
        uow.trials.lock(lease.trial_id), lease
    ):
        raise TrialInterrupted("cancelled")
    trial = locked_trial(uow, lease)
    told = _log_progress(uow, trial, reports)
    trial = replace(trial, progress=told[-1])
    uow.trials.save(trial)
    return look_at(uow, search, trial, [(at, p) for (at, _), p in zip(reports, told, strict=True)])


def _log_progress(
    uow: UnitOfWork, trial: Trial, reports: Sequence[tuple[datetime, Progress]]
) -> list[Progress]:
    told = [_finite(progress) for _, progress in reports]
    named = {"trial_id": trial.id, "number": trial.number}
    payloads = [
        (at, {**named, **asdict(progress)}) for (at, _), progress in zip(reports, told, strict=True)
    ]
    uow.events.append_all(trial.search_id, "trial.progress", payloads)
    return told


def _finite(progress: Progress) -> Progress:
    if progress.train_loss is None or math.isfinite(progress.train_loss):
        return progress
    return replace(progress, train_loss=None)


def complete_trial(
    uow: UnitOfWork,
    lease: Lease,
    metrics: Mapping[str, float],
    artifact: Artifact,
    now: datetime,
    reports: Sequence[tuple[datetime, Progress]] = (),
) -> FrontChange:
    """Record a trial's result, its file, and the front and hypervolume that follow from it.

    A result that arrives after its search has ended cancels the trial and changes nothing else. The
    same attempt recording the same file again changes nothing: its first answer may have been lost
    on the way. ``reports`` are those that were not recorded before.

    Raises:
        StaleLeaseError: If the lease is no longer valid.
        TrialInterrupted: ``stopped``, if the trial was stopped under this lease.
        ArtifactMismatchError: If the file has not the length computed from the candidate.
        DivergedError: If a metric is not finite.
    """
    search = uow.searches.lock(uow.trials.search_of(lease.trial_id))
    if _recorded_before(uow, lease, artifact):
        return NO_CHANGE
    trial = locked_trial(uow, lease)
    if search.state in TERMINAL_SEARCH_STATES:
        cancel_trial(uow, trial, search_has_ended(search), now)
        return NO_CHANGE
    _check_result(trial, metrics, artifact)
    if reports:
        _log_progress(uow, trial, reports)
        look_at(uow, search, trial, reports, may_stop=False)  # its training is over
    uow.artifacts.add(artifact)
    done = move_trial(
        uow,
        trial,
        TrialState.COMPLETED,
        now,
        metrics=dict(metrics),
        artifact_id=artifact.id,
        state_reason=None,
    )
    payload = {
        "trial_id": trial.id,
        "number": trial.number,
        "metrics": dict(metrics),
        "costs": dict(trial.costs),
    }
    uow.events.append(search.id, "trial.finished", now, payload)
    return _update_front(uow, search, done, now)


def _recorded_before(uow: UnitOfWork, lease: Lease, artifact: Artifact) -> bool:
    trial = uow.trials.lock(lease.trial_id)
    if trial.state != TrialState.COMPLETED or trial.attempt != lease.token:
        return False
    return uow.artifacts.of_trials([trial.id])[trial.id].sha256 == artifact.sha256


def _check_result(trial: Trial, metrics: Mapping[str, float], artifact: Artifact) -> None:
    if artifact.size_bytes != trial.costs["size_bytes"]:
        raise ArtifactMismatchError(
            f"the file has {artifact.size_bytes} bytes, the candidate {trial.costs['size_bytes']}"
        )
    infinite = [name for name, value in metrics.items() if not math.isfinite(value)]
    if infinite:
        raise DivergedError(f"not finite: {', '.join(infinite)}")


def fail_trial(uow: UnitOfWork, lease: Lease, outcome: str, message: str, now: datetime) -> None:
    """Record a typed failure; the optimizer learns from it.

    Raises:
        StaleLeaseError: If the lease is no longer valid.
    """
    trial = locked_with_search(uow, lease)[1]
    end_failed(uow, trial, outcome, message, now)


def end_failed(uow: UnitOfWork, trial: Trial, outcome: str, message: str, now: datetime) -> None:
    """End a locked running trial as failed; the reason has the end of the attempt's log."""
    reason = Reason(code=outcome, message=message, log_tail=log_tail(uow, trial))
    move_trial(uow, trial, TrialState.FAILED, now, outcome=outcome, state_reason=reason)
    payload = {
        "trial_id": trial.id,
        "number": trial.number,
        "outcome": outcome,
        "reason": {"code": reason.code, "message": message},
    }
    uow.events.append(trial.search_id, "trial.failed", now, payload)


def record_test_accuracy(
    uow: UnitOfWork, trial_id: str, correct: int, total: int, now: datetime
) -> None:
    """Record a front member's accuracy on the test split; a second record changes nothing."""
    search = uow.searches.lock(uow.trials.search_of(trial_id))
    trial = uow.trials.lock(trial_id)
    if search.state != SearchState.REFINING or "test_accuracy" in trial.metrics:
        return
    metrics = {**trial.metrics, "test_accuracy": correct / total, "n_test": float(total)}
    uow.trials.save(replace(trial, metrics=metrics))
    payload = {
        "trial_id": trial.id,
        "number": trial.number,
        "metrics": metrics,
        "costs": dict(trial.costs),
    }
    uow.events.append(search.id, "trial.tested", now, payload)


def finish_refining(uow: UnitOfWork, search_id: str, now: datetime) -> Search:
    """End a search whose front members have been measured on the test split.

    The caller says when: a member whose file cannot be read stays without a test accuracy.
    """
    search = uow.searches.lock(search_id)
    if search.state != SearchState.REFINING:
        return search
    return move_search(uow, search, SearchState.SUCCEEDED, search.state_reason, now)


def trial_losses(search: Search, trial: Trial | TrialFacts) -> Losses:
    """Return a completed trial's losses in the order of the search's objectives."""
    return losses({**trial.costs, **trial.metrics}, search.objectives)


def _stands_already(uow: UnitOfWork, trial: Trial) -> bool:
    """Whether another trial of the same candidate completed before.

    The first one stands for the candidate, with its own file and accuracy: to let the best of
    several seeds stand would reward luck.
    """
    of_candidate = uow.trials.of_candidate(trial.search_id, trial.candidate_hash)
    return any(t.id != trial.id and t.state == TrialState.COMPLETED for t in of_candidate)


def _update_front(uow: UnitOfWork, search: Search, trial: Trial, now: datetime) -> FrontChange:
    if any(trial.costs[name] > bound for name, bound in search.budgets.items()):
        return NO_CHANGE
    members = {member.id: member for member in uow.trials.front_facts(search.id)}
    points = {key: trial_losses(search, member) for key, member in members.items()}
    change = insert(points, trial_losses(search, trial))
    if not change.added:
        return change
    if _stands_already(uow, trial):
        return NO_CHANGE
    stay = [key for key in points if key not in change.removed]
    volume = hypervolume(
        [*(points[key] for key in stay), trial_losses(search, trial)],
        losses(search.ref_point, search.objectives),
    )
    accuracies = [members[key].metrics["accuracy"] for key in stay]
    sizes = [members[key].costs["size_bytes"] for key in stay]
    payload = {
        "added": [trial.id],
        "removed": list(change.removed),
        "hypervolume": volume,
        "size": len(stay) + 1,
    }
    event_id = uow.events.append(search.id, "front.changed", now, payload)
    uow.trials.join_front(trial, event_id)
    for key in change.removed:
        uow.trials.leave_front(key, event_id)
    counts = uow.searches.get(search.id).trial_counts  # with this trial
    n_trials = sum(n for state, n in counts.items() if state in _WITH_AN_OUTCOME)
    uow.searches.save(
        replace(
            search,
            hypervolume=volume,
            best_accuracy=max([*accuracies, trial.metrics["accuracy"]]),
            smallest_bytes=int(min([*sizes, trial.costs["size_bytes"]])),
            growth=grown(search.growth, GrowthPoint(n_trials=n_trials, hypervolume=volume)),
            updated_at=now,
        )
    )
    return change
