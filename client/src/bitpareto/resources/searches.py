"""``client.searches``."""

from collections.abc import Iterator
from typing import Any

from bitpareto import _calls as calls
from bitpareto._transport import Transport
from bitpareto.search import Search


class Searches:
    """Create, read, list, pause, resume and cancel searches."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(self, **fields: Any) -> Search:
        """Submit a search.

        Args:
            **fields: The fields of ``bitpareto.types.SearchCreate``: ``dataset`` and ``space`` at
                least; then ``objectives``, ``budgets``, ``hardware``, ``strategy``, ``recipe``,
                ``limits``, ``seed``, ``name``.

        Raises:
            InvalidRequestError: If a field is wrong; ``.errors`` says which and what is allowed.
        """
        return Search(self._transport, self._transport.send(calls.create_search(fields)))

    def get(self, search_id: str) -> Search:
        """Return a search, for instance to wait for it again.

        Raises:
            NotFoundError: If there is none with this id.
        """
        return Search(self._transport, self._transport.send(calls.get_search(search_id)))

    def list(self, *, page_size: int = calls.PAGE_LIMIT) -> Iterator[Search]:
        """Yield all searches, newest first; further pages are fetched when they are needed."""
        cursor: str | None = None
        while True:
            page = self._transport.send(calls.list_searches(page_size, cursor))
            for data in page.data:
                yield Search(self._transport, data)
            cursor = page.next_cursor
            if not page.has_more or cursor is None:
                return

    def cancel(self, search_id: str) -> Search:
        """Cancel a search; one that has ended stays as it is."""
        return Search(self._transport, self._transport.send(calls.cancel_search(search_id)))

    def pause(self, search_id: str) -> Search:
        """Pause a search: nothing new starts until it is resumed.

        Raises:
            ConflictError: If all its trials have ended.
        """
        return Search(self._transport, self._transport.send(calls.pause_search(search_id)))

    def resume(self, search_id: str) -> Search:
        """Let a paused search go on.

        Raises:
            ConflictError: If it has ended.
        """
        return Search(self._transport, self._transport.send(calls.resume_search(search_id)))
