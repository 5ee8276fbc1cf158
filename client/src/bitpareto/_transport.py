"""What both clients send with: addresses, headers, and where httpx's errors become ours."""

import os
import warnings
from collections.abc import Mapping
from importlib.metadata import version
from typing import Final, TypeVar

import httpx

from bitpareto._calls import Call
from bitpareto.errors import (
    APIConnectionError,
    APITimeoutError,
    UploadInterruptedError,
    VersionSkewWarning,
)

T = TypeVar("T")

DEFAULT_BASE_URL: Final = "http://127.0.0.1:8642"
DEFAULT_TIMEOUT: Final = httpx.Timeout(60.0, connect=5.0)
VERSION: Final = version("bitpareto")


def resolve_base_url(base_url: str | None) -> str:
    """Return the address to talk to: the argument, ``BITPARETO_BASE_URL``, or this machine.

    The ``/v1`` of the API's paths may be there; it is no part of the address.
    """
    url = (base_url or os.environ.get("BITPARETO_BASE_URL") or DEFAULT_BASE_URL).rstrip("/")
    return url.removesuffix("/v1")


def resolve_api_key(api_key: str | None) -> str | None:
    """Return the key to send: the argument, ``BITPARETO_API_KEY``, or none."""
    return api_key or os.environ.get("BITPARETO_API_KEY") or None


def request_headers(call: Call[T], attempt: int, api_key: str | None) -> dict[str, str]:
    """Return the headers of one attempt."""
    headers = {"User-Agent": f"bitpareto-python/{VERSION}", "X-Client-Version": VERSION}
    headers |= call.headers
    if call.body is not None or call.file is not None:
        headers["Content-Type"] = call.content_type
    if call.file is not None:
        headers["Content-Length"] = str(call.file.stat().st_size)
    if call.key is not None:
        headers["Idempotency-Key"] = call.key
    if api_key is not None:
        headers["Authorization"] = f"Bearer {api_key}"
    if attempt:
        headers["X-Retry-Count"] = str(attempt)
    return headers


def connection_error(error: Exception, url: str, call: Call[T]) -> APIConnectionError:
    """Return our error for one of httpx's, met when a call was sent."""
    if isinstance(error, httpx.UnsupportedProtocol):
        hint = f"it begins with http:// or https://, such as http://{url.rpartition('://')[2]}"
        return APIConnectionError(f"{url} is no address of a server: {hint}")
    why = str(error) or type(error).__name__
    broke = isinstance(error, (httpx.NetworkError, httpx.ProtocolError))
    if call.file is not None and broke and not isinstance(error, httpx.ConnectError):
        return UploadInterruptedError(call.file, url, why)
    cls = APITimeoutError if isinstance(error, httpx.TimeoutException) else APIConnectionError
    return cls(f"no answer from {url}: {why}")


def check_version(headers: Mapping[str, str], url: str) -> None:
    """Warn where an answer comes from a server of another major version."""
    server = headers.get("x-server-version")
    if server is not None and server.partition(".")[0] != VERSION.partition(".")[0]:
        detail = f"the server at {url} is version {server}, this SDK is {VERSION}: use the same"
        warnings.warn(f"{detail} major version", VersionSkewWarning, stacklevel=2)
