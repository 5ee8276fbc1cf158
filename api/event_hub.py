"""One look at the database serves everybody who follows the same log.

The database is polled, in a thread, so that any number of API processes can serve one search and
the event loop never waits for a lock.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final, ParamSpec, TypeVar

from fastapi.concurrency import run_in_threadpool

from api.event_logs import BATCH, Entry, Log
from search.entities import Search
from search.errors import StoreBusyError

logger = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

_KEPT: Final = 2_000
"""Newest events that a feed holds; who is further behind reads the database."""


class Feed:
    """The newest events of a log, encoded once for all who follow it.

    Args:
        log: What is followed.
        newest: Where it is now.

    Attributes:
        floor: Whoever has all events up to this id finds the rest here.
        newest: Id of the last event here.
        followers: How many there are.
    """

    def __init__(self, log: Log, newest: int) -> None:
        self._log = log
        self.floor = self.newest = newest
        self.followers = 0
        self._entries: deque[Entry] = deque()
        self._looks = 0
        self._over: tuple[int, Search] | None = None
        self._changed = asyncio.Event()
        self._error: BaseException | None = None

    @property
    def looks(self) -> int:
        """How many looks at the database have begun."""
        return self._looks

    def after(self, event_id: int, wants: Callable[[Entry], bool]) -> bytes:
        """Return the messages after ``event_id``, which is ``floor`` or more, that are wanted."""
        found = []
        for entry in reversed(self._entries):
            if entry.event.id <= event_id:
                break
            if wants(entry):
                found.append(entry.message)
        return b"".join(reversed(found))

    def over_since(self, look: int) -> Search | None:
        """Return the search if a look later than ``look`` saw that nothing can follow."""
        return self._over[1] if self._over is not None and self._over[0] > look else None

    async def changed(self, timeout_s: float) -> bool:
        """Wait until something has happened, for some seconds at most; whether it has.

        Raises:
            Exception: What ended the looks at the database.
        """
        if self._error is not None:
            raise self._error
        try:
            async with asyncio.timeout(timeout_s):
                await self._changed.wait()
        except TimeoutError:
            return False
        return True

    async def look(self) -> bool:
        """Pass on what the database has beyond ``newest``; whether it may have more."""
        self._looks += 1
        found = await read_patiently(self._log.look, self.newest)
        self._entries.extend(found.entries)
        self.newest = found.newest
        while len(self._entries) > _KEPT:
            self.floor = self._entries.popleft().event.id
        self._over = (self._looks, found.over) if found.over is not None else None
        if found.entries or self._over:
            self._wake()
        return len(found.entries) >= BATCH

    def end(self, task: "asyncio.Task[None]") -> None:
        """Take note that nobody looks any more, and of the error if that is why."""
        self._error = None if task.cancelled() else task.exception()
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


class EventHub:
    """The feeds of all logs that somebody follows.

    Args:
        poll_s: Seconds between two looks.
    """

    def __init__(self, poll_s: float) -> None:
        self._poll_s = poll_s
        self._feeds: dict[str, Feed] = {}
        self._polls: dict[str, asyncio.Task[None]] = {}

    @asynccontextmanager
    async def follow(self, log: Log) -> AsyncIterator[Feed]:
        """Have a log polled for as long as somebody follows it, or another of the same name."""
        name = log.name
        feed = self._feeds.get(name)
        if feed is None:
            newest = await read_patiently(log.newest)
            feed = self._feeds.setdefault(name, Feed(log, newest))
        feed.followers += 1
        if name not in self._polls:
            poll = self._polls[name] = asyncio.create_task(self._poll(feed))
            poll.add_done_callback(feed.end)
        try:
            yield feed
        finally:
            feed.followers -= 1
            if not feed.followers:
                del self._feeds[name]
                self._polls.pop(name).cancel()

    async def _poll(self, feed: Feed) -> None:
        while True:
            if not await feed.look():
                await asyncio.sleep(self._poll_s)


async def read_patiently(read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Read in a thread, as often as the database says that it is busy."""
    while True:
        try:
            return await run_in_threadpool(read, *args, **kwargs)
        except StoreBusyError as error:
            logger.warning("an event stream waits: %s", error)
            await asyncio.sleep(error.retry_after_s)
