"""Reads that many clients ask for the same again and again, answered ahead of the framework.

Finding the route, reading the parameters and putting the answer together take FastAPI as long as
everything else that a request needs. Whoever has been answered once gets the same from here.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.access_control import principal_of
from api.errors import domain_error_response
from search.access import Principal
from search.errors import BitparetoError

_REMEMBERED: Final = 1024

Again = Callable[[Mapping[bytes, bytes]], Awaitable[Response | None]]
"""Answers a request like one that was answered before, given its headers by lower-case name; or
returns ``None`` if these ask for something else."""

_Key = tuple[str, str, bytes]


@dataclass(frozen=True, slots=True)
class _Answered:
    route: Any
    again: Again


class PolledReads:
    """What answers the path and query of a GET from a project, by what its endpoint has told."""

    def __init__(self) -> None:
        self._answered: dict[_Key, _Answered] = {}

    def remember(self, request: Request, again: Again) -> None:
        """Answer requests like this one so; only their headers may differ."""
        if len(self._answered) >= _REMEMBERED:
            self._answered.clear()
        key = _key(request.scope, principal_of(request))
        self._answered[key] = _Answered(request.scope["route"], again)

    def find(self, scope: Scope) -> _Answered | None:
        """Return what has answered a request like this one; ``None`` also if nobody says whose."""
        principal = scope["state"].get("principal")
        return None if principal is None else self._answered.get(_key(scope, principal))


class PolledAnswers:
    """ASGI middleware, behind the control of access and the limits of bodies."""

    def __init__(self, app: ASGIApp, polled: PolledReads) -> None:
        self._app = app
        self._polled = polled

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run one request."""
        is_read = scope["type"] == "http" and scope["method"] == "GET"
        found = self._polled.find(scope) if is_read else None
        if found is None:
            await self._app(scope, receive, send)
            return
        response: Response | None
        try:
            response = await found.again(dict(scope["headers"]))
        except BitparetoError as error:
            response = domain_error_response(Request(scope), error)
        if response is None:
            await self._app(scope, receive, send)
            return
        scope["route"] = found.route  # as the framework does; metrics are by route
        await response(scope, receive, send)


def _key(scope: Scope, principal: Principal) -> _Key:
    return principal.project_id, scope["path"], scope["query_string"]
