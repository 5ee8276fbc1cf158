"""A TCP proxy that can hold everything back for a while, as a network that is cut does."""

import socket
import threading


class StallingProxy:
    """Forwards a port of this machine to a Unix socket."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._flowing = threading.Event()
        self._flowing.set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def stall(self) -> None:
        """Hold all bytes back, in both directions, until ``flow``."""
        self._flowing.clear()

    def flow(self) -> None:
        """Let bytes pass again, those held back first."""
        self._flowing.set()

    def close(self) -> None:
        """Accept no more."""
        self._flowing.set()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            try:
                server.connect(self._target)
            except OSError:
                server.close()
                client.close()
                continue
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while content := source.recv(65536):
                self._flowing.wait()
                sink.sendall(content)
        except OSError:
            pass  # either end was killed, which is what this is for
        finally:
            for end in (source, sink):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue
