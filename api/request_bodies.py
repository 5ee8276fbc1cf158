"""Request bodies are bounded in length, announced or not, and in the time they take to arrive."""

import asyncio
import time
from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import too_large_response

MAX_BODY_BYTES: Final = 1 << 20
"""A declared space of hundreds of stages is far below this."""

MAX_PROGRAM_BYTES: Final = 64 << 20
"""Of an uploaded network: 16 million float32 weights."""

GRACE_S: Final = 20.0
"""Seconds that the server waits for any body."""

SLOWEST_BYTES_PER_S: Final = 8 << 10
"""What has arrived buys time at this rate: a body that drips holds no connection for long."""

_OF_A_BODY: Final = frozenset({b"content-length", b"transfer-encoding"})

MODELS: Final = ("POST", "/v1/models")
DATASETS: Final = ("POST", "/v1/datasets")


class BodyLimit:
    """ASGI middleware: a body above the limit ends in a 413 problem, one that dawdles in a 408.

    Args:
        app: What comes next.
        max_dataset_bytes: Of an uploaded data set.
    """

    def __init__(self, app: ASGIApp, max_dataset_bytes: int) -> None:
        self._app = app
        self._larger = {MODELS: MAX_PROGRAM_BYTES, DATASETS: max_dataset_bytes}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["method"] == "GET" and not any(name in _OF_A_BODY for name, _ in scope["headers"]):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        most = self._larger.get((scope["method"], scope["path"]), MAX_BODY_BYTES)
        announced = headers.get("content-length", "")
        if announced.isdigit() and int(announced) > most:
            response = too_large_response(Request(scope), most)
            await response(scope, receive, send)
            return
        body = _Body(receive, send, most)
        await self._app(scope, body.receive, body.send)


class _Body:
    """The body of one request, as far as it has arrived."""

    def __init__(self, receive: Receive, send: Send, most: int) -> None:
        self._receive = receive
        self._send = send
        self._most = most
        self._seen = 0
        self._waited_s = 0.0  # for the client; what the server does meanwhile is not its fault
        self._is_whole = False
        self._is_answered = False

    def _is_awaited(self) -> bool:
        return not (self._is_whole or self._is_answered)

    async def receive(self) -> Message:
        """Return the next message.

        Raises:
            HTTPException: If the body is too long, or too slow.
        """
        if not self._is_awaited():  # what comes now is the client hanging up, perhaps in hours
            return await self._receive()
        began = time.monotonic()
        left_s = GRACE_S + self._seen / SLOWEST_BYTES_PER_S - self._waited_s
        try:
            async with asyncio.timeout(left_s):
                message = await self._receive()
        except TimeoutError:
            if not self._is_awaited():  # an answer began that needs no body
                return await self._receive()
            raise HTTPException(
                408,
                f"{self._seen} bytes of the request body came in time, and not its end",
                headers={"Connection": "close"},  # the rest must not be read as a request
            ) from None
        self._waited_s += time.monotonic() - began
        self._seen += len(message.get("body", b""))
        if self._seen > self._most:
            raise HTTPException(413, f"a request body may have {self._most} bytes")
        self._is_whole = not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        """Answer; from then on nobody waits for a body."""
        self._is_answered = True
        await self._send(message)
