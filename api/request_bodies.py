"""Request bodies are bounded, whether or not their length is announced."""

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

_LARGER: Final = {("POST", "/v1/models"): MAX_PROGRAM_BYTES}


class BodyLimit:
    """ASGI middleware: a body above the limit ends in a 413 problem, before it is read."""

    def __init__(self, app: ASGIApp, max_bytes: int = MAX_BODY_BYTES) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = max(self._max_bytes, _LARGER.get((scope["method"], scope["path"]), 0))
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdigit() and int(announced) > most:
            response = too_large_response(Request(scope), most)
            await response(scope, receive, send)
            return
        seen = 0

        async def receive_counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > most:
                raise HTTPException(413, f"a request body may have {most} bytes")
            return message

        await self._app(scope, receive_counted, send)
