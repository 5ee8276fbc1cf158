"""What the domain needs from outside: an optimizer, a store, a bell. Adapters implement these."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from search.entities import Progress, Proposal
from search.objectives import Objective
from search_space.genes import GeneValue
from search_space.hardware.profile import HardwareProfile
from search_space.space import Space


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One earlier or pending trial, as an optimizer sees it.

    Attributes:
        genes: Canonical genes (only those with effect).
        candidate_hash: Identity of the network.
        values: Objective values; ``None`` while pending or when it failed.
        status: ``completed``, ``pending`` or ``failed``.
    """

    genes: Mapping[str, GeneValue]
    candidate_hash: str
    values: Mapping[str, float] | None
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AskRequest:
    """Everything a stateless optimizer needs to propose ``n`` candidates.

    Attributes:
        ref_point: Worst value per objective name.
        budgets: Upper bound per exact cost; nothing above is proposed.
        hardware: A device; nothing that it does not compute or hold is proposed.
        history: All trials so far, in order of their number.
        seed: Of the search; with the same request the same proposals come back.
        n_initial: Points before the model is used; ``None`` lets the strategy choose.
        deadline_s: Seconds after which a cheaper method must answer.
    """

    space: Space
    objectives: Sequence[Objective]
    ref_point: Mapping[str, float]
    budgets: Mapping[str, float]
    history: Sequence[Observation]
    n: int
    seed: int
    n_initial: int | None = None
    deadline_s: float = 20.0
    hardware: HardwareProfile | None = None


Ask = Callable[[AskRequest], list[Proposal]]
"""A strategy: fewer than ``n`` proposals come back only when no new candidate is left."""


class CheckpointStore(Protocol):
    """Keeps the last checkpoint of one trial; bytes are opaque here."""

    def load(self) -> bytes | None:
        """Return the last checkpoint, or ``None``."""

    def save(self, checkpoint: bytes) -> None:
        """Replace the checkpoint atomically."""


ReportProgress = Callable[[Progress], None]
"""Called after each epoch; raises ``TrialInterrupted`` when training must stop."""


class Bell(Protocol):
    """Rings the workers; losing a ring loses nothing, since the sweeper rings again."""

    def advance(self, search_id: str) -> None:
        """Ask an optimize worker to top up a search."""

    def train(self, trial_id: str) -> None:
        """Ask a train worker to run a trial."""

    def refine(self, search_id: str) -> None:
        """Ask a train worker to measure the front on the test split."""
