"""The address the service listens on: loopback, or one for which there are keys."""

import errno
import socket
from contextlib import closing

from db.store import open_store
from search.addresses import is_loopback
from search.errors import BitparetoError
from search.settings import Settings
from search.store import Store


class AddressError(BitparetoError, ValueError):
    """The service cannot listen there; choose another host or port."""


def check_reachable(host: str, store: Store) -> None:
    """Refuse an address that other machines reach while nobody has a key.

    Raises:
        AddressError: If there is no key that works.
    """
    if is_loopback(host):
        return
    with store.read() as uow:
        keys = uow.access.keys()
    now = store.now()
    if not any(key.is_valid(now) for key in keys):
        raise AddressError(
            f"host {host!r} can be reached from other machines, and there is no API key yet: "
            "make one with `bitpareto-server keys create --user NAME`, or listen on 127.0.0.1"
        )


def check_reachable_of(settings: Settings) -> None:
    """See ``check_reachable``, for a database that has been migrated."""
    with closing(open_store(settings.database_url)) as store:
        check_reachable(settings.host, store)


def listen(host: str, port: int) -> socket.socket:
    """Open the listening socket; port 0 takes a free one.

    The supervisor keeps it, so that the port stays ours while the API restarts.

    Raises:
        AddressError: If the port is taken or may not be used.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends without delay (TCP_NODELAY) only where the protocol is named
    listener = socket.socket(family, proto=socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise AddressError(
                f"port {port} on {host} is in use by another program; choose another with "
                "--port, or --port 0 for any free one"
            ) from error
        raise AddressError(f"cannot listen on {host}, port {port}: {error.strerror}") from error
    return listener


def address_of(listener: socket.socket) -> str:
    """Return the URL at which a listening socket is reached."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
