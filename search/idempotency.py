"""A request that is sent twice acts once: the client names it with a key of its own.

The key is kept in the transaction that does the work. So there is no moment at which one of them is
there without the other, whenever a process dies, and of two requests at once one waits for the
other and hears what it made.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol, TypeVar

KEPT: Final = timedelta(hours=24)


class Made(Protocol):
    """What a request made or changed."""

    @property
    def id(self) -> str:
        """Its id."""


M = TypeVar("M", bound=Made)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestKey:
    """The name a client gave a request.

    Attributes:
        fingerprint: SHA-256 of all that the request says.
    """

    name: str
    fingerprint: str


class RequestKeyRepository(Protocol):
    """Keys of requests, each project's apart."""

    def claim(self, key: RequestKey, now: datetime) -> str | None:
        """Keep a key; returns what its first request made, ``None`` if this is the first.

        Raises:
            KeyReusedError: If the first request said something else.
            StoreBusyError: If the key was forgotten just now.
        """

    def keep(self, key: RequestKey, made_id: str) -> None:
        """Note what the first request made."""

    def forget(self, now: datetime) -> int:
        """Forget some of the keys that have ended; returns how many.

        In a store of all projects, of every project.
        """


def act_once(
    keys: RequestKeyRepository,
    key: RequestKey | None,
    act: Callable[[], M],
    read: Callable[[str], M],
    now: datetime,
) -> tuple[M, bool]:
    """Act unless an earlier request with this key did; returns what was made, and if by that one.

    Args:
        keys: Of the transaction that ``act`` writes in.
        key: A request without one always acts.
        act: Does the work; if it raises, the transaction must end, and the key is free again.
        read: Returns what an earlier request made, as it is now.
        now: The time of the request.
    """
    if key is None:
        return act(), False
    made_id = keys.claim(key, now)
    if made_id is not None:
        return read(made_id), True
    made = act()
    keys.keep(key, made.id)
    return made, False
