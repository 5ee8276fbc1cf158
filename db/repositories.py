"""Repositories over one SQLAlchemy session; they return domain values, never rows."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final, TypeVar

from sqlalchemy import func, insert, inspect, or_, select, update
from sqlalchemy.orm import Session

from db.mappers import (
    changing_trial_columns,
    search_columns,
    to_artifact,
    to_event,
    to_facts,
    to_schedule,
    to_search,
    to_trial,
    trial_columns,
)
from db.tables import (
    ArtifactRow,
    Base,
    EventRow,
    FrontMemberRow,
    SearchRow,
    TrialRow,
)
from search.entities import Artifact, Event, Search, Trial, TrialFacts
from search.errors import NotFoundError
from search.states import TERMINAL_SEARCH_STATES, SearchState, TrialState
from search.store import Schedule

Row = TypeVar("Row", bound=Base)


def _row(session: Session, table: type[Row], kind: str, key: str, *, lock: bool = False) -> Row:
    # a session forgets rows that nobody holds, and would read them again to write them
    held: dict[tuple[type[Base], str], tuple[Row, bool]] = session.info
    row, locked = held.get((table, key), (None, False))
    if row is None or lock > locked:
        # a locked read must see what was committed while it waited, not what was read before
        row = session.get(table, key, with_for_update=lock or None, populate_existing=lock)
        if row is None:
            raise NotFoundError(kind, key)
        held[table, key] = row, lock
    return row


class SqlSearches:
    """Implements ``search.store.SearchRepository``; ``locked`` collects what it locks."""

    def __init__(self, session: Session, locked: set[str]) -> None:
        self._session = session
        self._locked = locked

    def add(self, search: Search) -> None:
        """Store a new search with an empty schedule."""
        self._session.add(SearchRow(**search_columns(search), **asdict(Schedule())))
        self._session.flush()
        self._locked.add(search.id)  # nobody else sees it before the commit

    def get(self, search_id: str) -> Search:
        """Return a search."""
        return to_search(_row(self._session, SearchRow, "search", search_id))

    def lock(self, search_id: str) -> Search:
        """Return a search, its row held until the transaction ends."""
        row = _row(self._session, SearchRow, "search", search_id, lock=True)
        self._locked.add(search_id)
        return to_search(row)

    def save(self, search: Search) -> None:
        """Write a search that exists."""
        row = _row(self._session, SearchRow, "search", search.id)
        for name, value in search_columns(search).items():
            setattr(row, name, value)

    def schedule(self, search_id: str) -> Schedule:
        """Return a search's schedule."""
        return to_schedule(_row(self._session, SearchRow, "search", search_id))

    def save_schedule(self, search_id: str, schedule: Schedule) -> None:
        """Write a search's schedule."""
        row = _row(self._session, SearchRow, "search", search_id)
        for name, value in asdict(schedule).items():
            setattr(row, name, value)

    def page(self, limit: int, before_id: str | None = None) -> list[Search]:
        """Return up to ``limit`` searches, newest first (ids sort by time)."""
        query = select(SearchRow).order_by(SearchRow.id.desc()).limit(limit)
        if before_id is not None:
            query = query.where(SearchRow.id < before_id)
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


_FACTS: Final = (
    TrialRow.id,
    TrialRow.number,
    TrialRow.state,
    TrialRow.genes,
    TrialRow.candidate_hash,
    TrialRow.costs,
    TrialRow.metrics,
)


