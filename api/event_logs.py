"""The logs that streams follow: that of one search, and that of all searches."""

from dataclasses import dataclass
from typing import Final, Protocol

from fastapi.sse import format_sse_event

from api.mapping import event_to_wire
from search.entities import Event, Search
from search.errors import StoreBusyError
from search.settled_log import SettledLog
from search.states import TERMINAL_SEARCH_STATES, TrialState
from search.store import Store

BATCH: Final = 500
"""Events read at once; a long replay is sent in several reads."""
_SETTLING_S: Final = 0.1
"""Between two questions whether a mark is settled."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An event, encoded once for all who follow.

    Attributes:
        event: What happened.
        project_id: Whose search it is; empty in the log of one search, whose readers are all its
            project's.
        message: The event in wire format.
    """

    event: Event
    project_id: str
    message: bytes


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at the database finds.

    Attributes:
        entries: What has happened, by id.
        newest: From where the next look goes on.
        over: The search, if it is seen that nothing can follow.
    """

    entries: tuple[Entry, ...]
    newest: int
    over: Search | None = None


class Log(Protocol):
    """Something that is followed; its methods read the database, so they are called in threads."""

    @property
    def name(self) -> str:
        """Logs of one name are the same."""

    def newest(self) -> int:
        """Return from where to follow; raises ``StoreBusyError`` while nobody can tell."""

    def look(self, after: int) -> Look:
        """Return what comes after an event."""


class SearchLog:
    """The log of a search that exists."""

    def __init__(self, store: Store, search_id: str) -> None:
        self._store = store
        self._search_id = search_id

    @property
    def name(self) -> str:
        """The search's id."""
        return self._search_id

    def newest(self) -> int:
        """Return the id of its last event."""
        with self._store.read() as uow:
            return uow.events.last_id(self._search_id)

    def look(self, after: int) -> Look:
        """Return what comes after an event."""
        with self._store.read() as uow:  # one snapshot: a search seen as over has no later events
            events = uow.events.after(self._search_id, after, BATCH)
            search = uow.searches.get(self._search_id)
        newest = events[-1].id if events else after
        over = search if not events and is_over(search) else None
        return Look(tuple(entry(event) for event in events), newest, over)


class WholeLog:
    """The log of all searches of all projects, as far as no event can appear within it any more.

    Two transactions may commit in another order than that in which their events drew ids. So what
    is new is passed on only when every transaction that was at work then has ended (ADR 14).

    Args:
        store: Of all projects; who may read what is decided by whoever follows.
    """

    name = "all searches"

    def __init__(self, store: Store) -> None:
        self._store = store
        self._settled = SettledLog(store)

    def newest(self) -> int:
        """Return the id of the newest event before which nothing is missing.

        Raises:
            StoreBusyError: While a transaction that may bring an earlier one is at work.
        """
        settled = self._settled.up_to(0)
        if settled is None and self._settled.waits:
            raise StoreBusyError("a transaction is at work", retry_after_s=_SETTLING_S)
        return settled or 0

    def look(self, after: int) -> Look:
        """Return what comes after an event and is settled."""
        up_to = self._settled.up_to(after)
        if up_to is None:
            return Look((), after)
        with self._store.read() as uow:
            found = uow.events.of_all(after, up_to, BATCH)
        if len(found) == BATCH:
            up_to = found[-1][1].id
        return Look(tuple(entry(event, project) for project, event in found), up_to)


def is_over(search: Search) -> bool:
    """Whether no event can follow."""
    counts = search.trial_counts
    active = counts.get(TrialState.QUEUED, 0) + counts.get(TrialState.RUNNING, 0)
    # after a cancel, running trials still report their end
    return search.state in TERMINAL_SEARCH_STATES and not active


def entry(event: Event, project_id: str = "") -> Entry:
    """Return an event with its message."""
    data = event_to_wire(event).model_dump_json()
    message = format_sse_event(data_str=data, event=event.type, id=str(event.id))
    return Entry(event, project_id, message)
