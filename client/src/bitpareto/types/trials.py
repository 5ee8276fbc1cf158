"""Trials and artifacts on the wire."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from bitpareto.types.base import Open, RequestModel, ResponseModel

TrialState = Literal["queued", "running", "completed", "stopped", "failed", "cancelled"]


TrialFormat = Literal["csv", "ndjson", "parquet"]
TrialSort = Literal["number", "-number", "size_bytes", "-size_bytes", "accuracy", "-accuracy"]


class TrialReason(ResponseModel):
    """Why a trial is in its state."""

    code: str
    message: str
    log_tail: str | None = None
    """Of a trial that failed or lost its worker: how that attempt's log ends."""


class Attempt(ResponseModel):
    """One worker's hold on a trial."""

    number: int
    worker_id: str
    began_at: datetime
    ended_at: datetime | None
    ended_as: Open[Literal["completed", "stopped", "failed", "cancelled", "requeued"]] | None
    """`requeued` where it was lost, paused or handed back; null while it lasts."""
    reason: TrialReason | None
    """Why it ended, where that was no success."""


class Attempts(ResponseModel):
    """A trial's attempts by number."""

    data: list[Attempt]


class LogPiece(ResponseModel):
    """Some lines of one attempt's log; ids rise."""

    id: int
    attempt: int
    text: str


class LogPieces(ResponseModel):
    """What a trial printed after a piece, and its state, by which a reader knows when to end."""

    data: list[LogPiece]
    state: Open[TrialState]


class Progress(ResponseModel):
    """Where a running trial is."""

    phase: str
    epoch: int
    n_epochs: int
    train_loss: float | None = None
    accuracy: float | None = None
    probe_accuracy: float | None = None
    """Of a quantized copy; only where early stopping looks."""


class LayerRow(ResponseModel):
    """One layer of the network with its exact costs."""

    name: str
    kind: str
    output_shape: tuple[int, int, int]
    """``(C, H, W)``."""
    kernel: int
    stride: int
    groups: int
    weight_bits: int
    """The widest, where channels differ."""
    channel_weight_bits: tuple[int, ...]
    """One per output channel where they differ, else empty."""
    activation_bits: int
    n_weights: int
    macs: int
    size_bytes: int


class SizeBreakdown(ResponseModel):
    """What the bytes of the packed file hold; the parts sum to ``size_bytes``."""

    header: int
    records: int
    """One of fixed length per layer."""
    weights: int
    channel_widths: int
    """Where the channels of a layer have weights of different widths."""
    multipliers: int
    """The scales."""
    biases: int
    """Batch norm is folded in."""
    padding: int


class Artifact(ResponseModel):
    """A packed file; fetch it from ``href``."""

    id: str
    sha256: str
    size_bytes: int
    href: str


class TrialReplicate(RequestModel):
    """Body of ``POST /v1/trials/{id}:replicate``."""

    seed: int | None = Field(default=None, ge=0, lt=2**31)
    """Of the new trial; by default one of its own."""


class DeviceFit(ResponseModel):
    """Whether a network runs on a device, by its profile."""

    profile: str
    """Name of the hardware profile."""
    violations: list[str]
    """What keeps it from running: widths, flash, RAM; empty where it runs."""


class Trial(ResponseModel):
    """One evaluation of a candidate."""

    id: str
    search_id: str
    number: int
    state: Open[TrialState]
    state_reason: TrialReason | None
    waiting: TrialReason | None = None
    """Why a queued trial has not started, as of now; null for one that does not wait."""
    outcome: str | None
    candidate_hash: str
    replicate: int = 0
    """0 for the first trial of a candidate, then 1, 2, … for those asked for."""
    replicate_of: str | None = None
    """Id of the first one."""
    genes: dict[str, int | float | str]
    layers: list[LayerRow] | None = None
    """Present on ``GET /v1/trials/{id}``, absent in lists."""
    size_breakdown: SizeBreakdown | None = None
    """Like ``layers``, of ``costs.size_bytes``."""
    devices: list[DeviceFit] | None = None
    """Like ``layers``: every hardware profile of the server, and what keeps the network from it."""
    costs: dict[str, int | float]
    """Exact costs, known before training: ``size_bytes``, ``macs``, ``bops``,
    ``peak_activation_bytes``."""
    metrics: dict[str, float]
    """``accuracy`` is the packed file's accuracy on the validation split."""
    mean_weight_bits: float
    seed: int
    gen_method: str
    """How its candidate was found; `docs/search-strategies.md` has the list."""
    gen_seconds: float
    """Seconds that finding it took: since the proposal before it, or since the ask began."""
    attempt: int
    worker_id: str | None
    progress: Progress | None
    artifact: Artifact | None
    on_front: bool
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
