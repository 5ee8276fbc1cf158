"""Nobody gets past this without what the operation asks for; before the body is read.

A server that only this machine can reach needs no key. That is decided for each request: by the
address at which it arrived, and by the name it was asked under, because a web page on the internet
can make a browser ask ``http://evil.example`` at 127.0.0.1 (DNS rebinding).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.requests import Request, cookie_parser
from starlette.types import ASGIApp, Receive, Scope, Send

from api.access_table import Need, need_of
from api.audit import AuditLog
from api.errors import domain_error_response
from api.rate_limits import Allowance, RateLimits
from api.same_origin import SAFE_METHODS, comes_from_our_page
from search.access import LOCAL_USER, Principal
from search.access import Scope as AccessScope
from search.addresses import is_loopback
from search.errors import (
    AuthenticationError,
    BitparetoError,
    CrossSiteError,
    PermissionDeniedError,
    StoreBusyError,
)
from search.store import Store
from search.use_cases.access import authenticate
from search.use_cases.sessions import authenticate_session

COOKIE: Final = "bitpareto_session"
_BEARER: Final = re.compile(r"bearer +(\S+) *", re.IGNORECASE)
_FORWARDED: Final = frozenset({b"forwarded", b"x-forwarded-for", b"x-forwarded-host"})
_HOST: Final = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^:]*)(?::\d+)?")


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation as the table of access and its route describe it.

    Attributes:
        changes: Whether anything is another way afterwards.
    """

    id: str
    methods: frozenset[str]
    path: re.Pattern[str]
    need: Need
    changes: bool


def operations_of(routes: Iterable[APIRoute]) -> tuple[Operation, ...]:
    """Return every operation in the order in which requests are matched.

    Raises:
        LookupError: If one is missing in the table.
    """
    return tuple(_operation_of(route, frozenset(route.methods or ())) for route in routes)


def _operation_of(route: APIRoute, methods: frozenset[str]) -> Operation:
    need = need_of(operation_id(route))
    return Operation(
        id=operation_id(route),
        methods=methods,
        path=route.path_regex,
        need=need,
        changes=not methods <= SAFE_METHODS and need.scope not in (None, AccessScope.READ),
    )


def operation_id(route: APIRoute) -> str:
    """Return the name of an operation in OpenAPI and in the table of access."""
    return f"{route.tags[0]}_{route.name}"


class AccessControl:
    """ASGI middleware: finds out who asks, and refuses what they may not do.

    Args:
        app: What comes next.
        store: Of all projects.
        operations: Every operation.
        limits: Of those who are not on this machine.
        require_keys: Whether requests of this machine need a key too.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        store: Store,
        operations: tuple[Operation, ...],
        limits: RateLimits,
        require_keys: bool,
    ) -> None:
        self._app = app
        self._store = store
        self._operations = operations
        self._limits = limits
        self._audit = AuditLog(store)
        self._require_keys = require_keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run one request."""
        operation = self._operation(scope) if scope["type"] == "http" else None
        if operation is not None:
            try:
                allowance = await self._let_in(scope, operation.need)
            except BitparetoError as error:
                send = self._noted(scope, operation, send)
                await domain_error_response(Request(scope), error)(scope, receive, send)
                return
            if allowance is not None:
                send = allowance.told(send)
            send = self._noted(scope, operation, send)
        await self._app(scope, receive, send)

    async def _let_in(self, scope: Scope, need: Need) -> Allowance | None:
        """Find out who asks and take one of their requests.

        Those who cannot say who they are count by their address, before anything is looked up.
        """
        check_origin(scope)
        address = f"address {(scope.get('client') or ('unknown', 0))[0]}"
        if need.scope is None:
            free = need.is_probe or self._needs_no_key(scope)
            return None if free else self._limits.take(address)
        self._limits.check(address)
        check = partial(self._check, scope, need)
        try:
            principal = await check()
        except (AuthenticationError, PermissionDeniedError):
            self._limits.take(address)
            raise
        scope["state"]["check_again"] = check
        return None if principal.key_id is None else self._limits.take(principal.key_id)

    def _operation(self, scope: Scope) -> Operation | None:
        path: str = scope["path"]
        for operation in self._operations:
            if scope["method"] in operation.methods and operation.path.match(path):
                return operation
        return None

    async def _check(self, scope: Scope, need: Need) -> Principal:
        principal = await self._principal(scope)
        scope.setdefault("state", {})["principal"] = principal
        check_allowed(principal, need)
        return principal

    def _noted(self, scope: Scope, operation: Operation, send: Send) -> Send:
        """Have what somebody known changes, or is refused to change, put into the audit log."""
        if not operation.changes:
            return send
        principal = scope.get("state", {}).get("principal")
        match = operation.path.match(scope["path"])
        if principal is None or match is None:
            return send
        return self._audit.noted(
            send,
            scope=scope,
            principal=principal,
            operation=operation.id,
            found=match.groupdict(),
        )

    def _needs_no_key(self, scope: Scope) -> bool:
        return not self._require_keys and is_local(scope)

    async def _principal(self, scope: Scope) -> Principal:
        # most local requests, by the bytes themselves: reading headers by name takes a while
        is_bare = not any(name == b"authorization" for name, _ in scope["headers"])
        if is_bare and self._needs_no_key(scope):
            return LOCAL_USER
        headers = Headers(scope=scope)
        sent = headers.get("authorization")
        session = session_of(headers) if sent is None else None
        if session is not None:
            return await run_in_threadpool(authenticate_session, self._store, session)
        bearer = _BEARER.fullmatch(sent or "")
        return await run_in_threadpool(authenticate, self._store, bearer[1] if bearer else "")