class SqlTrials:
    """Implements ``search.store.TrialRepository``.

    A search's row counts its trials by state, so that no step of a long search counts them again;
    the search's lock keeps two transactions from counting on the same numbers.
    """

    def __init__(self, session: Session, locked: Collection[str]) -> None:
        self._session = session
        self._locked = locked

    def add(self, trial: Trial, rung_at: datetime | None = None) -> None:
        """Store a new trial."""
        row = TrialRow(**trial_columns(trial), rung_at=rung_at, on_front=False)
        self._session.add(row)
        self._count(trial.search_id, {str(trial.state): 1})
        self._session.flush()

    def get(self, trial_id: str) -> Trial:
        """Return a trial."""
        return to_trial(_row(self._session, TrialRow, "trial", trial_id))

    def search_of(self, trial_id: str) -> str:
        """Return the id of a trial's search."""
        query = select(TrialRow.search_id).where(TrialRow.id == trial_id)
        search_id = self._session.scalar(query)
        if search_id is None:
            raise NotFoundError("trial", trial_id)
        return search_id

    def lock(self, trial_id: str) -> Trial:
        """Return a trial, its row held until the transaction ends."""
        return to_trial(_row(self._session, TrialRow, "trial", trial_id, lock=True))

    def save(self, trial: Trial) -> None:
        """Write a trial that exists."""
        row = _row(self._session, TrialRow, "trial", trial.id)
        if row.state != trial.state:
            self._count(trial.search_id, {row.state: -1, str(trial.state): 1})
        for name, value in changing_trial_columns(trial).items():
            setattr(row, name, value)

    def _count(self, search_id: str, changes: Mapping[str, int]) -> None:
        if search_id not in self._locked:
            raise RuntimeError(f"search {search_id} must be locked before its trials change")
        row = _row(self._session, SearchRow, "search", search_id)
        counts = {state: row.trial_counts.get(state, 0) + n for state, n in changes.items()}
        merged = {**row.trial_counts, **counts}
        row.trial_counts = {state: n for state, n in merged.items() if n}

    def of_search(self, search_id: str) -> list[Trial]:
        """Return a search's trials by number."""
        query = select(TrialRow).where(TrialRow.search_id == search_id)
        return [to_trial(row) for row in self._session.scalars(query.order_by(TrialRow.number))]

    def queued(self, search_id: str) -> list[Trial]:
        """Return a search's trials that nobody has claimed, by number."""
        query = select(TrialRow).where(
            TrialRow.search_id == search_id, TrialRow.state == str(TrialState.QUEUED)
        )
        return [to_trial(row) for row in self._session.scalars(query.order_by(TrialRow.number))]

    def facts(self, search_id: str, after_event: int = 0) -> list[TrialFacts]:
        """Return the trials that the log names after an event, by number; all of them after 0."""
        query = select(*_FACTS).where(TrialRow.search_id == search_id).order_by(TrialRow.number)
        if after_event:
            named = select(EventRow.payload["trial_id"].as_string()).where(
                EventRow.search_id == search_id, EventRow.id > after_event
            )
            changed = {trial_id for trial_id in self._session.scalars(named) if trial_id}
            query = query.where(TrialRow.id.in_(changed))
        return [to_facts(row) for row in self._session.execute(query)]

    def known(self, search_id: str, candidate_hashes: Sequence[str]) -> set[str]:
        """Return which of these candidates the search has a trial of."""
        query = select(TrialRow.candidate_hash).where(
            TrialRow.search_id == search_id, TrialRow.candidate_hash.in_(candidate_hashes)
        )
        return set(self._session.scalars(query))

    def of_candidate(self, search_id: str, candidate_hash: str) -> list[Trial]:
        """Return a search's trials of one candidate, by number."""
        query = select(TrialRow).where(
            TrialRow.search_id == search_id, TrialRow.candidate_hash == candidate_hash
        )
        return [to_trial(row) for row in self._session.scalars(query.order_by(TrialRow.number))]

    def replicated(self, search_id: str) -> dict[str, list[float]]:
        """Return the accuracies of all trials of each replicated candidate, by its hash."""
        replicates = select(TrialRow.candidate_hash).where(
            TrialRow.search_id == search_id, TrialRow.replicate > 0
        )
        hashes = set(self._session.scalars(replicates))
        if not hashes:
            return {}
        query = select(TrialRow.candidate_hash, TrialRow.metrics).where(
            TrialRow.search_id == search_id,
            TrialRow.candidate_hash.in_(hashes),
            TrialRow.state == str(TrialState.COMPLETED),
        )
        accuracies: dict[str, list[float]] = {}
        for row in self._session.execute(query.order_by(TrialRow.number)):
            accuracies.setdefault(row.candidate_hash, []).append(row.metrics["accuracy"])
        return accuracies

    def page(
        self,
        search_id: str,
        limit: int,
        after_number: int = 0,
        state: TrialState | None = None,
    ) -> list[Trial]:
        """Return up to ``limit`` trials by number, those after ``after_number``."""
        query = select(TrialRow).where(
            TrialRow.search_id == search_id, TrialRow.number > after_number
        )
        if state is not None:
            query = query.where(TrialRow.state == str(state))
        query = query.order_by(TrialRow.number).limit(limit)
        return [to_trial(row) for row in self._session.scalars(query)]

    def front(self, search_id: str) -> list[Trial]:
        """Return the members of a search's front, smallest file first."""
        query = select(TrialRow).where(TrialRow.search_id == search_id, TrialRow.on_front)
        return _smallest_first(to_trial(row) for row in self._session.scalars(query))

    def front_facts(self, search_id: str) -> list[TrialFacts]:
        """Return the members of a search's front by number."""
        query = select(*_FACTS).where(TrialRow.search_id == search_id, TrialRow.on_front)
        # sorted here: asked to sort, SQLite walks along all numbers
        members = [to_facts(row) for row in self._session.execute(query)]
        return sorted(members, key=lambda member: member.number)

    def front_as_of(self, search_id: str, event_id: int) -> list[Trial]:
        """Return the members of a search's front right after an event, smallest file first."""
        stay = FrontMemberRow
        query = (
            select(TrialRow)
            .join(stay, stay.trial_id == TrialRow.id)
            .where(
                stay.search_id == search_id,
                stay.joined_event <= event_id,
                or_(stay.left_event.is_(None), stay.left_event > event_id),
            )
        )
        return _smallest_first(to_trial(row) for row in self._session.scalars(query))

    def join_front(self, trial: Trial, event_id: int) -> None:
        """Put a trial on the front as of an event."""
        _row(self._session, TrialRow, "trial", trial.id).on_front = True
        self._session.add(
            FrontMemberRow(
                search_id=trial.search_id,
                trial_id=trial.id,
                joined_event=event_id,
                left_event=None,
            )
        )
        self._session.flush()

    def leave_front(self, trial_id: str, event_id: int) -> None:
        """Take a trial off the front as of an event."""
        _row(self._session, TrialRow, "trial", trial_id).on_front = False
        self._session.execute(
            update(FrontMemberRow)
            .where(FrontMemberRow.trial_id == trial_id, FrontMemberRow.left_event.is_(None))
            .values(left_event=event_id)
        )
        self._session.flush()

    def holders(self) -> set[str]:
        """Return the ids of all workers that hold a trial, of whichever project."""
        # of the table, not of the class: this alone is not narrowed to a project (db.scoping)
        trials = inspect(TrialRow).local_table.c
        query = select(trials.worker_id).where(trials.state == str(TrialState.RUNNING))
        return {worker_id for worker_id in self._session.scalars(query) if worker_id}

    def expired(self, now: datetime) -> list[Trial]:
        """Return running trials whose lease ended before ``now``, search by search.

        Their searches are locked in this order, the same for every sweeper: no two of them can
        wait for each other.
        """
        query = select(TrialRow).where(
            TrialRow.state == str(TrialState.RUNNING), TrialRow.lease_expires_at < now
        )
        query = query.order_by(TrialRow.search_id, TrialRow.id)
        return [to_trial(row) for row in self._session.scalars(query)]

    def unclaimed(self, rung_before: datetime) -> list[Trial]:
        """Return queued trials of running searches, last rung before a time or never."""
        query = (
            select(TrialRow)
            .join(SearchRow, SearchRow.id == TrialRow.search_id)
            .where(
                SearchRow.state == str(SearchState.RUNNING),
                TrialRow.state == str(TrialState.QUEUED),
                or_(TrialRow.rung_at.is_(None), TrialRow.rung_at < rung_before),
            )
        )
        return [to_trial(row) for row in self._session.scalars(query.order_by(TrialRow.id))]

    def mark_rung(self, trial_ids: Sequence[str], now: datetime) -> None:
        """Note that workers were told about these trials."""
        self._session.execute(
            update(TrialRow).where(TrialRow.id.in_(trial_ids)).values(rung_at=now)
        )

    def ask_ring(self, trial_id: str) -> None:
        """Note that workers must be told about a trial again."""
        self._session.execute(update(TrialRow).where(TrialRow.id == trial_id).values(rung_at=None))


