"""The one table from exception to HTTP status, and the problem+json body of every error.

Sources:
    RFC 9457, problem details for HTTP APIs.
"""

import json
import logging
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.request_ids import request_id_of
from api.validation_errors import field_errors
from bitpareto.types import FieldError, Problem
from db.blobs import ArtifactStoreError, ArtifactStoreUnavailableError
from db.engines import DatabaseUnusableError
from db.migrate import SchemaError
from jobs.broker import BrokerRefusedError, BrokerUnavailableError, BrokerUrlError
from jobs.messages import PayloadError
from search.errors import (
    AuthenticationError,
    BitparetoError,
    CrossSiteError,
    DatasetGoneError,
    DatasetInUseError,
    InvalidRequestError,
    KeyReusedError,
    ModelGoneError,
    ModelInUseError,
    NameTakenError,
    NotExplainedError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitedError,
    StaleLeaseError,
    StoreBusyError,
    TransitionError,
    TrialFailure,
    TrialInterrupted,
    UnableError,
)

logger = logging.getLogger(__name__)

PROBLEM_MEDIA_TYPE: Final = "application/problem+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemType:
    """What a class of errors means to a client."""

    status: int
    code: str
    title: str


INTERNAL: Final = ProblemType(status=500, code="internal_error", title="The server failed")
MALFORMED: Final = ProblemType(
    status=400, code="malformed_json", title="The request body is not JSON"
)
INVALID: Final = ProblemType(
    status=422, code="invalid_request", title="The request breaks a rule; nothing was stored"
)

ERROR_TABLE: Final[Mapping[type[BitparetoError], ProblemType]] = MappingProxyType(
    {
        InvalidRequestError: INVALID,
        NotFoundError: ProblemType(status=404, code="not_found", title="No such object"),
        NotExplainedError: ProblemType(
            status=404, code="not_explained", title="No model of this search has been explained"
        ),
        AuthenticationError: ProblemType(
            status=401, code="unauthenticated", title="A valid API key is needed"
        ),
        PermissionDeniedError: ProblemType(
            status=403, code="forbidden", title="This key may not do that"
        ),
        CrossSiteError: ProblemType(
            status=403, code="cross_site", title="Only our own pages may do that in a browser"
        ),
        TransitionError: ProblemType(
            status=409, code="state_conflict", title="The object's state does not allow this"
        ),
        NameTakenError: ProblemType(
            status=409, code="name_taken", title="Something else has this name and keeps it"
        ),
        DatasetInUseError: ProblemType(
            status=409, code="dataset_in_use", title="Searches that have not ended use the data set"
        ),
        DatasetGoneError: ProblemType(
            status=409, code="dataset_gone", title="The data set of the search was deleted"
        ),
        ModelInUseError: ProblemType(
            status=409, code="model_in_use", title="Searches that have not ended use the network"
        ),
        ModelGoneError: ProblemType(
            status=409, code="model_gone", title="The network of the search was deleted"
        ),
        KeyReusedError: ProblemType(
            status=422, code="idempotency_key_reused", title="Another request has this key"
        ),
        StaleLeaseError: ProblemType(
            status=409, code="stale_lease", title="Another worker holds the trial"
        ),
        RateLimitedError: ProblemType(
            status=429, code="rate_limited", title="Too many requests; wait a little"
        ),
        StoreBusyError: ProblemType(
            status=503, code="store_busy", title="The database is busy; try again"
        ),
        SchemaError: ProblemType(
            status=503, code="schema_mismatch", title="The database has another schema"
        ),
        ArtifactStoreUnavailableError: ProblemType(
            status=503, code="artifact_store_unavailable", title="The files cannot be read now"
        ),
        # outcomes of training, requests to a worker and faults of a deployment: a route that lets
        # one of these out has a defect, which is what 500 says
        TrialFailure: INTERNAL,
        TrialInterrupted: INTERNAL,
        UnableError: INTERNAL,
        ArtifactStoreError: INTERNAL,
        BrokerUrlError: INTERNAL,
        BrokerUnavailableError: INTERNAL,
        BrokerRefusedError: INTERNAL,
        DatabaseUnusableError: INTERNAL,
        PayloadError: INTERNAL,
    }
)

HTTP_PROBLEMS: Final[Mapping[int, ProblemType]] = MappingProxyType(
    {
        404: ProblemType(status=404, code="no_such_path", title="Nothing lives at this path"),
        405: ProblemType(
            status=405, code="method_not_allowed", title="This path does not take that method"
        ),
        408: ProblemType(
            status=408, code="body_too_slow", title="The request body came too slowly"
        ),
        413: ProblemType(status=413, code="too_large", title="The request body is too large"),
        415: ProblemType(
            status=415,
            code="unsupported_media_type",
            title="The request body is of another type",
        ),
        416: ProblemType(
            status=416, code="range_not_satisfiable", title="The file has no such bytes"
        ),
    }
)
"""Problems that the framework raises, by status."""


def problem_type_of(error: BitparetoError) -> ProblemType:
    """Return the row of the nearest class of ``error`` in the table."""
    for cls in type(error).__mro__:
        if cls in ERROR_TABLE:
            return ERROR_TABLE[cls]
    return INTERNAL


