"""The values the service stores and sends: searches, trials, proposals, events."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from search.early_stopping import EarlyStopping
from search.focus import Region, Target, region_of
from search.growth import GrowthPoint
from search.placement import NO_NEEDS, Capabilities, Needs
from search.recipe import Recipe
from search.states import SearchState, TrialState
from search.warm_start import WarmStart, warm_start_of
from search_space.genes import GeneValue
from search_space.layers import LayerList


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why something is in its state; every state that is not plain success has one.

    Attributes:
        log_tail: Of a trial that failed or lost its worker, how that attempt's log ends.
    """

    code: str
    message: str
    log_tail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When a search ends and how wide it runs.

    Attributes:
        max_trials: Trials to finish; failed ones count.
        max_parallel: Trials in flight at once.
        wall_time_s: Seconds since the search was created after which no trial starts any more.
        compute_s: Seconds that its trials may take in all; then no trial starts any more.
        min_gain_per_hour: Hypervolume per hour of training; a search whose next trials promise less
            proposes no more.
        max_attempts: Times a trial may lose its worker before it fails as ``lost``.
        needs: What its trials ask of their workers.
        early_stopping: When trials without a chance are given up; ``None`` lets all end.
    """

    max_trials: int = 16
    max_parallel: int = 2
    wall_time_s: float | None = None
    compute_s: float | None = None
    min_gain_per_hour: float | None = None
    max_attempts: int = 3
    needs: Needs = NO_NEEDS
    early_stopping: EarlyStopping | None = None


def limits_of(fields: Mapping[str, Any]) -> Limits:
    """Return the limits of their fields as JSON has them, of whichever release."""
    needs, rule = fields.get("needs"), fields.get("early_stopping")
    live = {
        "needs": Needs(**needs) if needs else NO_NEEDS,
        "early_stopping": EarlyStopping(**rule) if rule else None,
    }
    return Limits(**{**fields, **live})


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """Which optimizer proposes (``optimizer.registry``), and what is asked of it.

    Attributes:
        n_initial: Points that come first.
        deadline_s: Seconds after which an ask must answer.
        focus: Least and largest value of exact objectives, where the front is wanted.
        target: Or the one point that is wanted.
        warm_start: What it begins with.
    """

    name: str = "bayesian"
    n_initial: int | None = None
    deadline_s: float = 20.0
    focus: Mapping[str, tuple[float, float]] | None = None
    target: Target | None = None
    warm_start: WarmStart | None = None

    @property
    def region(self) -> Region | None:
        """Where improvement counts; ``None`` where it counts everywhere."""
        return region_of(self.focus, self.target)


def strategy_of(fields: Mapping[str, Any]) -> Strategy:
    """Return the strategy of its fields as JSON has them, of whichever release."""
    focus, target = fields.get("focus"), fields.get("target")
    bounds = None if focus is None else {name: (low, high) for name, (low, high) in focus.items()}
    point = None if target is None else Target(**target)
    start = fields.get("warm_start")
    warm_start = None if start is None else warm_start_of(start)
    return Strategy(**{**fields, "focus": bounds, "target": point, "warm_start": warm_start})


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedGain:
    """What the next trial of a search promises, as of the newest ask that could say.

    Attributes:
        hypervolume: Expected gain of the best proposal.
        trial_seconds: Mean that a trial has taken so far.
        per_hour: The one over the other.
        n_low: Asks in a row that promised less than ``Limits.min_gain_per_hour``.
    """

    hypervolume: float
    trial_seconds: float
    per_hour: float
    n_low: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenProfile:
    """A hardware profile as it was written; ``search_space.hardware.reader`` makes it live.

    Attributes:
        sha256: Of ``yaml`` as UTF-8.
        created_at: When a user added it; ``None`` for one that comes with the product, and for the
            copy that a search holds.
    """

    name: str
    sha256: str
    yaml: str
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """One search as stored.

    Attributes:
        space: The space as declared, JSON; ``search_space.space_from_json`` makes it live.
        budgets: Upper bounds per exact cost.
        dataset_id: Of an uploaded data set, whose name may come to mean another one.
        hardware: A copy of the profile it was made with, so that its costs stay what they were.
        ref_point: Worst value per objective for the hypervolume.
        hypervolume: Of the front over ``ref_point``; log2 scale where the objective says so.
        trial_counts: Number of trials per trial state.
        compute_seconds: Seconds that workers have held its trials; running holds come at their end.
        best_accuracy: Highest on its front; ``None`` without one.
        smallest_bytes: Smallest file on its front.
        growth: Of ``hypervolume``, thinned.
        expected_gain: ``None`` until a model has said.
    """

    id: str
    name: str
    created_at: datetime
    updated_at: datetime
    state: SearchState
    state_reason: Reason
    dataset: str
    space: Mapping[str, Any]
    objectives: tuple[str, ...]
    budgets: Mapping[str, float]
    strategy: Strategy
    recipe: Recipe
    limits: Limits
    seed: int
    ref_point: Mapping[str, float]
    hypervolume: float = 0.0
    trial_counts: Mapping[TrialState, int] = field(default_factory=dict)
    compute_seconds: float = 0.0
    best_accuracy: float | None = None
    smallest_bytes: int | None = None
    growth: tuple[GrowthPoint, ...] = ()
    expected_gain: ExpectedGain | None = None
    hardware: WrittenProfile | None = None
    dataset_id: str | None = None
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A candidate an optimizer wants evaluated, with how it was found.

    Attributes:
        expected_gain: Of hypervolume, where a model has chosen it by that.
    """

    genes: Mapping[str, GeneValue]
    layers: LayerList
    candidate_hash: str
    costs: Mapping[str, float]
    gen_method: str
    gen_seconds: float
    expected_gain: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where a running trial is.

    Attributes:
        phase: ``float``, ``qat`` or ``pack``.
        epoch: Those of the phase that are over.
        train_loss: Mean over the epoch.
        accuracy: On the validation split.
        probe_accuracy: Of a copy that was quantized with the candidate's bits, on the same split;
            only where early stopping looks.
    """

    phase: str
    epoch: int
    n_epochs: int
    train_loss: float | None = None
    accuracy: float | None = None
    probe_accuracy: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One evaluation of a candidate.

    Attributes:
        number: 1, 2, … within the search.
        outcome: Of a trial that did not complete: ``infeasible``, ``diverged``,
            ``out_of_memory``, ``artifact_mismatch``, ``stopped_early``, ``lost``, ``error``.
        attempt: How many workers have held it; also the fencing token of the current hold.
        times_lost: How many of them were lost; a planned hand-over is not counted.
        held_since: Since when the present one holds it.
        metrics: Measured values: ``accuracy`` (validation, packed file),
            ``accuracy_fake_quantized``, ``decision_agreement`` (share of validation images on which
            file and fake-quantized network decide alike), ``float_accuracy``,
            ``float_size_bytes``, ``n_validation``, ``train_seconds``,
            ``gpu_seconds`` (of these, on a GPU); after refining
            ``test_accuracy`` and ``n_test``. Of a stopped trial ``partial_accuracy`` and
            ``predicted_accuracy`` alone.
        on_front: Whether it is on the search's front now.
        replicate: 0 for the first trial of a candidate, then 1, 2, … for those asked for.
        replicate_of: Id of the first one.
        needs: What it asks of its worker: what its search does, or more memory where one had too
            little.
    """

    id: str
    search_id: str
    number: int
    state: TrialState
    state_reason: Reason | None
    outcome: str | None
    genes: Mapping[str, GeneValue]
    layers: LayerList
    candidate_hash: str
    costs: Mapping[str, float]
    seed: int
    gen_method: str
    gen_seconds: float
    attempt: int
    worker_id: str | None
    lease_expires_at: datetime | None
    progress: Progress | None
    metrics: Mapping[str, float]
    artifact_id: str | None
    on_front: bool
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    times_lost: int = 0
    held_since: datetime | None = None
    replicate: int = 0
    replicate_of: str | None = None
    needs: Needs = NO_NEEDS


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialFacts:
    """What is read of many trials at once: no layers, and no place in the machinery."""

    id: str
    number: int
    state: TrialState
    genes: Mapping[str, Any]
    candidate_hash: str
    costs: Mapping[str, float]
    metrics: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A packed file in the artifact store; ``sha256`` is its address there."""

    id: str
    trial_id: str
    search_id: str
    sha256: str
    size_bytes: int
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A network that a user uploaded.

    Attributes:
        sha256: Of the file as uploaded; the file itself is not kept.
        weights_sha256: Address of its float weights (safetensors) in the artifact store.
        size_bytes: Length of the file as uploaded.
        layers: The network; its widths mean nothing, a search chooses them.
        mean: Per channel, subtracted from pixels / 255; the data set's where ``None``.
        std: Per channel, what is then divided by; ``None`` together with ``mean``.
    """

    id: str
    name: str
    sha256: str
    weights_sha256: str
    size_bytes: int
    layers: LayerList
    mean: tuple[float, ...] | None
    std: tuple[float, ...] | None
    created_at: datetime

    @property
    def content(self) -> tuple[str, tuple[float, ...] | None, tuple[float, ...] | None]:
        """What two models share exactly if trials cannot tell them apart."""
        return self.sha256, self.mean, self.std


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a search; ids rise, so a reader can resume after any of them."""

    id: int
    search_id: str
    type: str
    at: datetime
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A worker's hold on a trial; ``token`` fences out whoever held it before."""

    trial_id: str
    token: int
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialResult:
    """What a finished training hands over."""

    metrics: Mapping[str, float]
    artifact: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """A process that has reported.

    Attributes:
        kind: ``optimize`` or ``train``.
        trial_id: The trial it holds, if any.
        search_id: The search it proposes candidates for or measures the front of, if any.
        capabilities: What it has; ``None`` of one that did not say.
    """

    id: str
    kind: str
    host: str
    pid: int
    device: str
    trial_id: str | None
    started_at: datetime
    last_seen_at: datetime
    search_id: str | None = None
    capabilities: Capabilities | None = None
