"""States of searches and trials, and the only two tables of allowed transitions."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from search.errors import TransitionError


class SearchState(StrEnum):
    """``queued -> running <-> paused -> refining -> succeeded | failed | cancelled``.

    An end is left again only when the search is extended.
    """

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    REFINING = "refining"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class TrialState(StrEnum):
    """``queued -> running -> completed | stopped | failed | cancelled``; a lost lease re-queues."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    STOPPED = "stopped"
    FAILED = "failed"
    CANCELLED = "cancelled"


S, T = SearchState, TrialState

SEARCH_TRANSITIONS: Final[Mapping[SearchState, frozenset[SearchState]]] = MappingProxyType(
    {
        S.QUEUED: frozenset({S.RUNNING, S.PAUSED, S.FAILED, S.CANCELLED}),
        S.RUNNING: frozenset({S.PAUSED, S.REFINING, S.FAILED, S.CANCELLED}),
        S.PAUSED: frozenset({S.RUNNING, S.FAILED, S.CANCELLED}),
        S.REFINING: frozenset({S.RUNNING, S.SUCCEEDED, S.FAILED, S.CANCELLED}),
        S.SUCCEEDED: frozenset({S.RUNNING}),
        S.FAILED: frozenset({S.RUNNING}),
        S.CANCELLED: frozenset({S.RUNNING}),
    }
)

TRIAL_TRANSITIONS: Final[Mapping[TrialState, frozenset[TrialState]]] = MappingProxyType(
    {
        T.QUEUED: frozenset({T.RUNNING, T.FAILED, T.CANCELLED}),
        T.RUNNING: frozenset({T.COMPLETED, T.STOPPED, T.FAILED, T.CANCELLED, T.QUEUED}),
        T.COMPLETED: frozenset(),
        T.STOPPED: frozenset(),
        T.FAILED: frozenset(),
        T.CANCELLED: frozenset(),
    }
)

TERMINAL_SEARCH_STATES: Final = frozenset({S.SUCCEEDED, S.FAILED, S.CANCELLED})
"""Nothing happens by itself in these."""
TERMINAL_TRIAL_STATES: Final = frozenset(t for t, after in TRIAL_TRANSITIONS.items() if not after)


def check_search_transition(search_id: str, current: SearchState, proposed: SearchState) -> None:
    """Allow a search's state change.

    Raises:
        TransitionError: If the table does not hold it.
    """
    if proposed not in SEARCH_TRANSITIONS[current]:
        raise TransitionError("search", search_id, current, proposed)


def check_trial_transition(trial_id: str, current: TrialState, proposed: TrialState) -> None:
    """Allow a trial's state change.

    Raises:
        TransitionError: If the table does not hold it.
    """
    if proposed not in TRIAL_TRANSITIONS[current]:
        raise TransitionError("trial", trial_id, current, proposed)
