"""Routes that many clients ask for the same again and again."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

from fastapi import Request, Response
from fastapi.routing import APIRoute
from typing_extensions import override

from api.access_control import principal_of

_REMEMBERED: Final = 1024

Again = Callable[[Request], Awaitable[Response]]
"""Answers a request like one that was answered before."""


class PolledRoute(APIRoute):
    """A route that reads the parameters of a request once, however often it comes.

    The first time a request is handled as on every route; its endpoint may then tell, with
    ``remember``, what answers the same path and query from the same project from now on. Only
    headers may differ.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._again: dict[tuple[str, str, bytes], Again] = {}

    @override
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        in_full = super().get_route_handler()

        async def handle(request: Request) -> Response:
            again = self._again.get(_key(request))
            return await (in_full(request) if again is None else again(request))

        return handle

    def remember(self, request: Request, again: Again) -> None:
        """Answer requests like this one so."""
        if len(self._again) >= _REMEMBERED:
            self._again.clear()
        self._again[_key(request)] = again


def _key(request: Request) -> tuple[str, str, bytes]:
    return principal_of(request).project_id, request.scope["path"], request.scope["query_string"]
