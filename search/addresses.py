"""Which addresses this machine alone can reach, and which a user may have us call."""

import ipaddress
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NOT_PUBLIC: Final = tuple(
    ipaddress.ip_network(text)
    for text in (
        "100.64.0.0/10",  # carrier-grade NAT
        "192.88.99.0/24",  # 6to4 relays
        "::/96",  # holds an IPv4 address, as the next six do
        "::ffff:0:0/96",
        "::ffff:0:0:0/96",
        "64:ff9b::/96",  # NAT64
        "64:ff9b:1::/48",
        "2001::/32",  # Teredo
        "2002::/16",  # 6to4
        "fec0::/10",  # site-local of before 2004
    )
)
"""What ``ipaddress`` calls global, in this version of Python or an earlier one, and is not."""


@lru_cache(maxsize=256)
def is_loopback(host: str) -> bool:
    """Whether a host is this machine, as seen from itself alone."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_public(address: Address) -> bool:
    """Whether an address is one machine's on the public internet, and holds no other address."""
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not any(address in network for network in _NOT_PUBLIC)
    )


@dataclass(frozen=True, slots=True)
class Allowed:
    """What an operator lets users have called beyond the public internet.

    Attributes:
        networks: Addresses.
        hosts: Names, whatever address they have.
    """

    networks: tuple[Network, ...] = ()
    hosts: frozenset[str] = frozenset()

    def why_not(self, host: str, addresses: Sequence[Address]) -> str | None:
        """Say why a host of these addresses may not be called, ``None`` where it may.

        One word for a name that nobody has and one of the inner network: whoever asks shall not
        learn what is there.
        """
        if host.lower() in self.hosts:
            return None if addresses else f"{host} has no address"
        if addresses and all(self._may_be_called(address) for address in addresses):
            return None
        return f"{host} has no address, or one that is not on the public internet"

    def _may_be_called(self, address: Address) -> bool:
        return is_public(address) or any(address in network for network in self.networks)


def allowed_of(text: str) -> Allowed:
    """Read a list such as ``10.1.0.0/16,127.0.0.1,hooks.internal``.

    Raises:
        ValueError: If a part is neither a network, an address nor a name.
    """
    networks: list[Network] = []
    hosts: set[str] = set()
    for part in filter(None, (part.strip() for part in text.split(","))):
        try:
            networks.append(ipaddress.ip_network(part))
        except ValueError:
            if "/" in part or ":" in part:
                raise
            hosts.add(part.lower())
    return Allowed(tuple(networks), frozenset(hosts))


Resolve = Callable[[str, int], Sequence[Address]]
"""Looks a host up; empty where nobody knows it."""


def resolve(host: str, port: int) -> list[Address]:
    """Return the addresses that the system has for a host, or is one; empty for none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    # a scope after % means something on this machine alone
    return [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