def _smallest_first(members: Iterable[Trial]) -> list[Trial]:
    return sorted(members, key=lambda trial: (trial.costs["size_bytes"], trial.number))


class SqlArtifacts:
    """Implements ``search.store.ArtifactRepository``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, artifact: Artifact) -> None:
        """Store a record."""
        self._session.add(ArtifactRow(**asdict(artifact)))
        self._session.flush()

    def get(self, artifact_id: str) -> Artifact:
        """Return a record."""
        return to_artifact(_row(self._session, ArtifactRow, "artifact", artifact_id))

    def of_trials(self, trial_ids: Sequence[str]) -> dict[str, Artifact]:
        """Return the records of these trials by trial id."""
        query = select(ArtifactRow).where(ArtifactRow.trial_id.in_(trial_ids))
        return {row.trial_id: to_artifact(row) for row in self._session.scalars(query)}


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
        row = EventRow(search_id=search_id, type=type_, at=at, payload=payload)
        self._session.add(row)
        self._session.flush()
        return row.id

    def append_all(
        self, search_id: str, type_: str, entries: Sequence[tuple[datetime, dict[str, Any]]]
    ) -> None:
        """Append several events of a type in their order."""
        self._check_locked(search_id)
        rows = [
            {"search_id": search_id, "type": type_, "at": at, "payload": payload}
            for at, payload in entries
        ]
        self._session.execute(insert(EventRow), rows)

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

    def of_types(
        self, search_id: str, types: Sequence[str], trial_id: str | None = None
    ) -> list[Event]:
        """Return all events of these types, of one trial where asked to, in order."""
        query = select(EventRow).where(EventRow.search_id == search_id, EventRow.type.in_(types))
        if trial_id is not None:
            query = query.where(EventRow.payload["trial_id"].as_string() == trial_id)
        return [to_event(row) for row in self._session.scalars(query.order_by(EventRow.id))]

    def last_id(self, search_id: str) -> int:
        """Return the id of the newest event, 0 without events."""
        query = select(func.max(EventRow.id)).where(EventRow.search_id == search_id)
        return self._session.scalar(query) or 0
