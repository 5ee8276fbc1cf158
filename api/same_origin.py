"""What a browser tells of the page that makes a request.

A page of another site can make a browser send a request here, with the cookie or from this machine,
though it cannot read the answer. Browsers say so: in ``Sec-Fetch-Site``, older ones in ``Origin``.

Sources:
    Fetch Metadata Request Headers, W3C; OWASP Cheat Sheet "Cross-Site Request Forgery Prevention".
"""

from collections.abc import Mapping
from typing import Final

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""Nothing changes by these."""
_OURS: Final = (b"same-origin", b"none")


def comes_from_our_page(headers: Mapping[bytes, bytes]) -> bool | None:
    """Whether a page of this server makes a request; ``None`` where nobody says.

    Args:
        headers: By lower-case name.
    """
    site = headers.get(b"sec-fetch-site")
    if site is not None:
        return site in _OURS
    origin = headers.get(b"origin")
    return None if origin is None else origin.rpartition(b"//")[2] == headers.get(b"host")
