"""``/v1/session``: signing a browser in and out."""

from fastapi import APIRouter, Request, Response, status

from api.access_control import COOKIE, session_of
from api.audit import AuditLog
from api.deps import AllProjectsDep
from api.errors import problem_responses
from bitpareto import types as wire
from search.access import Principal
from search.errors import AuthenticationError
from search.store import Store
from search.use_cases.sessions import LASTS, authenticate_session, sign_in, sign_out

router = APIRouter(prefix="/v1", tags=["session"])


@router.post(
    "/session",
    status_code=status.HTTP_201_CREATED,
    responses=problem_responses(400, 401, 403, 408, 413, 422, 503),
    summary="Sign a browser in",
)
def create(
    body: wire.SessionCreate, request: Request, response: Response, store: AllProjectsDep
) -> wire.Session:
    """Begin a session of seven days at most, which ends with its key, and set its cookie.

    Programs send the key itself. With the cookie, a change takes a page of this server.
    """
    session, text, principal = sign_in(store, body.key)
    _note(request, store, principal, "session_create", session.id)
    _set_cookie(request, response, text, int(LASTS.total_seconds()))
    return wire.Session(
        project=principal.project_id,
        user=principal.user,
        key_id=principal.key_id,
        scope=principal.scope.value,
        expires_at=session.expires_at,
    )


@router.delete(
    "/session",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problem_responses(403, 503),
    summary="Sign a browser out",
)
def end(request: Request, store: AllProjectsDep) -> Response:
    """End the session of the cookie, if there is one, and take the cookie back."""
    text = session_of(request.headers)
    principal = _who(store, text)
    if text is not None:
        with store.begin() as uow:
            session = sign_out(uow, text)
        if session is not None and principal is not None:
            _note(request, store, principal, "session_end", session.id)
    response = Response(status_code=status.HTTP_204_NO_CONTENT)
    _set_cookie(request, response, "", 0)
    return response


def _who(store: Store, text: str | None) -> Principal | None:
    """Return who a session acts for; nobody once it or its key has ended."""
    try:
        return None if text is None else authenticate_session(store, text)
    except AuthenticationError:
        return None


def _note(
    request: Request, store: Store, principal: Principal, operation: str, session_id: str
) -> None:
    # nobody is asked for a key here, so that the audit log hears of it from the operation itself
    status_code = status.HTTP_201_CREATED if operation == "session_create" else 204
    AuditLog(store).add(request.scope, principal, operation, session_id, status_code)


def _set_cookie(request: Request, response: Response, text: str, max_age_s: int) -> None:
    response.set_cookie(
        COOKIE,
        text,
        max_age=max_age_s,
        path="/",
        httponly=True,  # no script can read it
        samesite="strict",  # nor does another site's page send it
        secure=request.url.scheme == "https",
    )
