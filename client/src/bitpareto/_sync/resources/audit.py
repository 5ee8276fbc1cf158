# Made by scripts/make_sync_client.py; change bitpareto/_async instead.
"""``client.audit``: who changed what."""

from collections.abc import Iterator
from datetime import datetime

from bitpareto import _access_calls as access_calls
from bitpareto._calls import PAGE_LIMIT
from bitpareto._filters import audit_filters
from bitpareto._sync.transport import Transport
from bitpareto.types import AuditEntry


class Audit:
    """Read the audit log of a project; it takes an admin's key."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self,
        *,
        user: str | None = None,
        operation: str | None = None,
        object_id: str | None = None,
        after: datetime | None = None,
        before: datetime | None = None,
        page_size: int = PAGE_LIMIT,
    ) -> Iterator[AuditEntry]:
        """Yield requests that changed something, or were refused to, newest first.

        Args:
            user: Only what this user did.
            operation: Only this one, by its name in OpenAPI, such as ``searches_cancel``.
            object_id: Only what was done to this.
            after: Only then or later; a time without a zone is local.
            before: Only before then.
            page_size: Entries per request; further pages are fetched when they are needed.
        """
        filters = audit_filters(user, operation, object_id, after, before)
        cursor: str | None = None
        while True:
            call = access_calls.list_audit(page_size, cursor, filters)
            page = self._transport.send(call)
            for each in page.data:
                yield each
            cursor = page.next_cursor
            if not page.has_more or cursor is None:
                return
