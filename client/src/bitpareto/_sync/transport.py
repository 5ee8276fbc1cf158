# Made by scripts/make_sync_client.py; change bitpareto/_async instead.
"""Sends calls, again where that is safe and may help."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import sleep
from typing import Final, TypeVar

import httpx

from bitpareto._calls import Call
from bitpareto._retries import delay_after_error, delay_after_status
from bitpareto._transport import check_version, connection_error, request_headers
from bitpareto.errors import status_error

T = TypeVar("T")

_PIECE_BYTES: Final = 1 << 18


@dataclass(frozen=True, slots=True)
class Answer:
    """A success whose body comes chunk by chunk."""

    status: int
    chunks: Iterator[bytes]


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
        self._has_checked = False

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
                    raise connection_error(error, self.base_url, call) from error
            else:
                self._hear(response)
                if response.is_success:
                    return call.read(response.content)
                status, headers = response.status_code, response.headers
                delay = delay_after_status(status, headers, attempt, idempotent=call.idempotent)
                if delay is None or attempt >= self.max_retries:
                    raise status_error(status, response.content, headers)
            sleep(delay)
            attempt += 1

    @contextmanager
    def stream(self, call: Call[bytes], *, read_timeout_s: float | None = None) -> Iterator[Answer]:
        """Open one answer, without retries."""
        request = self._request(call, 0)
        if read_timeout_s is not None:
            request.extensions["timeout"] = {
                **request.extensions["timeout"],
                "read": read_timeout_s,
            }
        try:
            response = self._http.send(request, stream=True)
            try:
                self._hear(response)
                if not response.is_success:
                    body = response.read()
                    raise status_error(response.status_code, body, response.headers)
                yield Answer(response.status_code, response.iter_bytes())
            finally:
                response.close()
        except (httpx.RequestError, httpx.InvalidURL) as error:
            raise connection_error(error, self.base_url, call) from error

    def _hear(self, response: httpx.Response) -> None:
        """Look once which version answers."""
        if not self._has_checked:
            self._has_checked = True
            check_version(response.headers, self.base_url)

    def _request(self, call: Call[T], attempt: int) -> httpx.Request:
        return self._http.build_request(
            call.method,
            self.base_url + call.path,
            params=dict(call.params) or None,
            content=call.body if call.file is None else _pieces(call.file, call.on_sent),
            headers=request_headers(call, attempt, self._api_key),
            timeout=self._timeout(call),
        )

    def _timeout(self, call: Call[T]) -> httpx.Timeout:
        own = self._http.timeout
        read = own.read if call.read_timeout_s is None else call.read_timeout_s
        return httpx.Timeout(connect=own.connect, read=read, write=own.write, pool=own.pool)


def _pieces(path: Path, on_sent: Callable[[int], None] | None) -> Iterator[bytes]:
    n_sent = 0
    with path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            if on_sent is not None:
                on_sent(n_sent)
            yield piece
            n_sent += len(piece)
    if on_sent is not None:
        on_sent(n_sent)
