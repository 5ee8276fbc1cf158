"""From the domain's values to the wire models, and back for requests."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from statistics import fmean, stdev
from typing import Final

from bitpareto import types as wire
from bitpareto.types.trials import Attempt as WireAttempt
from bitpareto.types.trials import SizeBreakdown, TrialReason
from search.attempts import Attempt
from search.entities import (
    Artifact,
    Event,
    ExpectedGain,
    Limits,
    Progress,
    Reason,
    Search,
    Strategy,
    Trial,
    Worker,
    WrittenProfile,
    limits_of,
    strategy_of,
)
from search.recipe import Recipe
from search_space.costs import layer_costs, mean_weight_bits, size_breakdown
from search_space.counting import Count
from search_space.hardware.estimate import Violation
from search_space.intervals import wilson_interval
from search_space.layers import LayerList
from search_space.preview import Preview

_MOST_COUNTED: Final = 10**300
"""Above, a JSON number is infinite to most readers; Python writes none of over 4300 digits."""


def strategy_from_wire(strategy: wire.Strategy) -> Strategy:
    """Return the domain's strategy."""
    return strategy_of(strategy.model_dump())


def recipe_from_wire(recipe: wire.Recipe) -> Recipe:
    """Return the domain's recipe."""
    return Recipe(**recipe.model_dump())


def limits_from_wire(limits: wire.Limits) -> Limits:
    """Return the domain's limits."""
    return limits_of(limits.model_dump())


def search_to_wire(search: Search, waiting: Reason | None) -> wire.Search:
    """Return a search as clients see it, with why it waits."""
    return wire.Search(
        id=search.id,
        name=search.name,
        created_at=search.created_at,
        updated_at=search.updated_at,
        finished_at=search.finished_at,
        state=search.state.value,
        state_reason=wire.Reason(
            code=search.state_reason.code, message=search.state_reason.message
        ),
        waiting=wire.Reason(code=waiting.code, message=waiting.message) if waiting else None,
        dataset=search.dataset,
        dataset_id=search.dataset_id,
        space=dict(search.space),
        objectives=list(search.objectives),
        budgets=dict(search.budgets),
        hardware=hardware_ref(search.hardware),
        strategy=wire.Strategy(**asdict(search.strategy)),
        recipe=wire.Recipe(**asdict(search.recipe)),
        limits=wire.Limits(**asdict(search.limits)),
        seed=search.seed,
        ref_point=dict(search.ref_point),
        hypervolume=search.hypervolume,
        trial_counts={state.value: n for state, n in search.trial_counts.items() if n},
        compute_seconds=search.compute_seconds,
        best_accuracy=search.best_accuracy,
        smallest_bytes=search.smallest_bytes,
        growth=[wire.GrowthPoint(**asdict(point)) for point in search.growth],
        expected_gain=gain_to_wire(search.expected_gain),
    )


def gain_to_wire(gain: ExpectedGain | None) -> wire.ExpectedGain | None:
    """Return what the next trial promises."""
    return None if gain is None else wire.ExpectedGain(**asdict(gain))


def hardware_ref(profile: WrittenProfile | None) -> wire.HardwareRef | None:
    """Return which profile a search was made with."""
    if profile is None:
        return None
    return wire.HardwareRef(name=profile.name, sha256=profile.sha256)


def artifact_to_wire(artifact: Artifact) -> wire.Artifact:
    """Return a packed file's record."""
    return wire.Artifact(
        id=artifact.id,
        sha256=artifact.sha256,
        size_bytes=artifact.size_bytes,
        href=f"/v1/artifacts/{artifact.id}",
    )


def trial_to_wire(
    trial: Trial,
    artifact: Artifact | None,
    waiting: Reason | None = None,
    *,
    with_layers: bool = False,
) -> wire.Trial:
    """Return a trial; its layer table comes only where one trial is asked for."""
    return wire.Trial(
        id=trial.id,
        search_id=trial.search_id,
        number=trial.number,
        state=trial.state.value,
        state_reason=trial_reason(trial.state_reason),
        waiting=trial_reason(waiting),
        outcome=trial.outcome,
        candidate_hash=trial.candidate_hash,
        replicate=trial.replicate,
        replicate_of=trial.replicate_of,
        genes=dict(trial.genes),
        layers=layer_rows(trial.layers) if with_layers else None,
        size_breakdown=breakdown_to_wire(trial.layers) if with_layers else None,
        costs={**trial.costs},
        metrics=dict(trial.metrics),
        mean_weight_bits=mean_weight_bits(trial.layers),
        seed=trial.seed,
        gen_method=trial.gen_method,
        gen_seconds=trial.gen_seconds,
        attempt=trial.attempt,
        worker_id=trial.worker_id,
        progress=progress_to_wire(trial.progress) if trial.progress else None,
        artifact=artifact_to_wire(artifact) if artifact else None,
        on_front=trial.on_front,
        created_at=trial.created_at,
        started_at=trial.started_at,
        finished_at=trial.finished_at,
    )


