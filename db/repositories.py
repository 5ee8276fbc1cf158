"""Repositories over one SQLAlchemy session; they return domain values, never rows."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, Text, bindparam, cast, func, or_, select, update
from sqlalchemy.orm import Session

from db.lists import searches_query
from db.mappers import (
    search_columns,
    to_artifact,
    to_event,
    to_schedule,
    to_search,
)
from db.rows import change_row, fetch, held_row, insert_row, insert_rows
from db.tables import (
    ArtifactRow,
    DatasetRow,
    EventRow,
    SearchRow,
)
from search.entities import Artifact, Event, Search
from search.event_log import LogMark
from search.filters import ALL_SEARCHES, NEWEST_FIRST, SearchFilter, SearchOrder
from search.growth import task_key
from search.states import TERMINAL_SEARCH_STATES, SearchState
from search.store import Schedule


class SqlSearches:
    """Implements ``search.store.SearchRepository``; ``locked`` collects what it locks."""

    def __init__(self, session: Session, locked: set[str]) -> None:
        self._session = session
        self._locked = locked

    def add(self, search: Search) -> None:
        """Store a new search with an empty schedule."""
        key = task_key(
            dataset=self._data(search),
            space=search.space,
            objectives=search.objectives,
            budgets=search.budgets,
            ref_point=search.ref_point,
            hardware_sha256=None if search.hardware is None else search.hardware.sha256,
        )
        self._session.add(SearchRow(**search_columns(search), **asdict(Schedule()), task_key=key))
        self._session.flush()
        self._locked.add(search.id)  # nobody else sees it before the commit

    def _data(self, search: Search) -> str:
        """Return what names the data of a search for good: of an uploaded data set its hash."""
        if search.dataset_id is None:
            return search.dataset
        query = select(DatasetRow.sha256).where(DatasetRow.id == search.dataset_id)
        return self._session.scalars(query).one()

    def get(self, search_id: str) -> Search:
        """Return a search."""
        return to_search(held_row(self._session, SearchRow, "search", search_id))

    def lock(self, search_id: str) -> Search:
        """Return a search, its row held until the transaction ends."""
        row = held_row(self._session, SearchRow, "search", search_id, lock=True)
        self._locked.add(search_id)
        return to_search(row)

    def save(self, search: Search) -> None:
        """Write a search that exists, but for what follows from its trials' changes."""
        change_row(self._session, SearchRow, "search", search.id, search_columns(search))

    def add_compute_seconds(self, search_id: str, seconds: float) -> None:
        """Count the seconds of a hold that has ended."""
        row = held_row(self._session, SearchRow, "search", search_id)
        total = row.compute_seconds + seconds
        change_row(self._session, SearchRow, "search", search_id, {"compute_seconds": total})

    def schedule(self, search_id: str) -> Schedule:
        """Return a search's schedule."""
        return to_schedule(held_row(self._session, SearchRow, "search", search_id))

    def schedules(self, search_ids: Collection[str]) -> dict[str, Schedule]:
        """Return the schedules of these searches by id."""
        query = select(SearchRow).where(SearchRow.id.in_(search_ids))
        return {row.id: to_schedule(row) for row in self._session.scalars(query)}

    def save_schedule(self, search_id: str, schedule: Schedule) -> None:
        """Write a search's schedule."""
        change_row(self._session, SearchRow, "search", search_id, asdict(schedule))

    def page(
        self,
        limit: int,
        after_id: str | None = None,
        kept: SearchFilter = ALL_SEARCHES,
        order: SearchOrder = NEWEST_FIRST,
    ) -> list[Search]:
        """Return up to ``limit`` searches, those after a search where it stands now."""
        query = searches_query(kept, order, after_id).limit(limit)
        return [to_search(row) for row in self._session.scalars(query)]

    def unfinished(self, rung_before: datetime) -> list[Search]:
        """Return searches at work that were last rung before a time, or never."""
        waiting = set(SearchState) - TERMINAL_SEARCH_STATES - {SearchState.PAUSED}
        query = select(SearchRow).where(
            SearchRow.state.in_(sorted(waiting)),
            or_(SearchRow.rung_at.is_(None), SearchRow.rung_at < rung_before),
        )
        return [to_search(row) for row in self._session.scalars(query.order_by(SearchRow.id))]

    def mark_rung(self, search_ids: Sequence[str], now: datetime) -> None:
        """Note that workers were told about these searches."""
        self._set_rung(search_ids, now)

    def ask_ring(self, search_id: str) -> None:
        """Note that workers must be told about a search again."""
        self._set_rung([search_id], None)

    def _set_rung(self, search_ids: Sequence[str], at: datetime | None) -> None:
        self._session.execute(
            update(SearchRow).where(SearchRow.id.in_(search_ids)).values(rung_at=at)
        )


