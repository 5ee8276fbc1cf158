"""Notes what requests changed, before they are answered."""

import logging
from collections.abc import Mapping
from dataclasses import asdict
from typing import Final

from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import Message, Scope, Send

from api.request_ids import request_id_of
from search.access import Principal
from search.audit import AuditEntry
from search.errors import StoreBusyError
from search.ids import new_id
from search.store import Store

logger = logging.getLogger(__name__)

_TOO_MANY: Final = 429
_LONGEST: Final = 200
"""Of what is kept of an object's id: paths of requests that found nothing may hold anything."""


def name_made(request: Request, object_id: str) -> None:
    """Say what a request made, where its answer has no ``Location`` to tell."""
    request.state.object_id = object_id


class AuditLog:
    """Puts entries into the store.

    Whoever hears that something was done finds an entry of it. Only a process that is killed
    between the two, or a database that goes away there, leaves none; the latter is logged.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def noted(
        self,
        send: Send,
        *,
        scope: Scope,
        principal: Principal,
        operation: str,
        found: Mapping[str, str],
    ) -> Send:
        """Return ``send`` that stores an entry as soon as the answer is known.

        Args:
            send: What answers the request.
            scope: Of the request.
            principal: Who sent it.
            operation: Its name in OpenAPI.
            found: The parameters of its path.
        """

        async def send_noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                location = Headers(raw=message.get("headers", [])).get("location", "")
                made = scope["state"].get("object_id") or location.rpartition("/")[2]
                object_id = "/".join(found.values()) or made
                status: int = message["status"]
                if status == _TOO_MANY:  # nobody shall fill the log
                    await send(message)
                    return
                await run_in_threadpool(self.add, scope, principal, operation, object_id, status)
            await send(message)

        return send_noted

    def add(
        self, scope: Scope, principal: Principal, operation: str, object_id: str, status: int
    ) -> None:
        """Store an entry of a request that is about to be answered; to be called in a thread."""
        try:
            entry = AuditEntry(
                id=new_id("aud"),
                project_id=principal.project_id,
                at=self._store.now(),
                user=principal.user,
                key_id=principal.key_id,
                operation=operation,
                object_id=object_id[:_LONGEST].replace("\0", "") or None,
                status=status,
                request_id=request_id_of(scope) or "",
            )
            with self._store.begin() as uow:
                uow.audit.add(entry)
        except StoreBusyError:
            logger.exception(
                "not in the audit log: %s of %s by %s: %d",
                operation,
                object_id,
                asdict(principal),
                status,
            )
