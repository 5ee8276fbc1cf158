"""Waiting for the end of a search: events while they come, questions when they do not."""

import sys
import time
from asyncio import sleep
from asyncio.exceptions import CancelledError
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Final

from bitpareto._async.follow import follow_closely
from bitpareto._async.transport import AsyncTransport
from bitpareto._calls import events_call, get_front, get_search
from bitpareto._displays import Display, open_display
from bitpareto._retries import Patience
from bitpareto.errors import APIConnectionError, APIStatusError, WaitTimeoutError
from bitpareto.progress import Tally
from bitpareto.types import Search, SearchEvent

ENDED: Final = frozenset({"succeeded", "failed", "cancelled"})
REFRESH_S: Final = 0.5
POLL_S: Final = 2.0


async def wait_for(
    transport: AsyncTransport, search: Search, timeout_s: float | None, *, show: bool, url: str
) -> Search:
    """Block until a search has ended and return its last state.

    Raises:
        WaitTimeoutError: If that takes longer than ``timeout_s``.
    """
    deadline = None if timeout_s is None else time.monotonic() + timeout_s
    search = await transport.send(get_search(search.id))
    if search.state in ENDED:
        return search
    front = await transport.send(get_front(search.id, None))
    tally = Tally(search, front)
    with open_display(search, url, show=show) as display:
        try:
            display.show(tally, None)
            search = await _watch(transport, tally, display, front.as_of_event, deadline)
        except (KeyboardInterrupt, CancelledError):
            display.note(
                f"detached; search {search.id} goes on. To come back: `bitpareto watch "
                f"{search.id}`, or client.searches.get({search.id!r}).wait()"
            )
            raise
    if search.state not in ENDED:
        raise WaitTimeoutError(search.id, timeout_s or 0.0)
    return search


async def _watch(
    transport: AsyncTransport, tally: Tally, display: Display, after: int, deadline: float | None
) -> Search:
    asked_at, is_stale = time.monotonic(), False
    search_id = tally.search.id
    async for event in _events_or_ticks(transport, search_id, after, deadline, display.note):
        if event is not None:
            tally.take(event)
        is_turn = event is None or event.type == "search.state"
        is_stale = is_stale or event is None or event.type in Tally.COUNTED
        now = time.monotonic()
        if is_turn or (is_stale and now - asked_at >= REFRESH_S):
            asked_at, is_stale = now, False
            tally.search = await _ask(transport, tally.search, deadline, display.note)
        display.show(tally, event)
        # events may lag behind the answer; the stream ends by itself behind the last
        if event is None and tally.search.state in ENDED:
            return tally.search
    return await _ask(transport, tally.search, deadline, display.note)


async def _ask(
    transport: AsyncTransport,
    search: Search,
    deadline: float | None,
    note: Callable[[str], None],
) -> Search:
    """Return a search as it is now, or as it was where time runs out while the server is away."""
    patience = Patience(0, note)
    patience.heard()
    while True:
        try:
            return await transport.send(get_search(search.id))
        except (APIConnectionError, APIStatusError) as error:
            delay_s = patience.delay_after(error)
        if deadline is not None and time.monotonic() + delay_s >= deadline:
            return search
        await sleep(delay_s)


async def _events_or_ticks(
    transport: AsyncTransport,
    search_id: str,
    after: int,
    deadline: float | None,
    note: Callable[[str], None],
) -> AsyncIterator[SearchEvent | None]:
    """Yield events, and ``None`` whenever it is time to ask although nothing has happened."""
    try:
        async for event in follow_closely(
            transport, partial(events_call, search_id), after, deadline, note
        ):
            yield event
    except (APIConnectionError, APIStatusError) as error:
        # a proxy may not pass streams on; what else is wrong, the question itself will tell
        sys.stderr.write(f"no event stream ({error}); asking every {POLL_S:g} s instead\n")
        while deadline is None or time.monotonic() < deadline:
            yield None
            await sleep(POLL_S if deadline is None else min(POLL_S, deadline - time.monotonic()))
