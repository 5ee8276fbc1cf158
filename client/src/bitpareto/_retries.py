"""When a call is sent again, and after how long."""

import random
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import httpx

RETRIED_STATUSES: Final = frozenset({408, 429, 502, 503, 504})
FIRST_DELAY_S: Final = 0.5
LONGEST_DELAY_S: Final = 8.0
LONGEST_OBEYED_S: Final = 120.0
"""A server that asks for more gets no retry: the caller should hear of it now."""
JITTER: Final = 0.25


def backoff_s(attempt: int) -> float:
    """Return the delay before retry ``attempt`` (0, 1, …): doubling, less up to a quarter."""
    delay = min(FIRST_DELAY_S * 2**attempt, LONGEST_DELAY_S)
    return float(delay * (1 - JITTER * random.random()))  # noqa: S311 - spreads load, hides nothing


def delay_after_status(
    status: int, headers: Mapping[str, str], attempt: int, *, idempotent: bool
) -> float | None:
    """Return the delay before a retry, or ``None`` when the answer is final."""
    if not idempotent or status not in RETRIED_STATUSES:
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
