"""One look at the database serves everybody who follows a search.

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
from fastapi.sse import format_sse_event

from api.mapping import event_to_wire
from search.entities import Event, Search
from search.errors import StoreBusyError
from search.states import TERMINAL_SEARCH_STATES, TrialState
from search.store import Store

logger = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

BATCH: Final = 500
"""Events read at once; a long replay is sent in several reads."""
_KEPT: Final = 2_000
"""Newest events that a feed holds; who is further behind reads the database."""


class Feed:
    """A search's newest events, encoded once for all who follow it.

    Attributes:
        floor: Whoever has all events up to this id finds the rest here.
        newest: Id of the last event here.
        followers: How many there are.
    """

    def __init__(self, newest: int) -> None:
        self.floor = self.newest = newest
        self.followers = 0
        self._events: deque[tuple[int, bytes]] = deque()
        self._looks = 0
        self._over: tuple[int, Search] | None = None
        self._changed = asyncio.Event()
        self._error: BaseException | None = None

    @property
    def looks(self) -> int:
        """How many looks at the database have begun."""
        return self._looks

    def after(self, event_id: int) -> bytes:
        """Return the messages of the events after ``event_id``, which is ``floor`` or more."""
        found = []
        for each, message in reversed(self._events):
            if each <= event_id:
                break
            found.append(message)
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

    def look(self, store: Store, search_id: str) -> tuple[list[Event], Search]:
        """Return what the database has beyond ``newest``; to be called in a thread."""
        self._looks += 1
        with store.read() as uow:  # one snapshot: a search seen as over has no later events
            return uow.events.after(search_id, self.newest, BATCH), uow.searches.get(search_id)

    def take(self, events: list[Event], search: Search) -> None:
        """Pass on what a look has found."""
        for event in events:
            self._events.append((event.id, encode(event)))
            self.newest = event.id
        while len(self._events) > _KEPT:
            self.floor, _ = self._events.popleft()
        self._over = (self._looks, search) if not events and is_over(search) else None
        if events or self._over:
            self._wake()

    def end(self, task: "asyncio.Task[None]") -> None:
        """Take note that nobody looks any more, and of the error if that is why."""
        self._error = None if task.cancelled() else task.exception()
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


class EventHub:
    """The feeds of all searches that somebody follows.

    Args:
        store: Of all projects; who may follow a search is decided before.
        poll_s: Seconds between two looks.
    """

    def __init__(self, store: Store, poll_s: float) -> None:
        self._store = store
        self._poll_s = poll_s
        self._feeds: dict[str, Feed] = {}
        self._polls: dict[str, asyncio.Task[None]] = {}

    @asynccontextmanager
    async def follow(self, search_id: str) -> AsyncIterator[Feed]:
        """Have a search polled for as long as somebody follows it."""
        feed = self._feeds.get(search_id)
        if feed is None:
            newest = await read_patiently(self._last_id, search_id)
            feed = self._feeds.setdefault(search_id, Feed(newest))
        feed.followers += 1
        if search_id not in self._polls:
            poll = self._polls[search_id] = asyncio.create_task(self._poll(search_id, feed))
            poll.add_done_callback(feed.end)
        try:
            yield feed
        finally:
            feed.followers -= 1
            if not feed.followers:
                del self._feeds[search_id]
                self._polls.pop(search_id).cancel()

    def _last_id(self, search_id: str) -> int:
        with self._store.read() as uow:
            return uow.events.last_id(search_id)

    async def _poll(self, search_id: str, feed: Feed) -> None:
        while True:
            events, search = await read_patiently(feed.look, self._store, search_id)
            feed.take(events, search)
            if len(events) < BATCH:
                await asyncio.sleep(self._poll_s)


async def read_patiently(read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Read in a thread, as often as the database says that it is busy."""
    while True:
        try:
            return await run_in_threadpool(read, *args, **kwargs)
        except StoreBusyError as error:
            logger.warning("an event stream waits: %s", error)
            await asyncio.sleep(error.retry_after_s)


def is_over(search: Search) -> bool:
    """Whether no event can follow."""
    counts = search.trial_counts
    active = counts.get(TrialState.QUEUED, 0) + counts.get(TrialState.RUNNING, 0)
    # after a cancel, running trials still report their end
    return search.state in TERMINAL_SEARCH_STATES and not active


def encode(event: Event) -> bytes:
    """Return an event in wire format."""
    data = event_to_wire(event).model_dump_json()
    return format_sse_event(data_str=data, event=event.type, id=str(event.id))
