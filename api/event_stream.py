"""Server-sent events: replay from the database, then follow with everybody else."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

from fastapi.sse import format_sse_event

from api.event_hub import BATCH, EventHub, encode, read_patiently
from search.entities import Event
from search.store import Store

RETRY_MS: Final = 1000
"""What a browser is told to wait before it reconnects."""


async def stream_events(
    hub: EventHub,
    store: Store,
    search_id: str,
    after: int,
    *,
    is_allowed: Callable[[], Awaitable[bool]],
    heartbeat_s: float,
) -> AsyncIterator[bytes]:
    """Yield the stream of one search in wire format.

    Args:
        hub: Who polls.
        store: Where the events are.
        search_id: A search that exists.
        after: Id of the last event the client has.
        is_allowed: Asked again and again; the stream ends when its client may not have it any more.
        heartbeat_s: Longest silence, and the time between two such questions.
    """
    yield format_sse_event(data_str=None, comment=f"events of {search_id}", retry=RETRY_MS)
    async with hub.follow(search_id) as feed:
        joined, asked_at = feed.looks, time.monotonic()
        while True:
            if time.monotonic() - asked_at >= heartbeat_s:
                if not await is_allowed():
                    return  # its client asks again, and hears why
                asked_at = time.monotonic()
            if after < feed.floor:
                floor = feed.floor
                events = await read_patiently(_events_after, store, search_id, after)
                if events:
                    after = events[-1].id
                    yield b"".join(map(encode, events))
                if len(events) < BATCH:
                    after = max(after, floor)
            elif feed.newest > after:
                messages, after = feed.after(after), feed.newest
                yield messages
            elif (search := feed.over_since(joined)) is not None:
                yield format_sse_event(data_str=f'{{"state":"{search.state}"}}', event="done")
                return
            elif not await feed.changed(heartbeat_s):
                yield format_sse_event(data_str=None, comment="heartbeat")


def _events_after(store: Store, search_id: str, after: int) -> list[Event]:
    with store.read() as uow:
        return uow.events.after(search_id, after, BATCH)
