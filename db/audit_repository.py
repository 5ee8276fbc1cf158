"""The audit log in SQL."""

from dataclasses import asdict

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.access_tables import AuditRow
from search.audit import AuditEntry, AuditFilter


class SqlAudit:
    """Implements ``search.audit.AuditRepository``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, entry: AuditEntry) -> None:
        """Store a new entry."""
        self._session.add(AuditRow(**asdict(entry)))
        self._session.flush()

    def page(
        self, wanted: AuditFilter, limit: int, before_id: str | None = None
    ) -> list[AuditEntry]:
        """Return up to ``limit`` entries, newest first."""
        query = select(AuditRow).order_by(AuditRow.id.desc()).limit(limit)
        if before_id is not None:
            query = query.where(AuditRow.id < before_id)
        for column, value in (
            (AuditRow.user, wanted.user),
            (AuditRow.operation, wanted.operation),
            (AuditRow.object_id, wanted.object_id),
        ):
            if value is not None:
                query = query.where(column == value)
        if wanted.after is not None:
            query = query.where(AuditRow.at >= wanted.after)
        if wanted.before is not None:
            query = query.where(AuditRow.at < wanted.before)
        return [_to_entry(row) for row in self._session.scalars(query)]


def _to_entry(row: AuditRow) -> AuditEntry:
    return AuditEntry(
        id=row.id,
        project_id=row.project_id,
        at=row.at,
        user=row.user,
        key_id=row.key_id,
        operation=row.operation,
        object_id=row.object_id,
        status=row.status,
        request_id=row.request_id,
    )
