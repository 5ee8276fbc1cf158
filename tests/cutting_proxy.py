"""A TCP proxy that cuts connections after some bytes, as networks do in the middle of a file."""

import itertools
import select
import socket
import struct
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

POLL_S: Final = 0.1


class CuttingProxy:
    """Forwards to a port of this machine.

    Attributes:
        port: Where it listens.
        cuts: How many connections it has cut so far.
    """

    def __init__(
        self, target_port: int, passed_bytes: Iterable[int], *, of_requests: bool = False
    ) -> None:
        """Start to listen.

        Args:
            target_port: Where to forward to.
            passed_bytes: How many bytes the client of each connection gets before it is cut, one
                number per connection; later connections stay whole.
            of_requests: Whether it is bytes that the server gets.
        """
        self._target_port = target_port
        self._passed = itertools.chain(passed_bytes, itertools.repeat(None))
        self._of_requests = of_requests
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.cuts = 0
        self._closing = threading.Event()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        """Accept no more, and close what is open."""
        self._closing.set()
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _accept(self) -> None:
        self._listener.settimeout(POLL_S)
        while not self._closing.is_set():
            with suppress(TimeoutError):
                client, _ = self._listener.accept()
                thread = threading.Thread(target=self._forward, args=(client, next(self._passed)))
                self._threads.append(thread)
                thread.start()

    def _forward(self, client: socket.socket, passed: int | None) -> None:
        # either end may go at any time, which is what this is for
        with (
            client,
            suppress(OSError),
            socket.create_connection(("127.0.0.1", self._target_port)) as server,
        ):
            while not self._closing.is_set():
                for source in select.select([client, server], [], [], POLL_S)[0]:
                    content = source.recv(65536)
                    if not content:
                        return
                    to = server if source is client else client
                    if passed is None or (source is client) != self._of_requests:
                        to.sendall(content)
                    elif len(content) < passed:
                        to.sendall(content)
                        passed -= len(content)
                    else:
                        to.sendall(content[:passed])
                        self.cuts += 1
                        # closes with a reset, as a machine that has lost its state does
                        now = struct.pack("ii", 1, 0)
                        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, now)
                        return


@contextmanager
def cutting_proxy(
    address: str, passed_bytes: Iterable[int], *, of_requests: bool = False
) -> Iterator[CuttingProxy]:
    """Run a proxy before a server at ``http://host:port``."""
    port = int(address.rpartition(":")[2])
    proxy = CuttingProxy(port, passed_bytes, of_requests=of_requests)
    try:
        yield proxy
    finally:
        proxy.close()
