"""Logs of trials."""

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from db.tables import TrialLogRow
from search.trial_logs import LOG_BYTES, LogPiece, storable


class SqlTrialLogs:
    """Implements ``search.trial_logs.TrialLogRepository``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def append(self, trial_id: str, attempt: int, text: str, keep_bytes: int = LOG_BYTES) -> None:
        """Add a piece and drop the oldest beyond ``keep_bytes``."""
        kept = storable(text, keep_bytes)
        n_bytes = len(kept.encode())
        self._session.add(
            TrialLogRow(trial_id=trial_id, attempt=attempt, text=kept, n_bytes=n_bytes)
        )
        self._session.flush()
        total = select(func.sum(TrialLogRow.n_bytes)).where(TrialLogRow.trial_id == trial_id)
        if (self._session.scalar(total) or 0) > keep_bytes:
            self._drop_oldest(trial_id, keep_bytes)

    def pieces(
        self, trial_id: str, after_id: int = 0, attempt: int | None = None
    ) -> list[LogPiece]:
        """Return what is kept of a trial's log, in order, of one attempt where asked to."""
        row = TrialLogRow
        query = select(row.id, row.attempt, row.text).where(
            row.trial_id == trial_id, row.id > after_id
        )
        if attempt is not None:
            query = query.where(row.attempt == attempt)
        found = self._session.execute(query.order_by(row.id))
        return [LogPiece(id=id_, attempt=of, text=text) for id_, of, text in found]

    def _drop_oldest(self, trial_id: str, keep_bytes: int) -> None:
        row = TrialLogRow
        newest_first = select(row.id, row.n_bytes).where(row.trial_id == trial_id)
        n_bytes = 0
        for id_, length in self._session.execute(newest_first.order_by(row.id.desc())).all():
            n_bytes += length
            if n_bytes > keep_bytes:
                gone = delete(row).where(row.trial_id == trial_id, row.id <= id_)
                self._session.execute(gone)
                return
