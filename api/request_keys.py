"""``Idempotency-Key``: a request that is sent again is answered with what it made the first time.

Sources:
    draft-ietf-httpapi-idempotency-key-header-07.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Final

from fastapi import Depends, Header, Request, Response
from starlette.concurrency import run_in_threadpool

from api.deps import NowDep
from search.idempotency import M, RequestKey, act_once
from search.store import UnitOfWork

REPLAYED: Final = "Idempotent-Replayed"

KeyHeader = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        max_length=255,
        pattern="^[!-~]+$",
        description="Of the client's making, such as a UUID. Within 24 hours the same request with "
        "the same key acts once; another request with it is a 422.",
    ),
]


class Once:
    """Runs the work of one request, unless it was done before."""

    def __init__(self, key: RequestKey | None, now: datetime, response: Response) -> None:
        self._key = key
        self._now = now
        self._response = response

    def run(self, uow: UnitOfWork, act: Callable[[], M], read: Callable[[str], M]) -> M:
        """Act in a transaction, or read what was made the first time, as it is now."""
        made, replayed = act_once(uow.request_keys, self._key, act, read, self._now)
        if replayed:
            self._response.headers[REPLAYED] = "true"
        return made


async def get_once(
    request: Request, response: Response, now: NowDep, idempotency_key: KeyHeader = None
) -> Once:
    """Return what runs the work of this request."""
    if idempotency_key is None:
        return Once(None, now, response)
    body = await request.body()
    return await run_in_threadpool(once_of, request, response, now, idempotency_key, body)


def once_of(
    request: Request, response: Response, now: datetime, key: str | None, body: bytes
) -> Once:
    """Return what runs the work of a request.

    Args:
        request: Its method, path and query are what it says, with the body.
        response: Of it.
        now: The time of the request.
        key: That the client gave it.
        body: Of it, or what stands for it.
    """
    if key is None:
        return Once(None, now, response)
    said = (request.method.encode(), request.url.path.encode(), request.url.query.encode())
    fingerprint = hashlib.sha256(b"\n".join((*said, body))).hexdigest()
    return Once(RequestKey(name=key, fingerprint=fingerprint), now, response)


OnceDep = Annotated[Once, Depends(get_once)]
