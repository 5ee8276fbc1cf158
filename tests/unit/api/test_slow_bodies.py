"""A body that does not come, or drips, ends its connection; one that comes steadily does not."""

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from api.app import create_app
from tests.served import BODY, Deployment, served

CONTENT = json.dumps(BODY).encode()


@pytest.fixture
def connection(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A connection to a server that waits half a second for a body."""
    monkeypatch.setattr("api.request_bodies.GRACE_S", 0.5)
    app = create_app(deployment.settings, poll_s=0.02, heartbeat_s=0.1)
    with served(app) as address:
        port = urlsplit(address).port
        with socket.create_connection(("127.0.0.1", port or 0), timeout=10) as opened:
            yield opened


def send_head(connection: socket.socket, length: int, request: str = "POST /v1/searches") -> None:
    connection.sendall(
        f"{request} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Content-Length: {length}\r\n\r\n".encode()
    )


def answer_of(connection: socket.socket) -> tuple[str, bytes]:
    """Read until the server hangs up; returns the status line and everything."""
    received = b""
    while piece := connection.recv(65536):
        received += piece
    return received.split(b"\r\n", 1)[0].decode(), received


def test_a_body_that_does_not_come_ends_the_connection(connection: socket.socket) -> None:
    send_head(connection, 100)
    connection.sendall(b"{")
    status, answer = answer_of(connection)
    assert status == "HTTP/1.1 408 Request Timeout"
    assert json.loads(answer.split(b"\r\n\r\n", 1)[1])["code"] == "body_too_slow"


def test_a_body_that_drips_ends_too(connection: socket.socket) -> None:
    send_head(connection, 100_000)
    ended = threading.Event()

    def drip() -> None:
        while not ended.wait(0.05):
            try:
                connection.sendall(b" ")
            except OSError:  # the server hung up
                return

    dripping = threading.Thread(target=drip)
    dripping.start()
    try:
        received = connection.recv(65536)
    finally:
        ended.set()
        dripping.join()
    assert received.startswith(b"HTTP/1.1 408 ")


def test_what_has_arrived_buys_time(
    connection: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.request_bodies.SLOWEST_BYTES_PER_S", 10)
    send_head(connection, len(CONTENT))
    connection.sendall(CONTENT[:50])
    time.sleep(1)
    connection.sendall(CONTENT[50:])
    assert connection.recv(65536).startswith(b"HTTP/1.1 201 ")


@pytest.mark.parametrize("announced", [0, 100])
def test_a_stream_outlives_the_time_of_bodies(connection: socket.socket, announced: int) -> None:
    send_head(connection, len(CONTENT))
    connection.sendall(CONTENT)
    created = http.client.HTTPResponse(connection)
    created.begin()
    search_id = json.loads(created.read())["id"]
    send_head(connection, announced, f"GET /v1/searches/{search_id}/events")
    ends = time.monotonic() + 1.5
    received = b""
    while time.monotonic() < ends:
        piece = connection.recv(65536)
        assert piece, "the server hung up"
        received += piece
    assert received.startswith(b"HTTP/1.1 200 ")
