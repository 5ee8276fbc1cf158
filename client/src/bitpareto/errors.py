"""Everything the SDK raises on purpose.

BitparetoError
├── APIConnectionError         no answer; the request may or may not have arrived
│   ├── APITimeoutError        no answer in time
│   └── UploadInterruptedError the connection broke while a file was sent; send it again: `.path`
├── APIResponseError           an answer that is not this API's
├── APIStatusError             the server said no: `.problem`, `.status`, `.request_id`
│   ├── BadRequestError        400, the body is not JSON
│   ├── AuthenticationError    401, no key, or one that opens nothing
│   ├── PermissionDeniedError  403, the key may not do that
│   ├── NotFoundError          404
│   ├── ConflictError          409, the object's state does not allow it
│   ├── InvalidRequestError    413, 415, 422: `.errors` names fields and allowed values
│   ├── RateLimitError         429
│   └── ServerError            500 and above
├── SearchFailedError          `wait` saw a search fail or be cancelled
├── WaitTimeoutError           `wait` ran out of time; the search goes on
├── NoPointError               no front point fits
├── DownloadError              the bytes are not the artifact's
├── VerificationError          a packed file is damaged, or not what is said of it
├── VerifierMissingError       the server's distribution, which runs packed files, is not installed
├── ExportError                a packed file cannot be exported, or the export decides otherwise
├── ExporterMissingError       the server's distribution, which exports them, is not installed
├── WebhookSignatureError      what came to a webhook is not from the server that has its secret
├── DeliveryFailedError        a ping was not taken: `.delivery`
├── MissingExtraError          an optional extra of this package is not installed: `.extra`
└── SizeError                  text that is no size
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from bitpareto.types import FieldError, Problem, Search, WebhookDelivery


class BitparetoError(Exception):
    """Root of everything the SDK raises on purpose."""


class APIConnectionError(BitparetoError, ConnectionError):
    """No answer came; retries are used up."""


class APITimeoutError(APIConnectionError, TimeoutError):
    """No answer came in time; retries are used up."""


class UploadInterruptedError(APIConnectionError):
    """The connection broke while a file was sent, more often than retries help; send it again.

    That does no harm: what has arrived whole is there once, and what has not is not kept.

    Attributes:
        path: The file.
    """

    def __init__(self, path: Path, url: str, why: str) -> None:
        self.path = path
        super().__init__(
            f"the connection to {url} broke while {path.name} was sent ({why}); "
            "send it again: what has arrived already is not stored twice"
        )


class APIResponseError(BitparetoError):
    """The answer is not this API's: another program at this address, or a much newer server."""


class APIStatusError(BitparetoError):
    """The server refused.

    Attributes:
        problem: The problem details it sent, or ones made here when it sent none.
        status: HTTP status.
        request_id: Give this to whoever runs the server.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.status = problem.status
        self.request_id = problem.request_id
        super().__init__(_message(problem))

    @property
    def errors(self) -> list[FieldError]:
        """What is wrong, field by field."""
        return self.problem.errors


class BadRequestError(APIStatusError):
    """400: the server could not read the request."""


class AuthenticationError(APIStatusError):
    """401: the server asks for an API key, or this one is wrong, revoked or expired."""


class PermissionDeniedError(APIStatusError):
    """403: the key's scope, or its user's role, does not allow this."""


class NotFoundError(APIStatusError, LookupError):
    """404: no such search, trial or artifact."""


class ConflictError(APIStatusError):
    """409: the object's state does not allow this; read it again, then decide."""


class InvalidRequestError(APIStatusError, ValueError):
    """422, 413 or 415: the request breaks a rule; nothing was stored."""


class RateLimitError(APIStatusError):
    """429: too many requests, even after waiting as asked."""


class ServerError(APIStatusError):
    """500 and above: not the caller's fault."""


class SearchFailedError(BitparetoError):
    """A search ended as ``failed`` or ``cancelled``; ``.search`` is its last state."""

    def __init__(self, search: Search) -> None:
        self.search = search
        reason = search.state_reason
        super().__init__(f"search {search.id} {search.state}: {reason.message} ({reason.code})")


