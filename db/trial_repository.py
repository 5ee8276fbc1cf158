"""The trials of one SQLAlchemy session, as domain values."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Text, and_, bindparam, cast, inspect, or_, select, update
from sqlalchemy.orm import Session

from db.lists import trials_query
from db.mappers import changing_trial_columns, to_facts, to_trial, trial_columns
from db.rows import change_row, fetch, held_row, insert_row
from db.tables import FrontMemberRow, SearchRow, TrialRow
from search.entities import Trial, TrialFacts
from search.errors import NotFoundError
from search.filters import ALL_TRIALS, BY_NUMBER, TrialFilter, TrialOrder, TrialPosition
from search.lineage import MeasuredTrial
from search.states import SearchState, TrialState

_AT_ONCE: Final = 200
_FACTS: Final = (
    TrialRow.id,
    TrialRow.number,
    TrialRow.state,
    TrialRow.genes,
    TrialRow.candidate_hash,
    TrialRow.costs,
    TrialRow.metrics,
)
_OF_SEARCH: Final = TrialRow.search_id == bindparam("search_id")
_SEARCH_OF: Final = select(TrialRow.search_id).where(TrialRow.id == bindparam("trial_id"))
_ALL_FACTS: Final = select(*_FACTS).where(_OF_SEARCH).order_by(TrialRow.number)
_SOME_FACTS: Final = _ALL_FACTS.where(TrialRow.id.in_(bindparam("ids", expanding=True)))
# by the stays: for ``on_front`` SQLite takes a longer index, and walks along all of the search
_STANDS: Final = and_(
    FrontMemberRow.search_id == bindparam("search_id"), FrontMemberRow.left_event.is_(None)
)
_STAYS: Final = FrontMemberRow.trial_id == TrialRow.id
_FRONT: Final = select(*_FACTS).join(FrontMemberRow, _STAYS).where(_STANDS)
_FRONT_TRIALS: Final = select(TrialRow).join(FrontMemberRow, _STAYS).where(_STANDS)
_MEASURED_BY: Final = select(
    TrialRow.id,
    TrialRow.number,
    cast(TrialRow.genes, Text).label("genes_json"),
    TrialRow.size_bytes,
    TrialRow.accuracy,
).where(
    _OF_SEARCH,
    TrialRow.state == str(TrialState.COMPLETED),
    TrialRow.finished_at <= bindparam("moment"),
)
_KNOWN: Final = select(TrialRow.candidate_hash).where(
    _OF_SEARCH, TrialRow.candidate_hash.in_(bindparam("hashes", expanding=True))
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
        columns = {**trial_columns(trial), "rung_at": rung_at, "on_front": False}
        insert_row(self._session, TrialRow, columns)
        self._count(trial.search_id, {str(trial.state): 1})

    def get(self, trial_id: str) -> Trial:
        """Return a trial."""
        return to_trial(held_row(self._session, TrialRow, "trial", trial_id))

    def search_of(self, trial_id: str) -> str:
        """Return the id of a trial's search."""
        search_id: str | None = fetch(self._session, _SEARCH_OF, trial_id=trial_id).scalar()
        if search_id is None:
            raise NotFoundError("trial", trial_id)
        return search_id

    def lock(self, trial_id: str) -> Trial:
        """Return a trial, its row held until the transaction ends."""
        return to_trial(held_row(self._session, TrialRow, "trial", trial_id, lock=True))

    def save(self, trial: Trial) -> None:
        """Write a trial that exists."""
        row = held_row(self._session, TrialRow, "trial", trial.id)
        if row.state != trial.state:
            self._count(trial.search_id, {row.state: -1, str(trial.state): 1})
        change_row(self._session, TrialRow, "trial", trial.id, changing_trial_columns(trial))

    def _count(self, search_id: str, changes: Mapping[str, int]) -> None:
        if search_id not in self._locked:
            raise RuntimeError(f"search {search_id} must be locked before its trials change")
        row = held_row(self._session, SearchRow, "search", search_id)
        counts = {state: row.trial_counts.get(state, 0) + n for state, n in changes.items()}
        merged = {**row.trial_counts, **counts}
        kept = {state: n for state, n in merged.items() if n}
        change_row(self._session, SearchRow, "search", search_id, {"trial_counts": kept})

    def of_search(self, search_id: str) -> list[Trial]:
        """Return a search's trials by number."""
        query = select(TrialRow).where(TrialRow.search_id == search_id)
        return [to_trial(row) for row in self._session.scalars(query.order_by(TrialRow.number))]

    def queued(self, search_id: str) -> list[Trial]:
        """Return a search's trials that nobody has claimed, by number."""
        query = select(TrialRow).where(
            TrialRow.search_id == search_id, TrialRow.state == str(TrialState.QUEUED)
        )
        return _by_number(to_trial(row) for row in self._session.scalars(query))

    def held_since(self, search_id: str) -> list[datetime]:
        """Return since when each of a search's running trials is held."""
        query = select(TrialRow.held_since).where(
            TrialRow.search_id == search_id,
            TrialRow.state == str(TrialState.RUNNING),
            TrialRow.held_since.is_not(None),
        )
        return [since for since in self._session.scalars(query) if since]

    def facts(self, search_id: str, trial_ids: Collection[str] | None = None) -> list[TrialFacts]:
        """Return a search's trials by number; only some of them where ids are given."""
        if trial_ids is None:
            rows = fetch(self._session, _ALL_FACTS, search_id=search_id)
        else:
            rows = fetch(self._session, _SOME_FACTS, search_id=search_id, ids=list(trial_ids))
        return [to_facts(row) for row in rows]

    def known(self, search_id: str, candidate_hashes: Sequence[str]) -> set[str]:
        """Return which of these candidates the search has a trial of."""
        hashes = list(candidate_hashes)
        return set(fetch(self._session, _KNOWN, search_id=search_id, hashes=hashes).scalars())

    def of_candidate(self, search_id: str, candidate_hash: str) -> list[Trial]:
        """Return a search's trials of one candidate, by number."""
        query = select(TrialRow).where(
            TrialRow.search_id == search_id, TrialRow.candidate_hash == candidate_hash
        )
        return _by_number(to_trial(row) for row in self._session.scalars(query))

    def measured_by(self, search_id: str, moment: datetime) -> Iterator[MeasuredTrial]:
        """Yield a search's trials that had completed by then."""
        # a few at a time: thousands of trials with their genes would be much to hold
        found = fetch(self._session, _MEASURED_BY, search_id=search_id, moment=moment)
        for row in found.yield_per(_AT_ONCE):
            yield MeasuredTrial(
                id=row.id,
                number=row.number,
                genes_json=row.genes_json,
                size_bytes=row.size_bytes,
                accuracy=row.accuracy,
            )

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
        after: TrialPosition | None = None,
        *,
        kept: TrialFilter = ALL_TRIALS,
        order: TrialOrder = BY_NUMBER,
    ) -> list[Trial]:
        """Return up to ``limit`` trials, those after a position."""
        query = trials_query(search_id, kept, order, after).limit(limit)
        return [to_trial(row) for row in self._session.scalars(query)]

    def front(self, search_id: str) -> list[Trial]:
        """Return the members of a search's front, smallest file first."""
        rows = self._session.scalars(_FRONT_TRIALS, {"search_id": search_id})
        return _smallest_first(to_trial(row) for row in rows)

    def front_facts(self, search_id: str) -> list[TrialFacts]:
        """Return the members of a search's front by number."""
        members = [to_facts(row) for row in fetch(self._session, _FRONT, search_id=search_id)]
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
        change_row(self._session, TrialRow, "trial", trial.id, {"on_front": True})
        stay = {"search_id": trial.search_id, "trial_id": trial.id, "joined_event": event_id}
        insert_row(self._session, FrontMemberRow, stay)

    def leave_front(self, trial_id: str, event_id: int) -> None:
        """Take a trial off the front as of an event."""
        change_row(self._session, TrialRow, "trial", trial_id, {"on_front": False})
        self._session.execute(
            update(FrontMemberRow)
            .where(FrontMemberRow.trial_id == trial_id, FrontMemberRow.left_event.is_(None))
            .values(left_event=event_id)
        )

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

    def needy(self) -> list[Trial]:
        """Return queued trials of running searches that ask something of their worker."""
        query = (
            select(TrialRow)
            .join(SearchRow, SearchRow.id == TrialRow.search_id)
            .where(
                SearchRow.state == str(SearchState.RUNNING),
                TrialRow.state == str(TrialState.QUEUED),
                TrialRow.needs.is_not(None),
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


def _by_number(trials: Iterable[Trial]) -> list[Trial]:
    # sorted here: asked to sort, SQLite walks along all numbers of the search
    return sorted(trials, key=lambda trial: trial.number)


def _smallest_first(members: Iterable[Trial]) -> list[Trial]:
    return sorted(members, key=lambda trial: (trial.costs["size_bytes"], trial.number))
