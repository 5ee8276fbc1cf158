# Made by scripts/make_sync_client.py; change bitpareto/_async instead.
"""``client.searches``."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from bitpareto import _calls as calls
from bitpareto._filters import search_filters
from bitpareto._sync.search import Search
from bitpareto._sync.transport import Transport
from bitpareto.types.searches import SearchSort, SearchState


class Searches:
    """Create, clone, read, list, extend, pause, resume and cancel searches."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(self, *, idempotency_key: str | None = None, **fields: Any) -> Search:
        """Submit a search.

        Args:
            idempotency_key: The server makes one search however often the same call comes with the
                same key within 24 hours. Retries within a call have one by themselves.
            **fields: The fields of ``bitpareto.types.SearchCreate``: ``dataset`` and ``space`` at
                least; then ``objectives``, ``budgets``, ``hardware``, ``strategy``, ``recipe``,
                ``limits``, ``seed``, ``name``. What counts bytes may be text: ``"64 KiB"``.

        Raises:
            SizeError: If such a text says no size.
            InvalidRequestError: If a field is wrong; ``.errors`` says which and what is allowed.
        """
        call = calls.create_search(fields, idempotency_key)
        return Search(self._transport, self._transport.send(call))

    def clone(self, search_id: str, **overrides: Any) -> Search:
        """Submit a search like another one.

        Args:
            search_id: The other one, in whatever state.
            **overrides: Fields that are to be another way; objects such as ``limits`` are merged
                field by field, and ``None`` takes a field away.

        Raises:
            InvalidRequestError: If the two together are wrong; ``.errors`` says which field.
        """
        call = calls.clone_search(search_id, overrides)
        return Search(self._transport, self._transport.send(call))

    def get(self, search_id: str) -> Search:
        """Return a search, for instance to wait for it again.

        Raises:
            NotFoundError: If there is none with this id.
        """
        return Search(self._transport, self._transport.send(calls.get_search(search_id)))

    def list(
        self,
        *,
        state: SearchState | Sequence[SearchState] | None = None,
        dataset: str | None = None,
        name: str | None = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        comparable_with: str | None = None,
        sort: SearchSort | None = None,
        page_size: int = calls.PAGE_LIMIT,
    ) -> Iterator[Search]:
        """Yield searches, by default the newest first; pages are fetched when they are needed.

        Args:
            state: Only those in this state, or in one of these.
            dataset: Only those on this data set.
            name: Only those with this in their name, in whatever case.
            created_after: Only those created then or later.
            created_before: Only those created before.
            comparable_with: Id of a search; only the others whose hypervolume measures the same:
                same data set, space, objectives, budgets, hardware and reference point.
            sort: Such as ``"-best_accuracy"``, the most accurate first.
            page_size: How many to fetch at once.
        """
        filters = search_filters(
            state, dataset, name, created_after, created_before, comparable_with, sort
        )
        cursor: str | None = None
        while True:
            page = self._transport.send(calls.list_searches(page_size, cursor, filters))
            for data in page.data:
                yield Search(self._transport, data)
            cursor = page.next_cursor
            if not page.has_more or cursor is None:
                return

    def extend(
        self,
        search_id: str,
        *,
        trials: int = 0,
        wall_time_s: float = 0.0,
        compute_s: float = 0.0,
    ) -> Search:
        """Give a search more trials or more time; one that has ended runs again.

        Args:
            search_id: The search.
            trials: How many more.
            wall_time_s: Seconds more, from the end of its time or from now, whichever is later.
            compute_s: Seconds of its trials more, from the limit or from what they took.

        Raises:
            InvalidRequestError: If it would still have no trial or no time left.
        """
        call = calls.extend_search(search_id, trials, wall_time_s, compute_s)
        return Search(self._transport, self._transport.send(call))

    def cancel(self, search_id: str) -> Search:
        """Cancel a search; one that has ended stays as it is."""
        data = self._transport.send(calls.cancel_search(search_id))
        return Search(self._transport, data)

    def pause(self, search_id: str) -> Search:
        """Pause a search: nothing new starts until it is resumed.

        Raises:
            ConflictError: If all its trials have ended.
        """
        data = self._transport.send(calls.pause_search(search_id))
        return Search(self._transport, data)

    def resume(self, search_id: str) -> Search:
        """Let a paused search go on.

        Raises:
            ConflictError: If it has ended.
        """
        data = self._transport.send(calls.resume_search(search_id))
        return Search(self._transport, data)
