"""Sends calls: addresses, retries, and the one place where httpx's errors become ours."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Final, TypeVar

import httpx

from bitpareto._calls import Call
from bitpareto._retries import delay_after_error, delay_after_status
from bitpareto.errors import APIConnectionError, APITimeoutError, status_error

T = TypeVar("T")

DEFAULT_BASE_URL: Final = "http://127.0.0.1:8642"
DEFAULT_TIMEOUT: Final = httpx.Timeout(60.0, connect=5.0)
VERSION: Final = version("bitpareto")


def resolve_base_url(base_url: str | None) -> str:
    """Return the address to talk to: the argument, ``BITPARETO_BASE_URL``, or this machine."""
    return (base_url or os.environ.get("BITPARETO_BASE_URL") or DEFAULT_BASE_URL).rstrip("/")


def resolve_api_key(api_key: str | None) -> str | None:
    """Return the key to send: the argument, ``BITPARETO_API_KEY``, or none."""
    return api_key or os.environ.get("BITPARETO_API_KEY") or None


def request_headers(call: Call[T], attempt: int, api_key: str | None) -> dict[str, str]:
    """Return the headers of one attempt."""
    headers = {"User-Agent": f"bitpareto-python/{VERSION}", "X-Client-Version": VERSION}
    if call.body is not None:
        headers["Content-Type"] = call.content_type
    if call.key is not None:
        headers["Idempotency-Key"] = call.key
    if api_key is not None:
        headers["Authorization"] = f"Bearer {api_key}"
    if attempt:
        headers["X-Retry-Count"] = str(attempt)
    return headers


def connection_error(error: Exception, url: str) -> APIConnectionError:
    """Return our error for one of httpx's."""
    cls = APITimeoutError if isinstance(error, httpx.TimeoutException) else APIConnectionError
    return cls(f"no answer from {url}: {str(error) or type(error).__name__}")


class Transport:
    """Sends calls over one httpx client."""

    def __init__(
        self,
        base_url: str,
        *,
        api_key: str | None = None,
        timeout: httpx.Timeout | float,
        max_retries: int,
        http_client: httpx.Client | None,
    ) -> None:
        self.base_url = base_url
        self._api_key = api_key
        self.max_retries = max_retries
        self._owns_http = http_client is None
        self._http = http_client or httpx.Client(timeout=timeout)

    def close(self) -> None:
        """Close the connections, unless the httpx client is the caller's."""
        if self._owns_http:
            self._http.close()

    def send(self, call: Call[T]) -> T:
        """Send a call, again where that is safe and may help, and return its result."""
        attempt = 0
        while True:
            delay: float | None
            try:
                response = self._http.send(self._request(call, attempt))
            except (httpx.RequestError, httpx.InvalidURL) as error:
                delay = delay_after_error(error, attempt, idempotent=call.idempotent)
                if delay is None or attempt >= self.max_retries:
                    raise connection_error(error, self.base_url) from error
            else:
                if response.is_success:
                    return call.read(response.content)
                status, headers = response.status_code, response.headers
                delay = delay_after_status(status, headers, attempt, idempotent=call.idempotent)
                if delay is None or attempt >= self.max_retries:
                    raise status_error(status, response.content, headers)
            time.sleep(delay)
            attempt += 1

    @contextmanager
    def stream(
        self, call: Call[bytes], *, read_timeout_s: float | None = None
    ) -> Iterator[Iterator[bytes]]:
        """Open one answer, without retries, and give its body out chunk by chunk."""
        request = self._request(call, 0)
        if read_timeout_s is not None:
            request.extensions["timeout"] = {
                **request.extensions["timeout"],
                "read": read_timeout_s,
            }
        try:
            response = self._http.send(request, stream=True)
            try:
                if not response.is_success:
                    raise status_error(response.status_code, response.read(), response.headers)
                yield response.iter_bytes()
            finally:
                response.close()
        except (httpx.RequestError, httpx.InvalidURL) as error:
            raise connection_error(error, self.base_url) from error

    def _request(self, call: Call[T], attempt: int) -> httpx.Request:
        return self._http.build_request(
            call.method,
            self.base_url + call.path,
            params=dict(call.params) or None,
            content=call.body,
            headers=request_headers(call, attempt, self._api_key),
        )
