"""Looking at a running trial at the rungs of its search, and stopping it where it has no chance.

Accuracies at rungs are events of their own, ``trial.rung``: they stay when learning curves are
cleared away, and a decision reads a few of them instead of every epoch.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from search.curve_regression import RULE, Point, forecast
from search.early_stopping import EarlyStopping, rung_epochs, to_beat
from search.entities import Progress, Reason, Search, Trial
from search.pareto import losses
from search.ports import PREDICTED
from search.recipe import Recipe
from search.states import TrialState
from search.store import UnitOfWork
from search.use_cases.transitions import move_trial

RUNG: Final = "trial.rung"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What is known of a trial at a rung; without ``probability`` nothing speaks against it."""

    epoch: int
    accuracy: float
    probe_accuracy: float | None
    to_beat: float | None = None
    probability: float | None = None
    predicted: float | None = None


def rungs_of(search: Search) -> tuple[int, ...]:
    """Return the epochs, counted over both phases, at which a search looks at its trials."""
    rule, recipe = search.limits.early_stopping, search.recipe
    return () if rule is None else rung_epochs(rule, recipe.float_epochs + recipe.qat_epochs)


def look_at(
    uow: UnitOfWork,
    search: Search,
    trial: Trial,
    reports: Sequence[tuple[datetime, Progress]],
    *,
    may_stop: bool = True,
) -> bool:
    """Record a locked running trial's accuracy at the rungs it has passed; stop it if it must.

    Replicates are never stopped: they were asked for, and are on no front.

    Returns:
        Whether it is stopped now.
    """
    rule = search.limits.early_stopping
    if rule is None:
        return False
    n_epochs = search.recipe.float_epochs + search.recipe.qat_epochs
    rungs = rungs_of(search)
    for at, progress in reports:
        epoch = _epoch(progress, search.recipe)
        if epoch not in rungs or progress.accuracy is None:
            continue
        judged = may_stop and trial.replicate == 0
        look = _Look(
            epoch=epoch, accuracy=progress.accuracy, probe_accuracy=progress.probe_accuracy
        )
        look = _judged(uow, search, trial, rule, look) if judged else look
        hopeless = look.probability is not None and look.probability < rule.bound
        spared = hopeless and is_audited(rule, trial.seed)
        payload = {
            "trial_id": trial.id,
            "number": trial.number,
            "epoch": epoch,
            "n_epochs": n_epochs,
            "accuracy": look.accuracy,
            "probe_accuracy": look.probe_accuracy,
            "to_beat": look.to_beat,
            "probability": look.probability,
            "verdict": "audit" if spared else "stop" if hopeless else "go_on",
        }
        uow.events.append(search.id, RUNG, at, payload)
        if hopeless and not spared:
            _stop(uow, trial, rule, look, n_epochs, at)
            return True
    return False


def is_audited(rule: EarlyStopping, trial_seed: int) -> bool:
    """Whether a trial runs to its end whatever is said of it; its seed decides."""
    return random.Random(trial_seed).random() < rule.audit  # noqa: S311 - a sample, no secret


def _epoch(progress: Progress, recipe: Recipe) -> int | None:
    """Return the epoch counted over both phases; ``None`` around packing."""
    before: Mapping[str, int] = {"float": 0, "qat": recipe.float_epochs}
    return None if progress.phase not in before else before[progress.phase] + progress.epoch


def _judged(
    uow: UnitOfWork, search: Search, trial: Trial, rule: EarlyStopping, look: _Look
) -> _Look:
    if look.probe_accuracy is None:  # a worker from before there were probes
        return look
    start = search.strategy.warm_start
    # of the same data, family and recipe, or they would not have been let in
    taught_by = [*(start.searches if start else ()), search.id]
    completed = [p for taught in taught_by for p in _completed_at(uow, taught, look.epoch)]
    if len(completed) < rule.min_completed:
        return look
    front = [
        losses({**member.costs, **member.metrics}, search.objectives)
        for member in uow.trials.front_facts(search.id)
    ]
    level = to_beat(trial.costs, front, search.objectives)
    if level is None:
        return look
    point = Point(
        accuracy=look.accuracy, probe_accuracy=look.probe_accuracy, costs=dict(trial.costs)
    )
    end = forecast(point, completed)
    return replace(
        look, to_beat=level, probability=end.probability_above(level), predicted=end.accuracy
    )


def _completed_at(uow: UnitOfWork, search_id: str, epoch: int) -> list[Point]:
    """Return the completed trials that were probed at this rung."""
    reached: dict[str, Mapping[str, Any]] = {}
    points = []
    for event in uow.events.of_types(search_id, [RUNG, "trial.finished"]):
        payload = event.payload
        if event.type == RUNG:
            if payload["epoch"] == epoch and payload.get("probe_accuracy") is not None:
                # a lost attempt may have begun anew; its successor's curve is the one that counts
                reached[payload["trial_id"]] = payload
        elif payload["trial_id"] in reached:
            rung = reached[payload["trial_id"]]
            points.append(
                Point(
                    accuracy=rung["accuracy"],
                    probe_accuracy=rung["probe_accuracy"],
                    costs=payload["costs"],
                    final=payload["metrics"]["accuracy"],
                )
            )
    return points


def _stop(
    uow: UnitOfWork,
    trial: Trial,
    rule: EarlyStopping,
    look: _Look,
    n_epochs: int,
    now: datetime,
) -> None:
    reason = Reason(
        code="stopped_early",
        message=f"after epoch {look.epoch} of {n_epochs} it reaches the front with a probability "
        f"of {look.probability:.2g}, below {rule.bound:g}: at {look.accuracy:.4f}, it would have "
        f"to end above {look.to_beat:.4f}",
    )
    metrics = {"partial_accuracy": look.accuracy}
    if look.predicted is not None:
        metrics[PREDICTED] = look.predicted
    move_trial(
        uow,
        trial,
        TrialState.STOPPED,
        now,
        outcome="stopped_early",
        state_reason=reason,
        metrics=metrics,
    )
    payload = {
        "trial_id": trial.id,
        "number": trial.number,
        "outcome": "stopped_early",
        "reason": {"code": reason.code, "message": reason.message},
        "rule": RULE,
        "epoch": look.epoch,
        "n_epochs": n_epochs,
        "probability": look.probability,
        "bound": rule.bound,
    }
    uow.events.append(trial.search_id, "trial.stopped", now, payload)
