"""One attempt to send: to no inner machine, by no detour, for no longer than it may take."""

import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from search.addresses import Address, Allowed, allowed_of
from tests.receivers import Receiver, receiving
from worker.failed_calls import failure_in_words
from worker.webhook_post import Calls

HERE = allowed_of("127.0.0.1")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as opened:
        yield opened


@contextmanager
def _socket_receiver(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """Accept connections and hand each to a function; yields the port."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def accept() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                server_of = threading.Thread(target=serve_and_close, args=(connection,))
                server_of.start()
                serving.append(server_of)

        def serve_and_close(connection: socket.socket) -> None:
            with connection:
                serve(connection)

        serving = [threading.Thread(target=accept)]
        serving[0].start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)  # closing alone would not wake whoever accepts
        for thread in serving:
            thread.join(20)


def _drip(connection: socket.socket) -> None:
    try:
        for byte in b"HTTP/1.1 200 OK\r\n" + b"X-Slow: yes\r\n" * 99:
            connection.sendall(bytes([byte]))
            time.sleep(0.1)
    except OSError:
        pass


def _flood(connection: socket.socket) -> None:
    connection.recv(65536)
    try:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65536)
    except OSError:
        pass


def test_a_receiver_that_drips_is_cut_and_one_that_floods_is_not_read() -> None:
    calls = Calls(allowed=HERE, connect_s=1.0, total_s=0.6)
    with _socket_receiver(_drip) as port:
        began = time.monotonic()
        outcome = calls.post(f"http://127.0.0.1:{port}/", b"{}", {})
        assert time.monotonic() - began < 5
        assert (outcome.status, outcome.error) == (
            None,
            "timed out: no answer within 1 s",
        )
        began = time.monotonic()
        outcome = calls.post(f"https://127.0.0.1:{port}/", b"{}", {})
        assert time.monotonic() - began < 5
        assert outcome.error is not None
    with _socket_receiver(_flood) as port:
        outcome = calls.post(f"http://127.0.0.1:{port}/", b"{}", {})
        assert (outcome.status, outcome.error) == (200, None)
        assert outcome.seconds < 5


REFUSED = [
    "http://127.0.0.1:{port}/",
    "http://localhost:{port}/",
    "http://2130706433:{port}/",
    "http://0x7f.1:{port}/",
    "http://[::1]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://0.0.0.0:{port}/",
]


@pytest.mark.parametrize("url", REFUSED)
def test_an_address_of_this_machine_is_not_called(receiver: Receiver, url: str) -> None:
    port = receiver.url.split(":")[2].split("/")[0]
    outcome = Calls(allowed=Allowed()).post(url.format(port=port), b"{}", {})
    assert outcome.status is None
    assert "not on the public internet" in str(outcome.error)
    assert receiver.got == []


def test_the_connection_goes_to_the_address_that_was_checked(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look-up between the check and the connection would have another answer."""
    asked: list[str] = []

    def resolve(host: str, _port: int) -> list[Address]:
        asked.append(host)
        return [ip_address("127.0.0.1")] if len(asked) == 1 else [ip_address("192.0.2.1")]

    def no_names(host: str, *arguments: Any, **options: Any) -> Any:
        ip_address(host)  # connecting to an address asks the system to read it, not to look it up
        return real(host, *arguments, **options)

    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", no_names)
    url = receiver.url.replace("127.0.0.1", "hooks.example")
    outcome = Calls(allowed=HERE, resolve=resolve).post(url, b"{}", {})
    assert outcome.status == 200
    assert asked == ["hooks.example"]
    (one,) = receiver.got
    assert one.headers["Host"].startswith("hooks.example:")


def test_one_private_address_among_public_ones_is_enough(receiver: Receiver) -> None:
    both = [ip_address("93.184.215.14"), ip_address("127.0.0.1")]
    calls = Calls(allowed=Allowed(), resolve=lambda _host, _port: both)
    assert "not on the public" in str(calls.post(receiver.url, b"{}", {}).error)
    assert receiver.got == []


def test_redirects_are_not_followed(receiver: Receiver) -> None:
    with receiving() as inner:
        for status in (301, 302, 303, 307, 308):
            receiver.answer = lambda _, status=status: (status, {"Location": inner.url})  # type: ignore[misc]  # bound early
            outcome = Calls(allowed=HERE).post(receiver.url, b"{}", {})
            assert outcome.error == f"answered {status}; redirects are not followed"
        assert inner.got == []


def test_no_proxy_of_the_environment_is_asked(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert Calls(allowed=HERE).post(receiver.url, b"{}", {}).status == 200


@pytest.mark.parametrize(
    ("name", "value"), [("Bitpareto-Event-Type", "a\r\nX-Injected: 1"), ("X\r\nY", "1")]
)
def test_a_header_cannot_smuggle_another(receiver: Receiver, name: str, value: str) -> None:
    outcome = Calls(allowed=HERE).post(receiver.url, b"{}", {name: value})
    assert outcome.status is None
    assert receiver.got == []


@pytest.mark.parametrize("path", ["/a b", "/a\r\nX-Injected: 1", "/\x00"])
def test_a_path_cannot_smuggle_a_header(receiver: Receiver, path: str) -> None:
    outcome = Calls(allowed=HERE).post(receiver.url.replace("/hook", path), b"{}", {})
    assert all("X-Injected" not in one.headers for one in receiver.got)
    assert outcome.status is None or not receiver.got[0].headers.get("X-Injected")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate and key for ``hooks.example``, by nobody anyone trusts."""
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    made = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=hooks.example -addext"
    command = ["openssl", *made.split(), "subjectAltName=DNS:hooks.example"]
    subprocess.run(
        [*command, "-keyout", str(path), "-out", str(path.with_suffix(".crt"))],
        check=True,
        capture_output=True,
    )
    path.write_text(path.read_text() + path.with_suffix(".crt").read_text())
    return path


def test_a_certificate_is_checked_against_the_name_not_the_address(certificate: Path) -> None:
    here = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    here.load_cert_chain(certificate)

    def serve(connection: socket.socket) -> None:
        try:
            with here.wrap_socket(connection, server_side=True) as secure:
                received = b""
                while not received.endswith(b"{}"):
                    received += secure.recv(65536)
                secure.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
        except OSError:
            pass

    def resolve(_host: str, _port: int) -> list[Address]:
        return [ip_address("127.0.0.1")]

    trusting = ssl.create_default_context(cafile=str(certificate))
    with _socket_receiver(serve) as port:
        good = Calls(allowed=HERE, resolve=resolve, tls=trusting)
        assert good.post(f"https://hooks.example:{port}/", b"{}", {}).status == 204
        other = good.post(f"https://other.example:{port}/", b"{}", {})
        unknown = Calls(allowed=HERE, resolve=resolve)
        nobody = unknown.post(f"https://hooks.example:{port}/", b"{}", {})
    assert (other.status, nobody.status) == (None, None)
    assert other.error == (
        "TLS certificate not valid: Hostname mismatch, certificate is not valid for 'other.example'"
    )
    assert nobody.error == "TLS certificate not valid: self-signed certificate"


def test_what_failed_is_said_in_words() -> None:
    def answering(content: bytes) -> Callable[[socket.socket], None]:
        def serve(connection: socket.socket) -> None:
            connection.recv(65536)
            connection.sendall(content)

        return serve

    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
    calls = Calls(allowed=HERE)
    said = {"refused": calls.post(f"http://127.0.0.1:{port}/", b"{}", {}).error}
    for name, content in (("closed", b""), ("other", b"SSH-2.0-OpenSSH_9.6\r\n")):
        with _socket_receiver(answering(content)) as port:
            said[name] = calls.post(f"http://127.0.0.1:{port}/", b"{}", {}).error
            said[f"{name} to TLS"] = calls.post(f"https://127.0.0.1:{port}/", b"{}", {}).error
    said["no route"] = failure_in_words(OSError(113, "No route to host"), 1.0)
    assert said == {
        "refused": "connection refused: nothing listens there",
        "closed": "connection closed by the receiver before it answered",
        "closed to TLS": "TLS handshake failed: unexpected eof while reading",
        "other": "answered something that is not HTTP",
        "other to TLS": "TLS handshake failed: wrong version number",
        "no route": "no connection: no route to host",
    }