def problem_response(
    request: Request,
    kind: ProblemType,
    detail: str,
    *,
    errors: Iterable[FieldError] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Make the answer to a failed request."""
    problem = Problem(
        type=f"/v1/problems#{kind.code}",
        title=kind.title,
        status=kind.status,
        detail=detail,
        instance=request.url.path,
        code=kind.code,
        request_id=request_id_of(request.scope),
        errors=list(errors),
    )
    # ASCII, because a field name taken from the request may hold lone surrogates
    body = json.dumps(problem.model_dump(), ensure_ascii=True).encode()
    return Response(body, kind.status, dict(headers or {}), media_type=PROBLEM_MEDIA_TYPE)


def internal_error_response(request: Request) -> Response:
    """Make the answer to a request that failed in a way nobody foresaw; it tells no internals."""
    detail = f"Not your fault; the log has it under request {request_id_of(request.scope)}."
    return problem_response(request, INTERNAL, detail)


def too_large_response(request: Request, max_bytes: int) -> Response:
    """Make the answer to a body that is longer than allowed."""
    detail = f"a request body may have {max_bytes} bytes"
    return problem_response(request, HTTP_PROBLEMS[413], detail)


def domain_error_response(request: Request, error: Exception) -> Response:
    """Make the answer to an error of the domain.

    Raises:
        Exception: Any other error, as it is.
    """
    if not isinstance(error, BitparetoError):
        raise error
    kind = problem_type_of(error)
    if kind is INTERNAL:
        logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return internal_error_response(request)
    errors: list[FieldError] = []
    if isinstance(error, InvalidRequestError):
        errors = [
            FieldError(
                pointer=p.pointer,
                code=p.code,
                detail=p.detail,
                allowed=list(p.allowed),
                line=p.line,
            )
            for p in error.problems
        ]
    headers = {}
    if isinstance(error, StoreBusyError | RateLimitedError):
        headers["Retry-After"] = f"{max(1, math.ceil(error.retry_after_s))}"
    if isinstance(error, AuthenticationError):
        headers["WWW-Authenticate"] = 'Bearer realm="bitpareto"'
    return problem_response(request, kind, str(error), errors=errors, headers=headers)


def _on_validation_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    found = error.errors()
    is_malformed = any(e["type"] == "json_invalid" for e in found)
    wanted = _wanted_media_type(request)
    if wanted is not None and (is_malformed or any(e["loc"] == ("body",) for e in found)):
        detail = other_media_type(wanted, request.headers.get("content-type", ""))
        return problem_response(request, HTTP_PROBLEMS[415], detail)
    if is_malformed:
        what = found[0].get("ctx", {}).get("error", "")
        where = found[0]["loc"][-1]
        return problem_response(request, MALFORMED, f"{what} at character {where}".strip())
    errors = field_errors(found, _body_type(request))
    detail = "; ".join(f"{e.pointer}: {e.detail}" for e in errors)
    return problem_response(request, INVALID, detail, errors=errors)


def _body_type(request: Request) -> object:
    """Return the type of the body that the path takes, ``None`` where it takes none."""
    route = request.scope.get("route")
    field = route.body_field if isinstance(route, APIRoute) else None
    return field.field_info.annotation if field else None


def other_media_type(wanted: str, sent: str) -> str:
    """Say which media type a body should have had."""
    return f"Content-Type has to be {wanted}, not {sent or 'nothing'}"


def _wanted_media_type(request: Request) -> str | None:
    """Return the media type that the path takes, where a body of another one was sent.

    A body is read as JSON, or not, by what it says it is; so of the two kinds one is mistaken.
    """
    route = request.scope.get("route")
    field = route.body_field if isinstance(route, APIRoute) else None
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    is_empty = request.headers.get("content-length", "0") == "0"
    if field is None or (is_empty and "transfer-encoding" not in request.headers):
        return None
    wanted: str = getattr(field.field_info, "media_type", "application/json")
    is_json = sent == "application/json" or sent.endswith("+json")
    return None if is_json == (wanted == "application/json") else wanted


def _on_http_exception(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    title = HTTPStatus(error.status_code).phrase
    kind = HTTP_PROBLEMS.get(error.status_code)
    if kind is None and error.status_code == MALFORMED.status:
        kind = MALFORMED
    if kind is None:
        code = title.lower().replace(" ", "_").replace("-", "_")
        kind = ProblemType(status=error.status_code, code=code, title=title)
    detail = error.detail if error.detail != title else _detail_of(request, kind)
    return problem_response(request, kind, detail, headers=error.headers)


def _detail_of(request: Request, kind: ProblemType) -> str:
    return f"{kind.title}: {request.method} {request.url.path}"


def install_error_handlers(app: FastAPI) -> None:
    """Make every error of ``app``, the framework's own included, a problem."""
    app.add_exception_handler(BitparetoError, domain_error_response)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_exception)


def problem_types() -> list[ProblemType]:
    """Return every documented problem type once, by status and code."""
    rows = {*ERROR_TABLE.values(), *HTTP_PROBLEMS.values(), MALFORMED, INVALID, INTERNAL}
    return sorted(rows, key=lambda kind: (kind.status, kind.code))


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the ``responses=`` of a route for OpenAPI: one problem body per status."""
    content = {PROBLEM_MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        status: {"description": "A problem", "content": content}
        for status in sorted({*statuses, 500})
    }
