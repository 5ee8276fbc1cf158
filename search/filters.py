"""What a list of searches or trials may leave out, and how trials are sorted."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from search.states import SearchState, TrialState

SearchKey = Literal[
    "created_at", "updated_at", "name", "best_accuracy", "smallest_bytes", "compute_seconds"
]
TrialKey = Literal["number", "size_bytes", "accuracy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchFilter:
    """Keeps what meets every condition that is given.

    Attributes:
        states: Any of these; empty keeps all.
        name: A part of the name, in whatever case.
        created_after: Inclusive.
        created_before: Exclusive.
        comparable_with: Id of a search: those with its ``search.growth.task_key``, but not itself.
    """

    states: frozenset[SearchState] = frozenset()
    dataset: str | None = None
    name: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    comparable_with: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchOrder:
    """Ties go by id, the way of the order; searches without a value come last, whichever way."""

    key: SearchKey = "created_at"
    descending: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialFilter:
    """Keeps what meets every condition that is given; bounds are inclusive.

    A trial without an accuracy meets no bound on it.
    """

    states: frozenset[TrialState] = frozenset()
    outcome: str | None = None
    on_front: bool | None = None
    min_size_bytes: int | None = None
    max_size_bytes: int | None = None
    min_accuracy: float | None = None
    max_accuracy: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialOrder:
    """Ties go by number; trials without a value come last, whichever way."""

    key: TrialKey = "number"
    descending: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialPosition:
    """The last trial of a page, in some order; ``value`` is its key's."""

    value: float | None
    number: int


ALL_SEARCHES = SearchFilter()
ALL_TRIALS = TrialFilter()
NEWEST_FIRST = SearchOrder()
BY_NUMBER = TrialOrder()