class WaitTimeoutError(BitparetoError, TimeoutError):
    """``wait`` ran out of time; the search goes on."""

    def __init__(self, search_id: str, timeout_s: float) -> None:
        self.search_id = search_id
        super().__init__(f"search {search_id} has not ended after {timeout_s:g} s; it goes on")


class NoPointError(BitparetoError, LookupError):
    """No point of the front fits."""


class DownloadError(BitparetoError):
    """The bytes that came are not the artifact's; nothing was written."""


class VerificationError(BitparetoError):
    """A packed file is not what it should be; do not use it before you know why.

    Attributes:
        status: ``damaged``, ``wrong`` or ``no_data``.
        report: Everything that was found, see ``docs/verify.md``.
    """

    def __init__(self, report: Mapping[str, Any]) -> None:
        self.status: str = report["status"]
        self.report = report
        super().__init__("; ".join(report["problems"]))


class VerifierMissingError(BitparetoError):
    """Nothing that is installed can run a packed file."""


class ExportError(BitparetoError):
    """A packed file was not exported, or its export is not to be used.

    Attributes:
        status: ``damaged``, ``impossible``, ``wrong``, ``no_data`` or ``no_target``.
        report: Everything that was found, see ``docs/exports.md``.
    """

    def __init__(self, report: Mapping[str, Any]) -> None:
        self.status: str = report["status"]
        self.report = report
        super().__init__("; ".join(report["problems"]))


class ExporterMissingError(BitparetoError):
    """Nothing that is installed can export a packed file, or run the export."""


class MissingExtraError(BitparetoError, ImportError):
    """What was asked for needs a package that is not installed.

    Attributes:
        extra: What to install: ``pip install 'bitpareto[EXTRA]'``.
    """

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"{package} is not installed; `pip install 'bitpareto[{extra}]'`")
        self.extra = extra


class WebhookSignatureError(BitparetoError, ValueError):
    """What came to a webhook was not signed with its secret, or too long ago; leave it."""


class DeliveryFailedError(BitparetoError):
    """A ping was not taken.

    Attributes:
        delivery: What came of it.
    """

    def __init__(self, delivery: WebhookDelivery) -> None:
        super().__init__(f"{delivery.id} is {delivery.state}: {delivery.error or 'not sent yet'}")
        self.delivery = delivery


class SizeError(BitparetoError, ValueError):
    """Text that does not say a size."""


class DeclarationError(BitparetoError, ValueError):
    """A file that does not describe a search."""


class UsageError(BitparetoError, ValueError):
    """Arguments of the command line that do not fit together."""


class VersionSkewWarning(UserWarning):
    """Server and SDK are of different major versions: what they say may not be understood."""


_BY_STATUS: Final[Mapping[int, type[APIStatusError]]] = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    413: InvalidRequestError,
    415: InvalidRequestError,
    422: InvalidRequestError,
    429: RateLimitError,
}


def status_error(status: int, body: bytes, headers: Mapping[str, str]) -> APIStatusError:
    """Return the error for an answer that is not a success."""
    try:
        problem = Problem.model_validate_json(body)
    except ValidationError:  # a proxy's page, for example
        problem = Problem(
            type="about:blank",
            title=f"The server answered {status}",
            status=status,
            detail=body[:200].decode(errors="replace").strip() or "without a reason",
            code="unknown",
            request_id=headers.get("x-request-id"),
        )
    cls = _BY_STATUS.get(status, ServerError if status >= 500 else APIStatusError)
    return cls(problem)


def _message(problem: Problem) -> str:
    lines = [f"{problem.status} {problem.code}: {problem.detail}"]
    lines += [
        f"  {error.pointer}: {error.detail}"
        + (f" (allowed: {', '.join(error.allowed)})" if error.allowed else "")
        for error in problem.errors
    ]
    if problem.request_id:
        lines.append(f"  request {problem.request_id}")
    # with field errors the detail would say the same again
    if problem.errors:
        lines[0] = f"{problem.status} {problem.code}: {problem.title}"
    return "\n".join(lines)
