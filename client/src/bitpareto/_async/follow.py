"""Following events over any number of connections."""

import time
from asyncio import sleep
from collections.abc import AsyncIterator, Callable
from enum import Enum, auto
from typing import Final

from bitpareto._async.transport import AsyncTransport
from bitpareto._calls import Call
from bitpareto._retries import Patience
from bitpareto._sse import SseDecoder
from bitpareto.errors import APIConnectionError, APIStatusError
from bitpareto.types import SearchEvent
from bitpareto.types.base import ResponseModel

SILENCE_S: Final = 45.0
"""Three of the server's heartbeats; after that the connection counts as lost."""
MAX_FAILURES: Final = 5
"""Connections in a row that may break without a single message."""


class _Sign(Enum):
    """What a connection brings besides events."""

    ALIVE = auto()
    DONE = auto()


class _Ready(ResponseModel):
    """From where a stream goes that began without saying so."""

    after: int


async def follow(
    transport: AsyncTransport, opened: Callable[[int | None], Call[bytes]], after: int | None
) -> AsyncIterator[SearchEvent]:
    """Yield what ``follow_closely`` yields, events alone."""
    async for event in follow_closely(transport, opened, after):
        if event is not None:
            yield event


async def follow_closely(
    transport: AsyncTransport,
    opened: Callable[[int | None], Call[bytes]],
    after: int | None,
    deadline: float | None = None,
    note: Callable[[str], None] | None = None,
) -> AsyncIterator[SearchEvent | None]:
    """Yield events after ``after`` until the server says that nothing can follow.

    While nothing happens, ``None`` comes with each of the server's heartbeats.

    Args:
        transport: Where to ask.
        opened: Returns the call that opens the stream after an event.
        after: Id of the last event the caller has; ``None`` begins now.
        deadline: ``time.monotonic()`` at which to return although more may follow.
        note: Told once when the server goes away, as for a restart.

    Raises:
        APIConnectionError: If connections break again and again, or the server stays away.
        APIStatusError: If the server refuses.
    """
    patience = Patience(MAX_FAILURES, note)
    while True:
        silence_s = SILENCE_S if deadline is None else deadline - time.monotonic()
        if silence_s <= 0:
            return
        try:
            silence_s = min(silence_s, SILENCE_S)
            async for event in _one_connection(transport, opened(after), silence_s):
                patience.heard()
                if event is _Sign.DONE:
                    return
                if isinstance(event, SearchEvent):
                    after = event.id
                    yield event
                else:
                    after = event.after if isinstance(event, _Ready) else after
                    yield None
                if deadline is not None and time.monotonic() >= deadline:
                    return
        except (APIConnectionError, APIStatusError) as error:
            if deadline is not None and time.monotonic() >= deadline:
                return
            delay_s = patience.delay_after(error)
            left_s = delay_s if deadline is None else max(0.0, deadline - time.monotonic())
            await sleep(min(delay_s, left_s))


async def _one_connection(
    transport: AsyncTransport, call: Call[bytes], silence_s: float
) -> AsyncIterator[SearchEvent | _Ready | _Sign]:
    """Yield the events of one connection, and signs of life between them."""
    decoder = SseDecoder()
    opened = time.monotonic()
    async with transport.stream(call, read_timeout_s=silence_s) as answer:
        async for chunk in answer.chunks:
            messages = decoder.feed(chunk)
            for message in messages:
                if message.event == "done":
                    yield _Sign.DONE
                    return
                if message.event == "ready":
                    yield _Ready.model_validate_json(message.data)
                else:
                    yield SearchEvent.model_validate_json(message.data)
            if not messages:
                yield _Sign.ALIVE
            # a heartbeat restarts the read timeout, which must not carry us past a deadline
            if silence_s < SILENCE_S and time.monotonic() - opened > silence_s / 2:
                return