class SqlArtifacts:
    """Implements ``search.store.ArtifactRepository``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, artifact: Artifact) -> None:
        """Store a record."""
        insert_row(self._session, ArtifactRow, asdict(artifact))

    def get(self, artifact_id: str) -> Artifact:
        """Return a record."""
        return to_artifact(held_row(self._session, ArtifactRow, "artifact", artifact_id))

    def of_trials(self, trial_ids: Sequence[str]) -> dict[str, Artifact]:
        """Return the records of these trials by trial id."""
        query = select(ArtifactRow).where(ArtifactRow.trial_id.in_(trial_ids))
        return {row.trial_id: to_artifact(row) for row in self._session.scalars(query)}


_NAMED: Final = select(EventRow.id, EventRow.trial_id).where(
    EventRow.search_id == bindparam("search_id"), EventRow.id > bindparam("after")
)

_TYPES: Final = (
    select(EventRow.id, EventRow.type)
    .where(EventRow.search_id == bindparam("search_id"), EventRow.id > bindparam("after"))
    .order_by(EventRow.id)
    .limit(bindparam("most"))
)


_OWN_NUMBER: Final = select(cast(cast(func.pg_current_xact_id(), Text), BigInteger))
_OLDEST_AT_WORK: Final = select(
    cast(cast(func.pg_snapshot_xmin(func.pg_current_snapshot()), Text), BigInteger)
)
"""Every transaction with a lower number has ended, for this one to see [PostgreSQL, table 9.80]."""


class SqlEvents:
    """Implements ``search.store.EventRepository``.

    An id is drawn when the row is inserted, so two transactions could commit in the other order
    and a reader between them would skip one for ever. The search's lock, held from before the
    insert until the commit, makes the order of ids the order of commits.
    """

    def __init__(self, session: Session, locked: Collection[str]) -> None:
        self._session = session
        self._locked = locked

    def append(self, search_id: str, type_: str, at: datetime, payload: dict[str, Any]) -> int:
        """Append an event and return its id."""
        self._check_locked(search_id)
        event_id: int = insert_row(
            self._session, EventRow, _event_columns(search_id, type_, at, payload)
        )
        return event_id

    def append_all(
        self, search_id: str, type_: str, entries: Sequence[tuple[datetime, dict[str, Any]]]
    ) -> None:
        """Append several events of a type in their order."""
        self._check_locked(search_id)
        rows = [_event_columns(search_id, type_, at, payload) for at, payload in entries]
        insert_rows(self._session, EventRow, rows)

    def _check_locked(self, search_id: str) -> None:
        if search_id not in self._locked:
            raise RuntimeError(f"search {search_id} must be locked before its log is written")

    def after(self, search_id: str, event_id: int, limit: int) -> list[Event]:
        """Return up to ``limit`` events after ``event_id``, in order."""
        query = (
            select(EventRow)
            .where(EventRow.search_id == search_id, EventRow.id > event_id)
            .order_by(EventRow.id)
            .limit(limit)
        )
        return [to_event(row) for row in self._session.scalars(query)]

    def named_after(self, search_id: str, event_id: int) -> tuple[int, set[str]]:
        """Return the id of the newest event, and which trials those after ``event_id`` name."""
        rows = fetch(self._session, _NAMED, search_id=search_id, after=event_id).all()
        newest = max((row.id for row in rows), default=event_id)
        return newest, {row.trial_id for row in rows if row.trial_id}

    def types_after(self, search_id: str, event_id: int, limit: int) -> list[tuple[int, str]]:
        """Return id and type of up to ``limit`` events after ``event_id``, in order."""
        asked = {"search_id": search_id, "after": event_id, "most": limit}
        return [(row.id, row.type) for row in fetch(self._session, _TYPES, **asked)]

    def of_types(
        self, search_id: str, types: Sequence[str], trial_id: str | None = None
    ) -> list[Event]:
        """Return all events of these types, of one trial where asked to, in order."""
        query = select(EventRow).where(EventRow.search_id == search_id, EventRow.type.in_(types))
        if trial_id is not None:
            query = query.where(EventRow.trial_id == trial_id)
        return [to_event(row) for row in self._session.scalars(query.order_by(EventRow.id))]

    def last_id(self, search_id: str) -> int:
        """Return the id of the newest event, 0 without events."""
        query = select(func.max(EventRow.id)).where(EventRow.search_id == search_id)
        return self._session.scalar(query) or 0

    def newest(self) -> int:
        """Return the id of the newest event of all projects, 0 without events."""
        # of the table, which no project narrows: to look for the newest of one could take long
        return self._session.scalar(select(func.max(EventRow.__table__.c.id))) or 0

    def mark(self, after: int) -> LogMark | None:
        """Return where the log of all searches ends now; ``None`` if nothing is after ``after``."""
        newest = self.newest()
        if newest <= after:
            return None
        # drawn after what this transaction sees: whoever had drawn an id by then held a search's
        # lock, and so has a lower number
        number = self._session.scalar(_OWN_NUMBER) if self._may_reorder() else 0
        return LogMark(newest, number or 0)

    def settled(self, mark: LogMark) -> bool:
        """Whether this transaction sees every event up to a mark that an earlier one has made."""
        oldest = self._session.scalar(_OLDEST_AT_WORK) if self._may_reorder() else None
        return oldest is None or oldest >= mark.transaction

    def of_all(
        self,
        after: int,
        up_to: int,
        limit: int,
        *,
        search_ids: Collection[str] = (),
        types: Collection[str] = (),
    ) -> list[tuple[str, Event]]:
        """Return up to ``limit`` events with ``after < id <= up_to`` by id, and their projects."""
        query = (
            select(EventRow, SearchRow.project_id)
            .join(SearchRow, SearchRow.id == EventRow.search_id)
            .where(EventRow.id > after, EventRow.id <= up_to)
        )
        if search_ids:
            query = query.where(EventRow.search_id.in_(search_ids))
        if types:
            query = query.where(EventRow.type.in_(types))
        rows = self._session.execute(query.order_by(EventRow.id).limit(limit))
        return [(project, to_event(row)) for row, project in rows]

    def _may_reorder(self) -> bool:
        # SQLite has one writer at a time, so that ids rise in the order of commits
        return self._session.get_bind().dialect.name != "sqlite"


def _event_columns(
    search_id: str, type_: str, at: datetime, payload: dict[str, Any]
) -> dict[str, Any]:
    trial_id = payload.get("trial_id")
    return {
        "search_id": search_id,
        "type": type_,
        "at": at,
        "trial_id": trial_id,
        "payload": payload,
    }
