"""Identifiers: a prefix and a ULID, so that they sort by time of creation.

Sources:
    [ULID] https://github.com/ulid/spec, section "Monotonicity"
"""

import secrets
import threading
import time
from typing import Literal

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
Prefix = Literal["sea", "trl", "art", "mdl", "wrk", "key", "ses", "aud", "whk", "dlv", "dts"]


class _Numbers:
    """Numbers that rise, also within one millisecond, in one process."""

    def __init__(self) -> None:
        self._last = 0
        self._lock = threading.Lock()

    def next(self) -> int:
        """Return 48 bits of milliseconds and 80 random bits, above every number before."""
        number = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
        with self._lock:
            if number <= self._last:
                number = self._last + 1 + secrets.randbits(64)
            self._last = number
        return number


_numbers = _Numbers()


def new_id(prefix: Prefix) -> str:
    """Return ``prefix_`` and a ULID in Crockford's base 32; a process's ids rise [ULID]."""
    number = _numbers.next()
    return f"{prefix}_" + "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -5, -5))
