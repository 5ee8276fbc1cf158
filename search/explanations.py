"""What a fitted model says of a search: the genes that matter, what a bit does, the front."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, Protocol

from search.entities import Search
from search.states import TrialState
from search_space.genes import GeneValue

EXPLAINING_STRATEGIES: Final = frozenset({"bayesian"})
"""Those with a model to explain."""
MIN_EXPLAINED: Final = 5
"""Completed trials below which a model would say little but its prior."""
_GROWTH: Final = 1.1
"""A long search is explained again when it has so many times the trials of the last time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneImportance:
    """How much of what can be changed about the predicted accuracy a gene decides.

    Attributes:
        share: Variance of the prediction over the gene's choices, all others as they are in a
            measured network; mean over such networks, over the sum for all genes.
    """

    gene: str
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BitStep:
    """What the next wider or narrower width of a gene would change about networks of the front.

    Attributes:
        bits: Bits that the step adds, negative for ``narrower``; mean over the networks.
        n_networks: Networks of the front on which the step exists.
        accuracy: Predicted mean change.
        accuracy_sd: Standard deviation of that mean, from the model's uncertainty.
        costs: Exact mean change of each cost.
    """

    gene: str
    direction: Literal["wider", "narrower"]
    bits: float
    n_networks: int
    accuracy: float
    accuracy_sd: float
    costs: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictedPoint:
    """A network on the front as the model sees it.

    Attributes:
        number: Of its trial; ``None`` of a network without one.
        accuracy: Predicted, without the noise of a measurement.
    """

    number: int | None
    candidate_hash: str
    genes: Mapping[str, GeneValue]
    costs: Mapping[str, float]
    accuracy: float
    accuracy_sd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Of one search at one moment.

    Attributes:
        n_measured: Completed trials that the model was fitted to.
        seconds: How long it took.
        importance: The largest share first.
        bit_steps: In the order of importance; those for which time ran out are missing.
        front: The smallest first cost first.
    """

    n_measured: int
    made_at: datetime
    seconds: float
    importance: tuple[GeneImportance, ...]
    bit_steps: tuple[BitStep, ...]
    front: tuple[PredictedPoint, ...]


class ExplanationRepository(Protocol):
    """The newest explanation of each search; whoever keeps one holds the search's lock."""

    def keep(self, search_id: str, explanation: Explanation) -> None:
        """Store an explanation in place of the one before."""

    def find(self, search_id: str) -> Explanation | None:
        """Return a search's explanation, if it has one."""

    def n_measured(self, search_id: str) -> int:
        """Return how many trials a search's explanation rests on, 0 without one."""


def is_due(search: Search, explained: int, *, at_end: bool = False) -> bool:
    """Whether a search is to be explained again.

    Args:
        search: As of now.
        explained: Completed trials that its explanation rests on, 0 without one.
        at_end: Whether no ask will follow; then any new trial counts.
    """
    n_completed = search.trial_counts.get(TrialState.COMPLETED, 0)
    if search.strategy.name not in EXPLAINING_STRATEGIES or n_completed < MIN_EXPLAINED:
        return False
    return n_completed > explained if at_end else n_completed >= _GROWTH * max(1, explained)


def why_unexplained(search: Search) -> str:
    """Return why a search without an explanation has none."""
    if search.strategy.name not in EXPLAINING_STRATEGIES:
        return f"the strategy {search.strategy.name} fits no model"
    n_completed = search.trial_counts.get(TrialState.COMPLETED, 0)
    if n_completed < MIN_EXPLAINED:
        return f"{n_completed} of the {MIN_EXPLAINED} trials it takes have completed"
    return "it is made when the optimizer is asked next"
