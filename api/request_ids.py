"""What surrounds every request: its id, headers of every answer, the catch for what nobody saw."""

import logging
import re
import secrets
from collections.abc import Callable
from importlib.metadata import version
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from search.log_ids import log_ids

logger = logging.getLogger(__name__)

HEADER: Final = "X-Request-ID"
# shown in logs, so that a client cannot forge lines or fill the disk
_ACCEPTED: Final = re.compile(rb"[A-Za-z0-9._:/+=-]{1,128}")

SECURITY_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""``data:`` images: Plotly renders a chart to a picture through one when a user downloads it."""

_VERSION: Final = (b"x-server-version", version("bitpareto-server").encode())
_HEADER: Final = HEADER.lower().encode()
_SECURITY: Final = [
    (name.lower().encode(), value.encode()) for name, value in SECURITY_HEADERS.items()
]


def request_id_of(scope: Scope) -> str | None:
    """Return the id given to the request of ``scope``."""
    found: Any = scope.get("state", {}).get("request_id")
    return found if isinstance(found, str) else None


class RequestContext:
    """ASGI middleware that must be the outermost of ours."""

    def __init__(self, app: ASGIApp, on_crash: Callable[[Request], Response]) -> None:
        self._app = app
        self._on_crash = on_crash

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked = next((value for name, value in scope["headers"] if name == _HEADER), b"")
        is_fine = _ACCEPTED.fullmatch(asked) is not None
        request_id = asked.decode() if is_fine else f"req_{secrets.token_hex(12)}"
        of_every_answer = [*_SECURITY, _VERSION, (_HEADER, request_id.encode())]
        scope.setdefault("state", {})["request_id"] = request_id
        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = message.get("headers", ())
                own = {name for name, _ in headers}
                message["headers"] = [*headers, *(h for h in of_every_answer if h[0] not in own)]
            await send(message)

        try:
            with log_ids(request_id=request_id):
                await self._app(scope, receive, send_with_headers)
        except Exception:
            with log_ids(request_id=request_id):
                logger.exception("%s %s failed", scope["method"], scope["path"])
            if started:
                raise
            response = self._on_crash(Request(scope))
            await response(scope, receive, send_with_headers)
