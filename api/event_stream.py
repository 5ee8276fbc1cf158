"""Server-sent events: replay from the database, then follow with everybody else."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from fastapi.sse import format_sse_event

from api.event_hub import EventHub, read_patiently
from api.event_logs import BATCH, Entry, Log, entry
from search.entities import Event

RETRY_MS: Final = 1000
"""What a browser is told to wait before it reconnects."""


@dataclass(frozen=True, slots=True)
class View:
    """What one client is to have of a log.

    Attributes:
        log: What is followed.
        replay: Returns up to ``BATCH`` wanted events after an id, none of them after a second one;
            called in a thread.
        wants: Whether an entry is for this client.
    """

    log: Log
    replay: Callable[[int, int], list[Event]]
    wants: Callable[[Entry], bool]


async def stream_events(
    hub: EventHub,
    view: View,
    after: int | None,
    *,
    is_allowed: Callable[[], Awaitable[bool]],
    heartbeat_s: float,
) -> AsyncIterator[bytes]:
    """Yield the stream of one client in wire format.

    Args:
        hub: Who polls.
        view: What of which log.
        after: Id of the last event the client has; ``None`` begins now, and says where that is.
        is_allowed: Asked again and again; the stream ends when its client may not have it any more.
        heartbeat_s: Longest silence, and the time between two such questions.
    """
    yield format_sse_event(data_str=None, comment=f"events of {view.log.name}", retry=RETRY_MS)
    async with hub.follow(view.log) as feed:
        if after is None:
            after = feed.newest
            yield format_sse_event(data_str=f'{{"after":{after}}}', event="ready", id=str(after))
        joined = feed.looks
        asked_at = spoke_at = time.monotonic()
        while True:
            now = time.monotonic()
            if now - asked_at >= heartbeat_s:
                if not await is_allowed():
                    return  # its client asks again, and hears why
                asked_at = now
            messages = b""
            if after < feed.floor:
                messages, after = await _replayed(view, after, feed.floor)
            elif feed.newest > after:
                messages, after = feed.after(after, view.wants), feed.newest
            elif (search := feed.over_since(joined)) is not None:
                yield format_sse_event(data_str=f'{{"state":"{search.state}"}}', event="done")
                return
            else:
                await feed.changed(max(0.0, spoke_at + heartbeat_s - now))
            # what is not wanted may happen all the time, and must not keep the heartbeat back
            if not messages and time.monotonic() - spoke_at >= heartbeat_s:
                messages = format_sse_event(data_str=None, comment="heartbeat")
            if messages:
                yield messages
                spoke_at = time.monotonic()


async def _replayed(view: View, after: int, floor: int) -> tuple[bytes, int]:
    """Return the messages of one read of the database, and the id to go on from."""
    events = await read_patiently(view.replay, after, floor)
    if events:
        after = events[-1].id
    if len(events) < BATCH:
        after = max(after, floor)
    return b"".join(entry(event).message for event in events), after
