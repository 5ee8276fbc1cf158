"""Rows to domain values and back; the only place that knows both."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row

from db.rows import HeldRow
from db.tables import ArtifactRow, EventRow, SearchRow, TrialRow, WorkerRow
from search.entities import (
    Artifact,
    Event,
    ExpectedGain,
    Progress,
    Reason,
    Search,
    Trial,
    TrialFacts,
    Worker,
    WrittenProfile,
    limits_of,
    strategy_of,
)
from search.growth import GrowthPoint
from search.placement import NO_NEEDS, Capabilities, Needs
from search.recipe import Recipe
from search.states import SearchState, TrialState
from search.store import Schedule
from search_space.layer_json import layers_from_json, layers_to_json


def search_columns(search: Search) -> dict[str, Any]:
    """Return the column values of a search; its schedule, counts and seconds are kept apart."""
    return {
        "id": search.id,
        "name": search.name,
        "created_at": search.created_at,
        "updated_at": search.updated_at,
        "finished_at": search.finished_at,
        "state": str(search.state),
        "state_reason": asdict(search.state_reason),
        "dataset": search.dataset,
        "dataset_id": search.dataset_id,
        "space": dict(search.space),
        "objectives": list(search.objectives),
        "budgets": dict(search.budgets),
        "strategy": asdict(search.strategy),
        "recipe": asdict(search.recipe),
        "limits": asdict(search.limits),
        "seed": search.seed,
        "ref_point": dict(search.ref_point),
        "hypervolume": search.hypervolume,
        "best_accuracy": search.best_accuracy,
        "smallest_bytes": search.smallest_bytes,
        "growth": [[point.n_trials, point.hypervolume] for point in search.growth],
        "expected_gain": asdict(search.expected_gain) if search.expected_gain else None,
        "hardware": None if search.hardware is None else _profile_columns(search.hardware),
    }


def _profile_columns(profile: WrittenProfile) -> dict[str, Any]:
    return {"name": profile.name, "sha256": profile.sha256, "yaml": profile.yaml}


def to_search(row: SearchRow | HeldRow) -> Search:
    """Return the search of a row."""
    return Search(
        id=row.id,
        name=row.name,
        created_at=row.created_at,
        updated_at=row.updated_at,
        finished_at=row.finished_at,
        state=SearchState(row.state),
        state_reason=Reason(**row.state_reason),
        dataset=row.dataset,
        dataset_id=row.dataset_id,
        space=row.space,
        objectives=tuple(row.objectives),
        budgets=row.budgets,
        strategy=strategy_of(row.strategy),
        recipe=Recipe(**row.recipe),
        limits=limits_of(row.limits),
        seed=row.seed,
        ref_point=row.ref_point,
        hypervolume=row.hypervolume,
        trial_counts={TrialState(state): n for state, n in row.trial_counts.items()},
        compute_seconds=row.compute_seconds,
        best_accuracy=row.best_accuracy,
        smallest_bytes=row.smallest_bytes,
        growth=tuple(GrowthPoint(n_trials=n, hypervolume=volume) for n, volume in row.growth),
        expected_gain=ExpectedGain(**row.expected_gain) if row.expected_gain else None,
        hardware=None if row.hardware is None else WrittenProfile(**row.hardware),
    )


def to_schedule(row: SearchRow | HeldRow) -> Schedule:
    """Return the schedule of a search's row."""
    return Schedule(
        next_number=row.next_number,
        hold_token=row.hold_token,
        hold_until=row.hold_until,
        hold_since=row.hold_since,
        rung_at=row.rung_at,
        failed_asks=row.failed_asks,
        exhausted=row.exhausted,
    )


