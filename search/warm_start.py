"""What a search may begin with: trials of others, candidates of a user, allocated widths."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from search_space.genes import GeneValue

MOST_LESSONS: Final = 1000
"""Trials of other searches that a model is taught, the newest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmStart:
    """What comes before anything is proposed.

    Attributes:
        searches: Ids of searches whose trials teach the model.
        candidates: Genes of candidates to evaluate first.
        allocate: How many candidates to make after those by allocating widths to layers.
    """

    searches: tuple[str, ...] = ()
    candidates: tuple[Mapping[str, GeneValue], ...] = ()
    allocate: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """A completed trial of another search.

    Attributes:
        genes: Its own, and the values that its space leaves no choice of.
        costs: Exact costs.
        mean_weight_bits: Over all stored weights.
        accuracy: As measured.
    """

    genes: Mapping[str, GeneValue]
    costs: Mapping[str, float]
    mean_weight_bits: float
    accuracy: float


def warm_start_of(fields: Mapping[str, Any]) -> WarmStart:
    """Return a warm start of its fields as JSON has them."""
    candidates: Sequence[Mapping[str, GeneValue]] = fields.get("candidates", ())
    return WarmStart(
        searches=tuple(fields.get("searches", ())),
        candidates=tuple(dict(candidate) for candidate in candidates),
        allocate=fields.get("allocate", 0),
    )
