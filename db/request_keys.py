"""Keys of requests in SQL."""

from datetime import datetime
from typing import Final

from sqlalchemy import delete, select, tuple_, update
from sqlalchemy.orm import Session

from db.inserts import insert_or_nothing
from db.scoping import project_of
from db.tables import RequestKeyRow
from search.access import DEFAULT_PROJECT
from search.errors import KeyReusedError, StoreBusyError
from search.idempotency import KEPT, RequestKey

_FORGOTTEN_AT_ONCE: Final = 100


class SqlRequestKeys:
    """Implements ``search.idempotency.RequestKeyRepository``."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._project = project_of(session) or DEFAULT_PROJECT

    def claim(self, key: RequestKey, now: datetime) -> str | None:
        """Keep a key; returns what its first request made, ``None`` if this is the first."""
        self.forget(now)
        values = {
            "project_id": self._project,
            "name": key.name,
            "fingerprint": key.fingerprint,
            "created_at": now,
        }
        # waits for a transaction that has inserted the same key, and sees what it has made
        if insert_or_nothing(self._session, RequestKeyRow, values):
            return None
        row = self._session.get(RequestKeyRow, (self._project, key.name), populate_existing=True)
        if row is None:
            raise StoreBusyError("the key has ended while it was read")
        if row.fingerprint != key.fingerprint:
            raise KeyReusedError(key.name)
        return row.made_id

    def keep(self, key: RequestKey, made_id: str) -> None:
        """Note what the first request made."""
        self._session.execute(
            update(RequestKeyRow)
            .where(RequestKeyRow.project_id == self._project, RequestKeyRow.name == key.name)
            .values(made_id=made_id)
        )

    def forget(self, now: datetime) -> int:
        """Forget some of the keys that have ended; returns how many."""
        # rows that another transaction holds are skipped: two that forget never wait for each other
        old = (
            select(RequestKeyRow.project_id, RequestKeyRow.name)
            .where(RequestKeyRow.created_at < now - KEPT)
            .limit(_FORGOTTEN_AT_ONCE)
            .with_for_update(skip_locked=True)
        )
        ended = [tuple(row) for row in self._session.execute(old)]
        if ended:
            named = tuple_(RequestKeyRow.project_id, RequestKeyRow.name)
            self._session.execute(delete(RequestKeyRow).where(named.in_(ended)))
        return len(ended)
