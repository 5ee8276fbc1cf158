"""Bodies too long for memory: written to a file as they come."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Final

from fastapi import Depends, Request, Response
from starlette.concurrency import run_in_threadpool

from api.deps import NowDep
from api.request_keys import KeyHeader, Once, once_of
from db.blobs import ArtifactStoreUnavailableError

_WRITTEN_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Spooled:
    """A body in a file of its own, in a folder of its own, until the request is answered."""

    path: Path
    sha256: str


async def get_spooled(request: Request) -> AsyncIterator[Spooled]:
    """Write the body to a file.

    Raises:
        ArtifactStoreUnavailableError: If there is no room for it.
    """
    with TemporaryDirectory(prefix="bitpareto-upload-") as name:
        path, digest = Path(name) / "body", hashlib.sha256()
        pieces = bytearray()

        def write() -> None:
            digest.update(pieces)
            with path.open("ab") as file:
                file.write(pieces)
            pieces.clear()

        try:
            async for piece in request.stream():
                pieces += piece
                if len(pieces) >= _WRITTEN_BYTES:
                    await run_in_threadpool(write)
            await run_in_threadpool(write)
        except OSError as error:
            detail = f"an upload cannot be kept while it is read: {error.strerror or error}"
            raise ArtifactStoreUnavailableError(detail) from error
        yield Spooled(path, digest.hexdigest())


SpooledDep = Annotated[Spooled, Depends(get_spooled)]


async def get_spooled_once(
    request: Request,
    response: Response,
    now: NowDep,
    body: SpooledDep,
    idempotency_key: KeyHeader = None,
) -> Once:
    """Return what runs the work of a request whose body is in a file."""
    return once_of(request, response, now, idempotency_key, body.sha256.encode())


SpooledOnceDep = Annotated[Once, Depends(get_spooled_once)]
