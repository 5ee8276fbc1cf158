"""Real receivers of webhooks, for tests: HTTP servers that keep what they are sent."""

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from typing_extensions import override

PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class Received:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    def is_signed_by(self, secret: str) -> bool:
        """Whether the signature is right, as the documentation says it is made."""
        parts = [part.split("=", 1) for part in self.headers["Bitpareto-Signature"].split(",")]
        (timestamp,) = [value for name, value in parts if name == "t"]
        message = timestamp.encode() + b"." + self.body
        expected = hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
        return expected in [value for name, value in parts if name == "v1"]


@dataclass(slots=True)
class Receiver:
    """A receiver that answers what it is told to; ``answer`` gets each request as it comes."""

    url: str = ""
    got: list[Received] = field(default_factory=list)
    answer: Callable[[Received], int | tuple[int, dict[str, str]]] = lambda _: 200

    @property
    def event_ids(self) -> list[int]:
        return [one.event["id"] for one in self.got]

    def wait_for(self, n: int) -> list[Received]:
        """Return what came once it is ``n`` requests."""
        wait_until(lambda: len(self.got) >= n, f"{n} requests, there are {len(self.got)}")
        return self.got


def wait_until(is_so: Callable[[], object], what: str) -> None:
    """Wait for something that is about to happen."""
    until = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < until, f"waited in vain for {what}"
        time.sleep(0.01)


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Run a receiver on this machine."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            one = Received(self.path, dict(self.headers.items()), body)
            receiver.got.append(one)
            answer = receiver.answer(one)
            status, headers = answer if isinstance(answer, tuple) else (answer, {})
            self.send_response(status)
            for name, value in {"Content-Length": "0", **headers}.items():
                self.send_header(name, value)
            self.end_headers()

        @override
        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_port}/hook"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
