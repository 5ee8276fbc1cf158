"""One attempt to send something to an address that a user has named.

Whoever names it must not reach, through us, what only we can reach. So the name is looked up
once, every address it has is checked, and the connection goes to one that was checked: a second
look-up could find another. Redirects are not followed, nor are proxies of the environment asked.
"""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, urlsplit

from typing_extensions import override

from search.addresses import Address, Allowed, Resolve, resolve
from search.webhooks import Outcome
from worker.failed_calls import failure_in_words

_READ_BYTES: Final = 4096
"""Of an answer's body; nobody keeps it, but a receiver may want to have sent it."""
_MOST_ADDRESSES: Final = 3
_GOOD: Final = range(200, 300)
_REDIRECTS: Final = range(300, 400)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """How receivers are called.

    Attributes:
        allowed: What may be called beyond the public internet.
        resolve: Looks a host up.
        connect_s: Until an address answers; three are tried at most.
        total_s: For everything else together, however slowly bytes come.
        tls: What certificates are checked against.
    """

    allowed: Allowed
    resolve: Resolve = resolve
    connect_s: float = 5.0
    total_s: float = 10.0
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Outcome:
        """Send one request and return how it ended; whatever goes wrong is in the outcome."""
        began = time.monotonic()
        status, retry_after_s = None, None
        try:
            parts = urlsplit(url)
            with _cut_after(self.total_s, self._connection(parts)) as connection:
                connection.request("POST", _target(parts), body=body, headers=dict(headers))
                answer = connection.getresponse()
                status, retry_after_s = answer.status, _seconds(answer.headers["Retry-After"])
                with suppress(OSError, http.client.HTTPException):  # what counts is the status
                    answer.read(_READ_BYTES)
            error = _why_not_good(status)
        except _RefusedError as refused:
            error = str(refused)
        except (OSError, http.client.HTTPException, ValueError) as lost:
            error = failure_in_words(lost, time.monotonic() - began)
        seconds = time.monotonic() - began
        return Outcome(status=status, error=error, seconds=seconds, retry_after_s=retry_after_s)

    def _connection(self, parts: SplitResult) -> "_Pinned":
        """Return a connection to be opened to an address that was checked."""
        host, is_tls = parts.hostname or "", parts.scheme == "https"
        port = parts.port or (443 if is_tls else 80)
        addresses = self.resolve(host, port)
        why_not = self.allowed.why_not(host, addresses)
        if why_not is not None:
            raise _RefusedError(why_not)
        return _Pinned(host, port, addresses, self.connect_s, self.tls if is_tls else None)


class _RefusedError(Exception):
    """The address must not be called."""


class _Pinned(http.client.HTTPConnection):
    """A connection to one of some addresses; the name is in the header and the certificate only."""

    def __init__(
        self,
        host: str,
        port: int,
        addresses: Sequence[Address],
        connect_s: float,
        tls: ssl.SSLContext | None,
    ) -> None:
        super().__init__(host, port, timeout=connect_s)
        self.is_over = False
        self.default_port = 443 if tls else 80
        self._addresses = addresses
        self._tls = tls

    @override
    def connect(self) -> None:
        """Open it to the first address that answers."""
        self.sock = self._first()
        if self.is_over:
            raise TimeoutError
        self.sock.settimeout(None)  # it is cut when its time is over
        if self._tls is not None:
            self.sock = self._tls.wrap_socket(
                self.sock, server_hostname=self.host, do_handshake_on_connect=False
            )
            self.sock.do_handshake()  # only now, so that it can be cut

    def cut(self) -> None:
        """End it from another thread."""
        self.is_over = True
        with suppress(OSError, TypeError):  # closed meanwhile, or not there yet
            # that of the plain socket: TLS would begin to say goodbye
            socket.socket.shutdown(self.sock, socket.SHUT_RDWR)

    def _first(self) -> socket.socket:
        failure: OSError = ConnectionError("no address")
        for address in self._addresses[:_MOST_ADDRESSES]:
            try:
                return socket.create_connection((str(address), self.port), self.timeout)
            except OSError as error:
                failure = error
        raise failure


@contextmanager
def _cut_after(total_s: float, connection: _Pinned) -> Iterator[_Pinned]:
    """Cut a connection when its time is over; a time limit of a socket begins with each byte.

    Raises:
        TimeoutError: If it was cut.
    """
    timer = threading.Timer(total_s, connection.cut)
    timer.daemon = True
    timer.start()
    try:
        yield connection
    except (OSError, http.client.HTTPException) as error:
        if connection.is_over:
            raise TimeoutError from error
        raise
    finally:
        timer.cancel()
        connection.close()


def _target(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _why_not_good(status: int) -> str | None:
    if status in _GOOD:
        return None
    if status in _REDIRECTS:
        return f"answered {status}; redirects are not followed"
    return f"answered {status}"


def _seconds(text: str | None) -> float | None:
    """Read ``Retry-After`` in its usual form; the other, a date, is left aside."""
    return float(text) if text is not None and text.isdecimal() and len(text) < 7 else None
