"""What may go, by what the rows say."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from db.access_tables import AuditRow, SessionRow
from db.tables import ArtifactRow, DatasetRow, EventRow, ModelRow, SearchRow, TrialLogRow, TrialRow
from db.webhook_tables import DeliveryRow
from search.states import TERMINAL_TRIAL_STATES

FILE_ADDRESSES: Final = (
    ArtifactRow.sha256,
    ModelRow.weights_sha256,
    DatasetRow.file_sha256,
    DatasetRow.samples_sha256,
)
"""Every column that holds the address of a file in the artifact store."""
_AT_ONCE: Final = 500


class SqlLeftovers:
    """Implements ``search.retention.LeftoverRepository``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def referenced(self, sha256s: Collection[str]) -> set[str]:
        """Return which of these addresses a row refers to."""
        found: set[str] = set()
        for some in _parts(sha256s):
            for column in FILE_ADDRESSES:
                found.update(self._session.scalars(select(column).where(column.in_(some))))
        return found

    def in_work(self, trial_ids: Collection[str]) -> set[str]:
        """Return which of these trials have not ended."""
        ended = [str(state) for state in TERMINAL_TRIAL_STATES]
        found: set[str] = set()
        for some in _parts(trial_ids):
            query = select(TrialRow.id).where(TrialRow.id.in_(some), TrialRow.state.not_in(ended))
            found.update(self._session.scalars(query))
        return found

    def logs(self, ended_before: datetime, *, remove: bool) -> tuple[int, int]:
        """Count, and remove where asked to, logs of trials; returns entries and bytes."""
        ended = select(TrialRow.id).where(TrialRow.finished_at < ended_before)
        old = TrialLogRow.trial_id.in_(ended)
        query = select(func.count(), func.coalesce(func.sum(TrialLogRow.n_bytes), 0)).where(old)
        n, size = self._session.execute(query).one()
        if remove and n:
            self._remove(delete(TrialLogRow).where(old))
        return n, size

    def epochs(self, ended_before: datetime, *, remove: bool) -> int:
        """Count, and remove where asked to, reports of epochs of ended searches."""
        ended = select(SearchRow.id).where(SearchRow.finished_at < ended_before)
        old = (EventRow.type == "trial.progress", EventRow.search_id.in_(ended))
        n = self._session.scalar(select(func.count()).select_from(EventRow).where(*old)) or 0
        if remove and n:
            self._remove(delete(EventRow).where(*old))
        return n

    def sessions(self, expired_before: datetime, *, remove: bool) -> int:
        """Count, and remove where asked to, sessions of browsers that had expired."""
        old = SessionRow.expires_at < expired_before
        n = self._session.scalar(select(func.count()).select_from(SessionRow).where(old)) or 0
        if remove and n:
            self._remove(delete(SessionRow).where(old))
        return n

    def audit(self, before: datetime, *, remove: bool) -> int:
        """Count, and remove where asked to, entries of the audit log."""
        old = AuditRow.at < before
        n = self._session.scalar(select(func.count()).select_from(AuditRow).where(old)) or 0
        if remove and n:
            self._remove(delete(AuditRow).where(old))
        return n

    def deliveries(self, finished_before: datetime, *, remove: bool) -> int:
        """Count, and remove where asked to, deliveries of webhooks that have ended."""
        old = DeliveryRow.finished_at < finished_before
        n = self._session.scalar(select(func.count()).select_from(DeliveryRow).where(old)) or 0
        if remove and n:
            self._remove(delete(DeliveryRow).where(old))
        return n

    def _remove(self, statement: Any) -> None:
        self._session.execute(statement, execution_options={"synchronize_session": False})


def _parts(keys: Collection[str]) -> Iterator[Sequence[str]]:
    ordered = sorted(keys)
    for start in range(0, len(ordered), _AT_ONCE):
        yield ordered[start : start + _AT_ONCE]
