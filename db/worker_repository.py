"""The registry of worker processes."""

from collections.abc import Container, Iterable
from dataclasses import asdict, replace
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from db.mappers import to_worker
from db.scoping import project_of
from db.tables import DepartureRow, SearchRow, TrialRow, WorkerRow
from search.access import ELSEWHERE
from search.entities import Worker


class SqlWorkers:
    """Implements ``search.store.WorkerRepository``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def seen(self, worker: Worker) -> None:
        """Insert or replace a worker's row."""
        self._session.merge(WorkerRow(**asdict(worker)))
        self._session.flush()

    def gone(self, worker_id: str) -> None:
        """Remove a worker's row, if there is one, and note when its kind was last seen."""
        row = self._session.get(WorkerRow, worker_id)
        if row is None:
            return
        never_or_before = or_(
            DepartureRow.last_seen_at.is_(None), DepartureRow.last_seen_at < row.last_seen_at
        )
        self._session.execute(
            update(DepartureRow)
            .where(DepartureRow.kind == row.kind, never_or_before)
            .values(last_seen_at=row.last_seen_at)
        )
        self._session.delete(row)
        self._session.flush()

    def all(self) -> list[Worker]:
        """Return every worker, by id."""
        query = select(WorkerRow).order_by(WorkerRow.id)
        workers = [to_worker(row) for row in self._session.scalars(query)]
        if project_of(self._session) is None:
            return workers
        # all projects share the workers, but not what these work on
        trials = self._seen(TrialRow.id, [worker.trial_id for worker in workers])
        searches = self._seen(SearchRow.id, [worker.search_id for worker in workers])
        return [
            replace(
                worker,
                trial_id=_masked(worker.trial_id, trials),
                search_id=_masked(worker.search_id, searches),
            )
            for worker in workers
        ]

    def _seen(self, column: InstrumentedAttribute[str], ids: Iterable[str | None]) -> set[str]:
        """Return those of the ids that this session's project has."""
        held = [each for each in ids if each is not None]
        return set(self._session.scalars(select(column).where(column.in_(held)))) if held else set()

    def departures(self) -> dict[str, datetime]:
        """Return when the last worker of each kind that has left was seen."""
        rows = self._session.scalars(select(DepartureRow))
        return {row.kind: row.last_seen_at for row in rows if row.last_seen_at is not None}


def _masked(held: str | None, seen: Container[str]) -> str | None:
    return held if held is None or held in seen else ELSEWHERE