def device_fits(violations: Mapping[str, Sequence[Violation]]) -> list[wire.DeviceFit]:
    """Return where a network runs, from what keeps it from each device."""
    return [
        wire.DeviceFit(
            profile=name,
            violations=[f"{v.layer}: {v.detail}" if v.layer else v.detail for v in found],
        )
        for name, found in violations.items()
    ]


def trial_reason(reason: Reason | None) -> TrialReason | None:
    """Return why a trial is in its state."""
    return TrialReason(**asdict(reason)) if reason else None


def attempt_to_wire(attempt: Attempt) -> WireAttempt:
    """Return one worker's hold on a trial."""
    return WireAttempt(**{**asdict(attempt), "reason": trial_reason(attempt.reason)})


def progress_to_wire(progress: Progress) -> wire.Progress:
    """Return where a running trial is."""
    return wire.Progress(**asdict(progress))


def breakdown_to_wire(layers: LayerList) -> SizeBreakdown:
    """Return what the bytes of a network's file hold."""
    return SizeBreakdown(**asdict(size_breakdown(layers)))


def layer_rows(layers: LayerList) -> list[wire.LayerRow]:
    """Return the layer table with exact costs."""
    return [
        wire.LayerRow(
            name=layer.name,
            kind=layer.kind,
            output_shape=(layer.out_channels, layer.out_height, layer.out_width),
            kernel=layer.kernel,
            stride=layer.stride,
            groups=layer.groups,
            weight_bits=layer.weight_bits,
            channel_weight_bits=layer.channel_weight_bits,
            activation_bits=layer.activation_bits,
            n_weights=costs.n_weights,
            macs=costs.macs,
            size_bytes=costs.size_bytes,
        )
        for layer, costs in zip(layers, layer_costs(layers), strict=True)
    ]


def front_point(
    trial: Trial, artifact: Artifact | None, accuracies: Sequence[float] = ()
) -> wire.FrontPoint:
    """Return a front member with the 95 % intervals of its accuracies.

    Args:
        trial: The member.
        artifact: Its file.
        accuracies: Those of all trials of its candidate.
    """
    return wire.FrontPoint(
        trial=trial_to_wire(trial, artifact),
        accuracy_interval=_interval(trial.metrics, "accuracy", "n_validation"),
        test_accuracy_interval=_interval(trial.metrics, "test_accuracy", "n_test"),
        mean_weight_bits=mean_weight_bits(trial.layers),
        replicates=_replicates(accuracies),
    )


def _replicates(accuracies: Sequence[float]) -> wire.Replicates | None:
    if len(accuracies) < 2:
        return None
    return wire.Replicates(
        n=len(accuracies), accuracy_mean=fmean(accuracies), accuracy_std=stdev(accuracies)
    )


def _interval(metrics: Mapping[str, float], name: str, count: str) -> tuple[float, float] | None:
    if name not in metrics or metrics.get(count, 0) < 1:
        return None
    return wilson_interval(metrics[name], int(metrics[count]))


def worker_to_wire(worker: Worker, now: datetime) -> wire.Worker:
    """Return a worker process."""
    facts = asdict(worker)
    queue, silent = facts.pop("kind"), now - worker.last_seen_at
    return wire.Worker(**facts, queue=queue, silent_s=max(0.0, silent.total_seconds()))


def event_to_wire(event: Event) -> wire.SearchEvent:
    """Return an entry of the event stream."""
    return wire.SearchEvent(
        id=event.id,
        search_id=event.search_id,
        type=event.type,
        at=event.at,
        payload=dict(event.payload),
    )


def preview_to_wire(family: str, found: Preview) -> wire.SpacePreview:
    """Return what is known of a space."""
    return wire.SpacePreview(
        family=family,
        n_genes=found.n_genes,
        count=_count_to_wire(found.count),
        n_seen=found.n_seen,
        complete=found.complete,
        costs={name: wire.CostPreview(**asdict(cost)) for name, cost in found.costs.items()},
        share=wire.SharePreview(**asdict(found.share)),
        sampling=found.sampling,
        samples=[
            wire.CandidateSample(
                candidate_hash=sample.candidate.hash,
                genes=dict(sample.candidate.genes),
                costs={**sample.costs},
                mean_weight_bits=mean_weight_bits(sample.candidate.layers),
            )
            for sample in found.samples
        ],
    )


def _count_to_wire(count: Count) -> wire.CandidateCount:
    return wire.CandidateCount(
        exact=count.exact,
        at_least=count.at_least if count.at_least < _MOST_COUNTED else None,
        at_most=count.at_most if count.at_most < _MOST_COUNTED else None,
        log10_at_least=math.log10(count.at_least),
        log10_at_most=math.log10(count.at_most),
    )
