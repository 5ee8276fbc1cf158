"""A page that lost its connection, knowing it or not, comes to show what it missed, once."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


class Line:
    """A way to the server that can be cut, or fall silent where it carries event streams."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._door = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._door.getsockname()[1]}"
        self._sockets: list[socket.socket] = [self._door]
        self._streams: set[int] = set()
        self._silent: set[int] = set()
        self._is_cut = False
        threading.Thread(target=self._accept, daemon=True).start()

    def silence_streams(self) -> int:
        self._silent |= self._streams
        return len(self._silent)

    def cut(self) -> None:
        """End every connection, and each new one at once, until ``mend``."""
        self._is_cut = True
        for opened in self._sockets[1:]:
            with contextlib.suppress(OSError):  # the other end was faster
                opened.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        self._is_cut = False

    def close(self) -> None:
        for opened in self._sockets:
            opened.close()

    def _accept(self) -> None:
        number = 0
        while True:
            try:
                inside, _ = self._door.accept()
            except OSError:
                return
            if self._is_cut:
                inside.close()
                continue
            outside = socket.create_connection(("127.0.0.1", self._port))
            self._sockets += [inside, outside]
            number += 1
            for a, b in ((inside, outside), (outside, inside)):
                threading.Thread(target=self._carry, args=(a, b, number), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, number: int) -> None:
        try:
            while data := source.recv(65_536):
                if data.startswith(b"GET ") and b"/events?" in data.partition(b"\r\n")[0]:
                    self._streams.add(number)
                if number not in self._silent:
                    target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            return  # one of the two has gone


@pytest.fixture
def line(service: Any) -> Iterator[Line]:
    opened = Line(service.port)
    yield opened
    opened.close()


def expect_log_of(page: Page, n_trials: int) -> None:
    """Every trial was proposed, started and finished exactly once."""
    lines = page.locator(".log .log-text")
    for number in range(1, n_trials + 1):
        for what in ("was proposed", "started", "finished"):
            expect(lines.filter(has_text=f"Trial {number} {what}")).to_have_count(1)


def test_after_a_lost_network(line: Line, page: Page, script: Any, complaints: list[str]) -> None:
    script.run_one(0.9)
    page.goto(f"{line.address}/?search={script.id}")
    expect_log_of(page, 1)
    line.cut()
    expect(page.get_by_text("No connection to the server")).to_be_visible()
    script.run_one(0.95)
    script.run_one(0.99)
    expect(page.locator(".trials tbody tr")).to_have_count(1)
    line.mend()
    expect(page.get_by_text("No connection to the server")).to_be_hidden()
    expect_log_of(page, 3)
    expect(page.locator(".trials tbody tr")).to_have_count(3)
    complaints[:] = [text for text in complaints if "ERR_" not in text]


def test_after_a_sleep_in_which_the_connection_died_unnoticed(
    line: Line, page: Page, script: Any
) -> None:
    script.run_one(0.9)
    page.clock.install()
    page.goto(f"{line.address}/?search={script.id}")
    expect(page.locator(".connection")).to_have_text("Live")
    expect_log_of(page, 1)
    assert line.silence_streams() == 1
    script.run_one(0.99)
    page.wait_for_timeout(1500)
    expect(page.locator(".trials tbody tr")).to_have_count(1)  # nothing came, and nothing says so
    expect(page.locator(".connection")).to_have_text("Live")
    page.clock.fast_forward("10:00")
    expect_log_of(page, 2)
    expect(page.locator(".trials tbody tr")).to_have_count(2)
