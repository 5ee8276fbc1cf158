"""What is counted of a whole deployment, for those who watch it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from search.states import SearchState, TrialState


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """A deployment at one moment; what has not happened counts as 0.

    Attributes:
        searches: How many are in each state.
        trials: Likewise.
        workers: Processes that have reported, by kind.
        oldest_queued_s: Seconds since the trial that waits longest was proposed.
        oldest_heartbeat_s: Seconds since the worker reported that was silent for longest.
        next_expiry_s: Seconds until the first lease ends; negative where a sweeper is overdue.
        attempts: Times that trials were claimed.
        times_lost: Times that a worker was lost with its trial.
        train_seconds: Of all completed trials.
        gpu_seconds: Of these, on GPUs.
        front_joined: Times that trials joined fronts.
        front_left: Times that they left again.
        artifact_bytes: Of all packed files.
    """

    searches: Mapping[SearchState, int]
    trials: Mapping[TrialState, int]
    workers: Mapping[str, int]
    oldest_queued_s: float
    oldest_heartbeat_s: float
    next_expiry_s: float
    attempts: int
    times_lost: int
    train_seconds: float
    gpu_seconds: float
    front_joined: int
    front_left: int
    artifact_bytes: int


class FiguresRepository(Protocol):
    """Sums over everything."""

    def at(self, now: datetime) -> Figures:
        """Count."""
