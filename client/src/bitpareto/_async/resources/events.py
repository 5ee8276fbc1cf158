"""``client.events``: what happens in all searches."""

from collections.abc import AsyncIterator, Sequence
from functools import partial

from bitpareto import _calls as calls
from bitpareto._async.follow import follow
from bitpareto._async.transport import AsyncTransport
from bitpareto.types import EventType, SearchEvent


class AsyncEvents:
    """Follow every search of a project over one connection."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    def stream(
        self,
        *,
        after: int | None = None,
        search_ids: Sequence[str] = (),
        types: Sequence[EventType] = (),
    ) -> AsyncIterator[SearchEvent]:
        """Yield events as they happen, none lost and none twice; it does not end by itself.

        A lost connection is opened again where it broke.

        Args:
            after: Id of the last event you have, 0 for all there ever were; by default only what
                happens from now on.
            search_ids: Only events of these searches; by default of all, new ones included.
            types: Only events of these types, such as ``["front.changed"]``.
        """
        opened = partial(calls.all_events_call, search_ids=search_ids, types=types)
        return follow(self._transport, opened, after)
