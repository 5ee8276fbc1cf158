"""Searches and fronts on the wire."""

from datetime import datetime
from typing import Any, Final, Generic, Literal, TypeVar, get_args

from pydantic import Field

from bitpareto.types.base import Open, RequestModel, ResponseModel
from bitpareto.types.hardware import HardwareRef
from bitpareto.types.trials import Trial

SearchState = Literal["queued", "running", "paused", "refining", "succeeded", "failed", "cancelled"]
ObjectiveName = Literal[
    "accuracy",
    "size_bytes",
    "macs",
    "bops",
    "peak_activation_bytes",
    "latency_ms",
    "energy_uj",
]
CostName = Literal["size_bytes", "macs", "bops", "peak_activation_bytes", "latency_ms", "energy_uj"]
FrontSort = Literal[
    "accuracy",
    "-accuracy",
    "size_bytes",
    "-size_bytes",
    "macs",
    "-macs",
    "bops",
    "-bops",
    "peak_activation_bytes",
    "-peak_activation_bytes",
    "latency_ms",
    "-latency_ms",
    "energy_uj",
    "-energy_uj",
]
StrategyName = Literal[
    "bayesian", "random", "regularized_evolution", "nsga2", "local_search", "bomp"
]
SearchSort = Literal[
    "created_at",
    "-created_at",
    "updated_at",
    "-updated_at",
    "name",
    "-name",
    "best_accuracy",
    "-best_accuracy",
    "smallest_bytes",
    "-smallest_bytes",
    "compute_seconds",
    "-compute_seconds",
]
STRATEGIES: Final[tuple[StrategyName, ...]] = get_args(StrategyName)
Item = TypeVar("Item")


class Reason(ResponseModel):
    """Why an object is in its state."""

    code: str
    message: str


