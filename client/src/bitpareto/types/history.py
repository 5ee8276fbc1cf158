"""What has happened to a trial and to a search, on the wire."""

from datetime import datetime

from bitpareto.types.base import ResponseModel


class CurvePoint(ResponseModel):
    """One report of a trial in training."""

    event_id: int
    at: datetime
    attempt: int
    """Which worker's hold on the trial it is from; a later one goes on at a checkpoint."""
    phase: str
    """``float``, ``qat`` or ``pack``."""
    epoch: int
    n_epochs: int
    train_loss: float | None = None
    """Null where it was not finite."""
    accuracy: float | None = None
    """On the validation split; null where it was not measured."""
    probe_accuracy: float | None = None
    """Of a copy quantized with the candidate's bits; only where early stopping looks."""


class Curves(ResponseModel):
    """A trial's learning curves: every report of every attempt, in order."""

    trial_id: str
    search_id: str
    points: list[CurvePoint]


class HypervolumePoint(ResponseModel):
    """The front after one change."""

    event_id: int
    """Pass it as ``as_of`` to read the front of that moment."""
    at: datetime
    hypervolume: float
    size: int
    """Number of points on the front."""
    n_trials: int
    """Trials that had completed, been stopped or failed by then."""
    train_seconds: float
    """Seconds of training in those that had completed."""
    compute_seconds: float = 0.0
    """Seconds that workers had held trials by then, whatever came of them."""


class HypervolumeHistory(ResponseModel):
    """How the hypervolume of a search's front grew, change by change."""

    search_id: str
    ref_point: dict[str, float]
    points: list[HypervolumePoint]