def session_of(headers: Headers) -> str | None:
    """Return what the cookie of a signed-in browser holds, if there is one."""
    return cookie_parser(headers.get("cookie", "")).get(COOKIE)


def check_origin(scope: Scope) -> None:
    """Let pass what changes nothing, or was not made by a page of another site.

    A request with a cookie and without a word of where it comes from is refused too: browsers that
    do not say cannot be told from those that are misused.

    Raises:
        CrossSiteError: If it may have been.
    """
    if scope["method"] in SAFE_METHODS:
        return
    headers = dict(scope["headers"])
    if b"authorization" in headers:
        return
    ours = comes_from_our_page(headers)
    if ours is None and session_of(Headers(scope=scope)) is not None:
        raise CrossSiteError("a browser that is signed in has to say which page makes a request")
    if ours is False:
        raise CrossSiteError("a page of another site made this request")


def check_allowed(principal: Principal, need: Need) -> None:
    """Let pass whoever has what is needed.

    Raises:
        PermissionDeniedError: If they have not.
    """
    if need.scope is not None and not principal.scope.allows(need.scope):
        detail = f"this takes a key of scope {need.scope}; this one allows {principal.scope}"
        raise PermissionDeniedError(detail)
    if need.runs_deployment and not principal.runs_deployment:
        raise PermissionDeniedError("this takes a key of the project 'default'")


def is_local(scope: Scope) -> bool:
    """Whether a request came over a loopback address, asks for one, and no proxy sent it on."""
    headers = dict(scope["headers"])
    host = _HOST.fullmatch(headers.get(b"host", b"").decode("latin-1"))
    server = scope.get("server") or ("", None)
    return (
        is_loopback(server[0])
        and host is not None
        and is_loopback(host[1].strip("[]"))
        and _FORWARDED.isdisjoint(headers)
    )


async def is_still_allowed(request: Request) -> bool:
    """Whether a request that was let in some time ago would be let in now."""
    try:
        await request.scope["state"]["check_again"]()
    except (AuthenticationError, PermissionDeniedError):
        return False
    except StoreBusyError:  # nobody can tell now; the next time will
        return True
    return True


def principal_of(request: Request) -> Principal:
    """Return who sent a request.

    Raises:
        AuthenticationError: If the operation is open to everybody, and so nobody was asked.
    """
    found: Any = request.scope.get("state", {}).get("principal")
    if not isinstance(found, Principal):
        raise AuthenticationError("nobody was asked who they are")
    return found
