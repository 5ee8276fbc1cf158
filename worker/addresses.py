"""The address the service listens on: loopback alone, and nobody else's port."""

import errno
import ipaddress
import socket

from search.errors import BitparetoError


class AddressError(BitparetoError, ValueError):
    """The service cannot listen there; choose another host or port."""


def check_loopback(host: str) -> None:
    """Refuse every host that other machines could reach.

    Raises:
        AddressError: If the host is not a loopback address.
    """
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise AddressError(
            f"host {host!r} can be reached from other machines and the API has no "
            "authentication yet; allowed: 127.0.0.1, localhost, ::1, or any host with "
            "BITPARETO_TRUSTED_NETWORK=1 where something else decides who may come in"
        )


def listen(host: str, port: int) -> socket.socket:
    """Open the listening socket; port 0 takes a free one.

    The supervisor keeps it, so that the port stays ours while the API restarts.

    Raises:
        AddressError: If the port is taken or may not be used.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
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
