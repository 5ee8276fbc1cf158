"""``/v1/audit``: who changed what."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query

from api.deps import StoreDep
from api.errors import problem_responses
from api.pages import DEFAULT_LIMIT, TEXT, CursorQuery, LimitQuery, decode_cursor, encode_cursor
from api.search_lists import utc
from bitpareto import types as wire
from search.audit import AuditEntry, AuditFilter

router = APIRouter(prefix="/v1", tags=["audit"])

_TextQuery = Annotated[str | None, Query(max_length=200, pattern=TEXT)]


@router.get("/audit", responses=problem_responses(422, 503), summary="Read the audit log")
def list_entries(
    store: StoreDep,
    user: _TextQuery = None,
    operation: _TextQuery = None,
    object_id: _TextQuery = None,
    after: Annotated[
        datetime | None, Query(description="Inclusive; UTC unless it says otherwise.")
    ] = None,
    before: Annotated[
        datetime | None, Query(description="Exclusive; UTC unless it says otherwise.")
    ] = None,
    limit: LimitQuery = DEFAULT_LIMIT,
    cursor: CursorQuery = None,
) -> wire.Page[wire.AuditEntry]:
    """Return requests of this project that changed something, or were refused to, newest first.

    `status` says which: below 400 it was done.
    """
    wanted = AuditFilter(
        user=user,
        operation=operation,
        object_id=object_id,
        after=utc("after", after),
        before=utc("before", before),
    )
    with store.read() as uow:
        found = uow.audit.page(wanted, limit + 1, decode_cursor(cursor))
    has_more = len(found) > limit
    return wire.Page(
        data=[_entry(entry) for entry in found[:limit]],
        has_more=has_more,
        next_cursor=encode_cursor(found[limit - 1].id) if has_more else None,
    )


def _entry(entry: AuditEntry) -> wire.AuditEntry:
    return wire.AuditEntry(
        id=entry.id,
        at=entry.at,
        user=entry.user,
        key_id=entry.key_id,
        operation=entry.operation,
        object_id=entry.object_id,
        status=entry.status,
        request_id=entry.request_id,
    )
