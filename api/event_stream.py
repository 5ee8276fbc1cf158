"""Server-sent events from the database: replay, then follow.

The database is polled, in a thread, so that any number of API processes can serve one search and
the event loop never waits for a lock.
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

import anyio
from fastapi.concurrency import run_in_threadpool
from fastapi.sse import format_sse_event

from api.mapping import event_to_wire
from search.entities import Event, Search
from search.errors import StoreBusyError
from search.states import TERMINAL_SEARCH_STATES, TrialState
from search.store import Store

logger = logging.getLogger(__name__)

BATCH: Final = 500
"""Events read at once; a long replay is sent in several reads."""
RETRY_MS: Final = 1000
"""What a browser is told to wait before it reconnects."""


async def stream_events(
    store: Store,
    search_id: str,
    after: int,
    *,
    is_disconnected: Callable[[], Awaitable[bool]],
    poll_s: float,
    heartbeat_s: float,
) -> AsyncIterator[bytes]:
    """Yield the stream of one search in wire format.

    Args:
        store: Where the events are.
        search_id: A search that exists.
        after: Id of the last event the client has.
        is_disconnected: Whether the client has gone.
        poll_s: Seconds between two looks at the database.
        heartbeat_s: Longest silence.
    """
    yield format_sse_event(data_str=None, comment=f"events of {search_id}", retry=RETRY_MS)
    silent_s = 0.0
    while not await is_disconnected():
        try:
            events, search = await run_in_threadpool(_look, store, search_id, after)
        except StoreBusyError as error:
            logger.warning("event stream of %s waits: %s", search_id, error)
            await anyio.sleep(error.retry_after_s)
            continue
        if events:
            after = events[-1].id
            silent_s = 0.0
            yield b"".join(map(_encode, events))
        elif _is_over(search):
            yield format_sse_event(data_str=f'{{"state":"{search.state}"}}', event="done")
            return
        else:
            silent_s += poll_s
            if silent_s >= heartbeat_s:
                silent_s = 0.0
                yield format_sse_event(data_str=None, comment="heartbeat")
        if len(events) < BATCH:
            await anyio.sleep(poll_s)


def _look(store: Store, search_id: str, after: int) -> tuple[list[Event], Search]:
    with store.read() as uow:  # one snapshot: a search seen as over has no later events
        return uow.events.after(search_id, after, BATCH), uow.searches.get(search_id)


def _is_over(search: Search) -> bool:
    counts = search.trial_counts
    active = counts.get(TrialState.QUEUED, 0) + counts.get(TrialState.RUNNING, 0)
    # after a cancel, running trials still report their end
    return search.state in TERMINAL_SEARCH_STATES and not active


def _encode(event: Event) -> bytes:
    data = event_to_wire(event).model_dump_json()
    return format_sse_event(data_str=data, event=event.type, id=str(event.id))
