"""The logs of searches, as the use cases and the streams see them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from search.entities import Event


@dataclass(frozen=True, slots=True)
class LogMark:
    """A place in the log of all searches, before which no event may appear any more one day.

    Attributes:
        newest: Id of the newest event that could be seen.
        transaction: Every transaction that may still bring an event before it is older than this.
    """

    newest: int
    transaction: int


class EventRepository(Protocol):
    """The log of each search; ids rise in the order of commits within a search.

    Whoever appends holds the search's lock, so a reader that resumes after an id misses nothing.
    Over all searches a lower id may be committed after a higher one: ``mark`` and ``settled`` say
    up to where nothing can be missed.
    """

    def append(self, search_id: str, type_: str, at: datetime, payload: dict[str, Any]) -> int:
        """Append an event and return its id.

        Raises:
            RuntimeError: If this unit of work neither locked nor added the search.
        """

    def append_all(
        self, search_id: str, type_: str, entries: Sequence[tuple[datetime, dict[str, Any]]]
    ) -> None:
        """Append several events of a type in their order; raises what ``append`` raises."""

    def after(self, search_id: str, event_id: int, limit: int) -> list[Event]:
        """Return up to ``limit`` events after ``event_id``, in order."""

    def of_types(
        self, search_id: str, types: Sequence[str], trial_id: str | None = None
    ) -> list[Event]:
        """Return all events of these types, of one trial where asked to, in order."""

    def named_after(self, search_id: str, event_id: int) -> tuple[int, set[str]]:
        """Return the id of the newest event, and which trials those after ``event_id`` name."""

    def types_after(self, search_id: str, event_id: int, limit: int) -> list[tuple[int, str]]:
        """Return id and type of up to ``limit`` events after ``event_id``, in order."""

    def last_id(self, search_id: str) -> int:
        """Return the id of the newest event, 0 without events."""

    def newest(self) -> int:
        """Return the id of the newest event of all projects, 0 without events."""

    def mark(self, after: int) -> LogMark | None:
        """Return where the log of all searches ends now; ``None`` if nothing is after ``after``."""

    def settled(self, mark: LogMark) -> bool:
        """Whether this transaction sees every event up to a mark that an earlier one has made."""

    def of_all(
        self,
        after: int,
        up_to: int,
        limit: int,
        *,
        search_ids: Collection[str] = (),
        types: Collection[str] = (),
    ) -> list[tuple[str, Event]]:
        """Return up to ``limit`` events with ``after < id <= up_to`` by id, and their projects.

        Args:
            after: Id of the last event the caller has.
            up_to: Newest id of a mark that is settled.
            limit: How many at most.
            search_ids: Only events of these searches; without any, of all.
            types: Only events of these types; without any, of all.
        """
