"""How many requests one key, or one address, may send.

A token bucket for each: full at first, it fills again over a minute, and every request takes one.
Each API process counts for itself.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.types import Message, Send

from search.errors import RateLimitedError

_REMEMBERED: Final = 10_000
"""Buckets; whoever was forgotten begins with a full one."""
_MINUTE_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left after a request.

    Attributes:
        limit: Requests per minute.
        remaining: Requests that may follow at once.
        reset_s: Seconds until ``limit`` of them may.
    """

    limit: int
    remaining: int
    reset_s: int

    def told(self, send: Send) -> Send:
        """Return ``send`` that adds the ``RateLimit-*`` headers to the answer."""
        values = {"limit": self.limit, "remaining": self.remaining, "reset": self.reset_s}
        own = [(f"ratelimit-{name}".encode(), b"%d" % value) for name, value in values.items()]

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *own]
            await send(message)

        return send_with_headers


class RateLimits:
    """Buckets by name.

    Args:
        per_minute: Requests that each may send; 0 is no limit.
        clock: Seconds that never go back.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = per_minute
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, who: str) -> Allowance | None:
        """Take one request out of somebody's bucket; ``None`` where there is no limit.

        Raises:
            RateLimitedError: If it is empty.
        """
        if not self._limit:
            return None
        level = self._level(who)
        if level < 1:
            self._refuse(level)
        self._buckets[who] = (level - 1, self._clock())
        self._buckets.move_to_end(who)
        if len(self._buckets) > _REMEMBERED:
            self._buckets.popitem(last=False)
        reset_s = math.ceil((self._limit - level + 1) * _MINUTE_S / self._limit)
        return Allowance(self._limit, int(level - 1), reset_s)

    def check(self, who: str) -> None:
        """Take nothing, but refuse who has nothing left.

        Raises:
            RateLimitedError: If the bucket is empty.
        """
        if self._limit and (level := self._level(who)) < 1:
            self._refuse(level)

    def _level(self, who: str) -> float:
        bucket = self._buckets.get(who)
        if bucket is None:
            return float(self._limit)
        level, at = bucket
        filled = level + (self._clock() - at) * self._limit / _MINUTE_S
        return min(float(self._limit), filled)

    def _refuse(self, level: float) -> None:
        wait_s = (1 - level) * _MINUTE_S / self._limit
        detail = f"{self._limit} requests a minute are allowed; the next one in {wait_s:.2g} s"
        raise RateLimitedError(detail, retry_after_s=wait_s)