def trial_columns(trial: Trial) -> dict[str, Any]:
    """Return the column values of a new trial, ``rung_at`` and ``on_front`` apart."""
    return {
        "id": trial.id,
        "search_id": trial.search_id,
        "number": trial.number,
        "genes": dict(trial.genes),
        "layers": layers_to_json(trial.layers),
        "candidate_hash": trial.candidate_hash,
        "replicate": trial.replicate,
        "replicate_of": trial.replicate_of,
        "costs": dict(trial.costs),
        "size_bytes": trial.costs["size_bytes"],
        "seed": trial.seed,
        "gen_method": trial.gen_method,
        "gen_seconds": trial.gen_seconds,
        "created_at": trial.created_at,
        **changing_trial_columns(trial),
    }


def changing_trial_columns(trial: Trial) -> dict[str, Any]:
    """Return the column values that change in the course of a trial; what it is does not."""
    return {
        "state": str(trial.state),
        "state_reason": None if trial.state_reason is None else asdict(trial.state_reason),
        "outcome": trial.outcome,
        "attempt": trial.attempt,
        "times_lost": trial.times_lost,
        "worker_id": trial.worker_id,
        "lease_expires_at": trial.lease_expires_at,
        "held_since": trial.held_since,
        "progress": None if trial.progress is None else asdict(trial.progress),
        "metrics": dict(trial.metrics),
        "accuracy": trial.metrics.get("accuracy"),
        "artifact_id": trial.artifact_id,
        "needs": asdict(trial.needs) if trial.needs else None,
        "started_at": trial.started_at,
        "finished_at": trial.finished_at,
    }


def to_trial(row: TrialRow | HeldRow) -> Trial:
    """Return the trial of a row."""
    return Trial(
        id=row.id,
        search_id=row.search_id,
        number=row.number,
        state=TrialState(row.state),
        state_reason=None if row.state_reason is None else Reason(**row.state_reason),
        outcome=row.outcome,
        genes=row.genes,
        layers=layers_from_json(row.layers),
        candidate_hash=row.candidate_hash,
        replicate=row.replicate,
        replicate_of=row.replicate_of,
        needs=needs_of(row.needs),
        costs=row.costs,
        seed=row.seed,
        gen_method=row.gen_method,
        gen_seconds=row.gen_seconds,
        attempt=row.attempt,
        times_lost=row.times_lost,
        worker_id=row.worker_id,
        lease_expires_at=row.lease_expires_at,
        held_since=row.held_since,
        progress=None if row.progress is None else Progress(**row.progress),
        metrics=row.metrics,
        artifact_id=row.artifact_id,
        on_front=row.on_front,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )


def to_facts(row: Row[Any]) -> TrialFacts:
    """Return the facts of a row that has their columns."""
    return TrialFacts(
        id=row.id,
        number=row.number,
        state=TrialState(row.state),
        genes=row.genes,
        candidate_hash=row.candidate_hash,
        costs=row.costs,
        metrics=row.metrics,
    )


def to_artifact(row: ArtifactRow | HeldRow) -> Artifact:
    """Return the artifact of a row."""
    return Artifact(
        id=row.id,
        trial_id=row.trial_id,
        search_id=row.search_id,
        sha256=row.sha256,
        size_bytes=row.size_bytes,
        created_at=row.created_at,
    )


def to_event(row: EventRow) -> Event:
    """Return the event of a row."""
    return Event(id=row.id, search_id=row.search_id, type=row.type, at=row.at, payload=row.payload)


def to_worker(row: WorkerRow) -> Worker:
    """Return the worker of a row."""
    return Worker(
        id=row.id,
        kind=row.kind,
        host=row.host,
        pid=row.pid,
        device=row.device,
        trial_id=row.trial_id,
        search_id=row.search_id,
        started_at=row.started_at,
        last_seen_at=row.last_seen_at,
        capabilities=Capabilities(**row.capabilities) if row.capabilities else None,
    )


def needs_of(stored: Mapping[str, Any] | None) -> Needs:
    """Return needs as they were stored, of whichever release."""
    return Needs(**stored) if stored else NO_NEEDS