class Needs(RequestModel):
    """What a search's trials ask of their workers; null asks nothing."""

    device: Open[Literal["cpu", "cuda"]] | None = None
    memory_bytes: int | None = Field(default=None, ge=1, le=2**50)
    """Least memory of the device, or of the machine where that is the CPU."""
    profile: str | None = Field(default=None, pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")
    """A name that an operator gave to workers of a kind (`BITPARETO_WORKER_PROFILE`)."""


class EarlyStopping(RequestModel):
    """When a search gives up trials that cannot reach its front any more."""

    bound: float = Field(default=0.03, gt=0, le=0.5)
    """A trial is stopped below this probability of entering the present front.

    It is asked at each rung, so that of the stops more than this share may be wrong.
    """
    min_epochs: int = Field(default=5, ge=1, le=20_000)
    """Epochs, of both phases together, before which none is stopped."""
    rungs: int = Field(default=4, ge=1, le=100)
    """How many times a trial is looked at."""
    min_completed: int = Field(default=8, ge=4, le=100_000)
    """Trials that must have completed before one is stopped."""
    audit: float = Field(default=0.1, ge=0, le=1)
    """Share of the trials that run to their end all the same, to see how often the rule is
    wrong."""


class Limits(RequestModel):
    """When a search ends and how wide it runs."""

    max_trials: int = Field(default=16, ge=1, le=100_000)
    max_parallel: int = Field(default=2, ge=1, le=1024)
    wall_time_s: float | None = Field(default=None, gt=0)
    compute_s: float | None = Field(default=None, gt=0)
    """Seconds that its trials may take in all, on all workers together."""
    min_gain_per_hour: float | None = Field(default=None, gt=0)
    """Least hypervolume per hour of training that is worth going on for; `bayesian` only."""
    max_attempts: int = Field(default=3, ge=1, le=10)
    needs: Needs = Needs()
    early_stopping: EarlyStopping | None = None
    """Null lets every trial run to its end."""


class Target(RequestModel):
    """The best of one measured objective within upper bounds."""

    maximize: Open[Literal["accuracy"]] = "accuracy"
    within: dict[Open[CostName], float] = Field(min_length=1)
    """Upper bound per exact objective of the search."""


class WarmStart(RequestModel):
    """What a search begins with; every trial's `gen_method` says which of it."""

    searches: list[str] = Field(default=[], max_length=16)
    """Ids of searches on the same data set by the same recipe, whose trials teach the model;
    `bayesian` only. Trials that the model then proposes are `ehvi_warm`."""
    candidates: list[dict[str, int | float | str]] = Field(default=[], max_length=256)
    """Genes of candidates that are evaluated first, in this order: `given`."""
    allocate: int = Field(default=0, ge=0, le=64)
    """Candidates of several sizes, made by allocating widths to layers: `allocated`."""


class Strategy(RequestModel):
    """Which optimizer proposes, and what is asked of it."""

    name: Open[StrategyName] = "bayesian"
    n_initial: int | None = Field(default=None, ge=1)
    deadline_s: float = Field(default=20.0, gt=0, le=600)
    focus: dict[Open[CostName], tuple[float, float]] | None = Field(default=None, min_length=1)
    """Least and largest value of exact objectives: where the front is wanted; `bayesian` only."""
    target: Target | None = None
    """Or the one point that is wanted; `bayesian` only."""
    warm_start: WarmStart | None = None


class Recipe(RequestModel):
    """How a candidate is trained and quantized."""

    float_epochs: int = Field(default=30, ge=0, le=10_000)
    qat_epochs: int = Field(default=10, ge=0, le=10_000)
    batch_size: int = Field(default=64, ge=1, le=65_536)
    lr: float = Field(default=0.2, gt=0, le=10)
    qat_lr: float = Field(default=0.05, gt=0, le=10)
    weight_decay: float = Field(default=5e-4, ge=0, le=1)
    quantizer: Open[Literal["lsq", "lsq_plus", "pact", "dorefa", "ewgs"]] = "lsq"
    weight_granularity: Open[Literal["per_channel", "per_tensor"]] = "per_channel"
    max_train_images: int | None = Field(default=None, ge=1)
    max_accuracy_gap: float = Field(default=0.02, ge=0, le=1)


class SearchCreate(RequestModel):
    """Body of ``POST /v1/searches``."""

    name: str = Field(default="", max_length=200)
    dataset: str = Field(max_length=100)
    """Name of a built-in data set, or name or id of one of yours."""
    space: dict[str, Any]
    """A declared space; see ``docs/search-spaces.md``. ``family`` is required."""
    objectives: list[ObjectiveName] = Field(default=["accuracy", "size_bytes"], min_length=1)
    budgets: dict[CostName, float] = Field(default_factory=dict)
    """Upper bounds, each above zero."""
    hardware: str | None = Field(default=None, max_length=64)
    """Name of a hardware profile. Nothing that it does not compute or hold is tried, and
    ``latency_ms`` and ``energy_uj`` are costs like the others."""
    strategy: Strategy = Strategy()
    recipe: Recipe = Recipe()
    limits: Limits = Limits()
    seed: int = Field(default=0, ge=0, lt=2**31)


class SearchExtend(RequestModel):
    """Body of ``POST /v1/searches/{id}:extend``; at least one of them is above 0."""

    trials: int = Field(default=0, ge=0, le=100_000)
    """How many trials more."""
    wall_time_s: float = Field(default=0.0, ge=0, le=1e9)
    """Seconds more, from the end of its time or from now, whichever is later."""
    compute_s: float = Field(default=0.0, ge=0, le=1e9)
    """Seconds of its trials more, from the limit or from what they took, whichever is more."""


class SearchOverrides(RequestModel):
    """Body of ``POST /v1/searches/{id}:clone``: what is to be another way.

    A JSON merge patch (RFC 7396) on the fields the search was made with: objects are merged field
    by field, null takes a field away, anything else replaces.
    """

    name: str | None = Field(default=None, max_length=200)
    dataset: str | None = Field(default=None, max_length=100)
    space: dict[str, Any] | None = None
    objectives: list[ObjectiveName] | None = None
    budgets: dict[CostName, float | None] | None = None
    hardware: str | None = Field(default=None, max_length=64)
    strategy: dict[str, Any] | None = None
    recipe: dict[str, Any] | None = None
    limits: dict[str, Any] | None = None
    seed: int | None = None


class ExpectedGain(ResponseModel):
    """What the next trial promises, as of the newest ask of a model."""

    hypervolume: float
    trial_seconds: float
    """Mean that a trial has taken so far."""
    per_hour: float
    n_low: int
    """Asks in a row that promised less than `limits.min_gain_per_hour`; three end the search."""


class GrowthPoint(ResponseModel):
    """The hypervolume after a change of the front."""

    n_trials: int
    """Trials that had completed, been stopped or failed by then."""
    hypervolume: float


class Search(ResponseModel):
    """One search."""

    id: str
    name: str
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None
    state: Open[SearchState]
    state_reason: Reason
    waiting: Reason | None = None
    """Why nothing of it is in work, as of now; null when something is, or it has ended."""
    dataset: str
    """Its name."""
    dataset_id: str | None = None
    """Of an uploaded data set, whose name may come to mean another one; null for a built-in one."""
    space: dict[str, Any]
    objectives: list[str]
    budgets: dict[str, float]
    hardware: HardwareRef | None = None
    strategy: Strategy
    recipe: Recipe
    limits: Limits
    seed: int
    ref_point: dict[str, float]
    hypervolume: float
    trial_counts: dict[str, int]
    """Number of trials per trial state; states without trials are absent."""
    compute_seconds: float = 0.0
    """Seconds that workers have held its trials; running ones count when their hold ends."""
    best_accuracy: float | None = None
    """Highest validation accuracy on the front; null without one."""
    smallest_bytes: int | None = None
    """Smallest file on the front; null without one."""
    growth: list[GrowthPoint] = Field(default_factory=list)
    """How the hypervolume grew, in at most 32 points; `/hypervolume` has all."""
    expected_gain: ExpectedGain | None = None
    """Null until a model has proposed a trial."""


class Replicates(ResponseModel):
    """The completed trials of one candidate, with different seeds."""

    n: int
    accuracy_mean: float
    accuracy_std: float
    """Of the sample, with ``n - 1``."""


class FrontPoint(ResponseModel):
    """One non-dominated trial within budget."""

    trial: Trial
    accuracy_interval: tuple[float, float] | None
    """95 % Wilson interval of the validation accuracy."""
    test_accuracy_interval: tuple[float, float] | None
    mean_weight_bits: float
    """Mean width over all stored weights."""
    replicates: Replicates | None = None
    """Null unless the candidate was trained more than once; the point itself stays the first."""


class Front(ResponseModel):
    """The front, smallest first, with its hypervolume over ``ref_point``."""

    search_id: str
    as_of_event: int
    hypervolume: float
    ref_point: dict[str, float]
    points: list[FrontPoint]


EventType = Literal[
    "search.state",
    "search.extended",
    "trial.created",
    "trial.started",
    "trial.progress",
    "trial.rung",
    "trial.stopped",
    "trial.finished",
    "trial.tested",
    "trial.failed",
    "trial.requeued",
    "trial.cancelled",
    "front.changed",
]
"""What may happen; a newer server may know more, so ``SearchEvent.type`` is any text."""


class SearchEvent(ResponseModel):
    """One entry of a search's event stream."""

    id: int
    search_id: str
    type: str
    at: datetime
    payload: dict[str, Any]


class Page(ResponseModel, Generic[Item]):
    """One page of a list; pass ``next_cursor`` as ``cursor`` for the next."""

    data: list[Item]
    has_more: bool
    next_cursor: str | None
