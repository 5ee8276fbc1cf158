"""When a call is sent again, and after how long."""

import random
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import httpx

from bitpareto.errors import APIConnectionError, APIStatusError

SERVER_FAULT: Final = 500
"""This and all above are the server's own, or a proxy's."""
RETRIED_STATUSES: Final = frozenset({408, 429})
"""Of the others; a 409 of this API says that the object's state forbids it, which waiting changes
not."""
FIRST_DELAY_S: Final = 0.5
LONGEST_DELAY_S: Final = 8.0
LONGEST_OBEYED_S: Final = 120.0
"""A server that asks for more gets no retry: the caller should hear of it now."""
JITTER: Final = 0.25
AWAY_S: Final = 180.0
"""How long a server that was there may be gone, as when it is restarted, before we give up."""
_AWAY_STATUSES: Final = frozenset({502, 503, 504})
"""A proxy before the server says so, or the server itself while it starts."""


class Patience:
    """How long one conversation goes on over connections that break.

    A server that has not been heard yet is asked a few times. One that was there and is gone may be
    on its way back, as after a restart, and is waited for.

    Args:
        failures: Connections in a row that may break without bringing anything.
        note: Told once whenever the server stays away.
    """

    def __init__(self, failures: int, note: Callable[[str], None] | None = None) -> None:
        self._most = failures
        self._note = note
        self._failed = 0
        self._heard_at: float | None = None

    def heard(self) -> None:
        """Take note of a sign of life."""
        self._failed, self._heard_at = 0, time.monotonic()

    def delay_after(self, error: APIConnectionError | APIStatusError) -> float:
        """Return the seconds until the next try.

        Raises:
            APIConnectionError: ``error``, if it was one too many.
            APIStatusError: Likewise, or if the answer is final.
        """
        if isinstance(error, APIStatusError) and not may_pass(error.status):
            raise error
        self._failed += 1
        is_away = isinstance(error, APIConnectionError) or error.status in _AWAY_STATUSES
        if self._heard_at is not None and is_away:
            if time.monotonic() - self._heard_at > AWAY_S:
                raise error
            if self._note is not None and self._failed == 2:  # one alone is a matter of course
                self._note(f"the server is away; asking again for {AWAY_S:.0f} s")
        elif self._failed > self._most:
            raise error
        return backoff_s(self._failed - 1)


def may_pass(status: int) -> bool:
    """Whether the same call may have another answer a little later."""
    return status >= SERVER_FAULT or status in RETRIED_STATUSES


def backoff_s(attempt: int) -> float:
    """Return the delay before retry ``attempt`` (0, 1, …): doubling, less up to a quarter."""
    delay = min(FIRST_DELAY_S * 2**attempt, LONGEST_DELAY_S)
    return float(delay * (1 - JITTER * random.random()))  # noqa: S311 - spreads load, hides nothing


def delay_after_status(
    status: int, headers: Mapping[str, str], attempt: int, *, idempotent: bool
) -> float | None:
    """Return the delay before a retry, or ``None`` when the answer is final."""
    if not idempotent or not may_pass(status):
        return None
    asked = retry_after_s(headers.get("retry-after"), datetime.now(UTC))
    if asked is None:
        return backoff_s(attempt)
    return asked if asked <= LONGEST_OBEYED_S else None


def delay_after_error(error: Exception, attempt: int, *, idempotent: bool) -> float | None:
    """Return the delay before a retry, or ``None`` when sending again could do harm."""
    # where no connection was made nothing was sent, so even a create is safe to repeat
    never_sent = isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout))
    if isinstance(error, httpx.UnsupportedProtocol) or not isinstance(error, httpx.TransportError):
        return None
    return backoff_s(attempt) if idempotent or never_sent else None


def retry_after_s(value: str | None, now: datetime) -> float | None:
    """Return the seconds in a ``Retry-After`` header, which holds seconds or a date."""
    if value is None:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds())
