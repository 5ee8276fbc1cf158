"""Identifiers: a prefix and a ULID, so that they sort by time of creation."""

import secrets
import time
from typing import Literal

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
Prefix = Literal["sea", "trl", "art", "mdl", "wrk", "key"]


def new_id(prefix: Prefix) -> str:
    """Return ``prefix_`` and a ULID: 48 bits of milliseconds, 80 random bits, Crockford base 32."""
    number = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    return f"{prefix}_" + "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -5, -5))
