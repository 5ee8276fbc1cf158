"""What the domain needs from outside: an optimizer, a store, a bell. Adapters implement these."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from search.entities import Progress, Proposal
from search.focus import Region
from search.objectives import Objective
from search.warm_start import Lesson, WarmStart
from search_space.genes import Gene, GeneValue
from search_space.hardware.profile import HardwareProfile
from search_space.space import Candidate, Places, Space

PREDICTED: Final = "predicted_accuracy"
"""Of a trial that was stopped early: what its learning curve promised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One earlier or pending trial, as an optimizer sees it.

    Attributes:
        genes: Canonical genes (only those with effect).
        candidate_hash: Identity of the network.
        values: Objective values; ``None`` while pending or when it failed. Of a stopped trial no
            objective, but ``PREDICTED``.
        status: ``completed``, ``pending``, ``failed``, ``stopped``, or ``cancelled``, which says
            nothing about the candidate.
    """

    genes: Mapping[str, GeneValue]
    candidate_hash: str
    values: Mapping[str, float] | None
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """What follows exactly from ``n`` assignments.

    Attributes:
        places: Index of each gene's choice, -1 where the gene has no effect; ``(n, n_genes)``.
            Equal rows are the same candidate.
        costs: Exact costs by name, each ``(n,)``.
        summaries: What else helps to predict the measured objective, ``(n, k)``; ``k`` may be 0.
    """

    places: Places
    costs: Mapping[str, npt.NDArray[Any]]
    summaries: npt.NDArray[np.float64]


class Terrain(Protocol):
    """What an optimizer needs of a space. Spaces of networks have one made for them."""

    @property
    def genes(self) -> tuple[Gene, ...]:
        """Genes with more than one choice."""

    def rows(self, places: Places) -> Rows:
        """Look at many assignments, ``(n, n_genes)``; genes without effect hold any choice."""

    def candidate(self, places: Places) -> Candidate:
        """Return the candidate of one assignment, ``(n_genes,)``."""

    def costs(self, candidate: Candidate) -> Mapping[str, float]:
        """Return the exact costs of one candidate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskRequest:
    """Everything a stateless optimizer needs to propose ``n`` candidates.

    Attributes:
        space: Of networks, or anything else that has genes and exact costs.
        ref_point: Worst value per objective name.
        budgets: Upper bound per exact cost; nothing above is proposed.
        hardware: A device; nothing that it does not compute or hold is proposed.
        history: All trials so far, in order of their number.
        seed: Of the search; with the same request the same proposals come back.
        n_initial: Points before the model is used; ``None`` lets the strategy choose.
        deadline_s: Seconds after which a cheaper method must answer.
        region: Where improvement counts; ``None`` where it counts everywhere.
        warm_start: What is evaluated before the strategy proposes.
        lessons: Completed trials of other searches on the same data set by the same recipe.
    """

    space: Space | Terrain
    objectives: Sequence[Objective]
    ref_point: Mapping[str, float]
    budgets: Mapping[str, float]
    history: Sequence[Observation]
    n: int
    seed: int
    n_initial: int | None = None
    deadline_s: float = 20.0
    hardware: HardwareProfile | None = None
    region: Region | None = None
    warm_start: WarmStart | None = None
    lessons: Sequence[Lesson] = ()


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

    def train(self, trial_id: str, times_passed: int = 0) -> None:
        """Ask a train worker to run a trial; ``times_passed`` by workers that were not able to."""

    def refine(self, search_id: str) -> None:
        """Ask a train worker to measure the front on the test split."""
