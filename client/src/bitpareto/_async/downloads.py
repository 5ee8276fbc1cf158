"""A file of the server's comes here verified, over as many connections as it takes."""

import hashlib
from asyncio import sleep
from http import HTTPStatus
from pathlib import Path
from typing import IO

from bitpareto._async.transport import AsyncTransport
from bitpareto._calls import Call
from bitpareto._retries import Patience
from bitpareto.errors import APIConnectionError, APIStatusError, DownloadError


async def fetch_file(
    transport: AsyncTransport, href: str, into: Path, *, what: str, size_bytes: int, sha256: str
) -> None:
    """Fill a file; where a connection breaks the next one goes on.

    Args:
        transport: Of the client.
        href: Where the bytes are.
        into: Where they go.
        what: What to call them in an error.
        size_bytes: How many are promised.
        sha256: Of them, in hex.

    Raises:
        DownloadError: If the bytes that came are others.
        APIConnectionError: If no connection brings anything any more.
        APIStatusError: If the server refuses.
    """
    patience = Patience(transport.max_retries)
    with into.open("wb") as file:
        while not file.tell() or file.tell() < size_bytes:
            before = file.tell()
            try:
                await _fetch_rest(transport, href, file, sha256)
            except (APIConnectionError, APIStatusError) as error:
                # a connection that brought something is no failure: the next one starts behind it
                if file.tell() > before:
                    patience.heard()
                await sleep(patience.delay_after(error))
            else:
                break
    with into.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        n_bytes = file.tell()
    if digest != sha256:
        raise DownloadError(
            f"{what}: {n_bytes} bytes with hash {digest} came, "
            f"{size_bytes} bytes with hash {sha256} were promised"
        )


async def _fetch_rest(transport: AsyncTransport, href: str, file: IO[bytes], sha256: str) -> None:
    """Append what is missing; a server that does not send parts makes it start again."""
    part = {"Range": f"bytes={file.tell()}-", "If-Range": f'"{sha256}"'}
    headers = part if file.tell() else {}
    call = Call(method="GET", path=href, read=bytes, headers=headers)
    async with transport.stream(call) as answer:
        if answer.status != HTTPStatus.PARTIAL_CONTENT:
            file.seek(0)
            file.truncate()
        async for chunk in answer.chunks:
            file.write(chunk)
