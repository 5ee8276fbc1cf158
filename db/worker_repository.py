"""The registry of worker processes."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from db.mappers import to_worker
from db.tables import DepartureRow, WorkerRow
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
        return [to_worker(row) for row in self._session.scalars(query)]

    def departures(self) -> dict[str, datetime]:
        """Return when the last worker of each kind that has left was seen."""
        rows = self._session.scalars(select(DepartureRow))
        return {row.kind: row.last_seen_at for row in rows if row.last_seen_at is not None}
