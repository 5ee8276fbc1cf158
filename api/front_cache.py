"""Fronts as they were last sent, and whether they still are what the database has."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Final, NamedTuple

from starlette.responses import Response

from api.etags import etag_of, json_response
from api.grouped_reads import GroupedReads
from bitpareto.types import Front
from search.store import Store, UnitOfWork

CAPACITY: Final = 128
_LOOK_BACK: Final = 1000
"""A front that so many events have passed by is read again."""
_WITHOUT_EFFECT: Final = frozenset(
    {"trial.created", "trial.started", "trial.progress", "trial.rung", "trial.requeued"}
)
"""Events after which every front is what it was: they are of trials that have no result."""


class FrontQuery(NamedTuple):
    """What is asked for; the project is who may see it."""

    project_id: str
    search_id: str
    max_size_bytes: int | None
    sort: str
    limit: int | None
    as_of: int | None


Build = Callable[[UnitOfWork, FrontQuery, int], Front]
"""Makes the front of a query, given the id of the search's newest event."""


@dataclass(frozen=True)
class SentFront:
    """A front as JSON, put together once for all who get it.

    Attributes:
        etag: Of everything but ``as_of_event``.
        newest_event: Of the search, when the front was found to be so.
        moves: Whether ``as_of_event`` is ``newest_event``; else it is in the text.
        before: The text before ``as_of_event``.
        behind: The text behind it.
    """

    etag: str
    newest_event: int
    moves: bool
    before: bytes
    behind: bytes

    @cached_property
    def whole(self) -> Response:
        """The answer for those who have another one."""
        between = str(self.newest_event).encode() if self.moves else b""
        return json_response(self.before + between + self.behind, self.etag)

    @cached_property
    def not_modified(self) -> Response:
        """The answer for those who have this one."""
        return json_response(None, self.etag)


class FrontCache:
    """Answers for fronts; one that is kept is sent only if no event says that it has changed.

    Args:
        store: Of all projects: what is kept was found as its own project sees it.
        build: Makes fronts.
    """

    def __init__(self, store: Store, build: Build) -> None:
        self._store = store
        self._build = build
        self._kept: OrderedDict[FrontQuery, SentFront] = OrderedDict()
        self._reads: GroupedReads[FrontQuery, SentFront] = GroupedReads()

    async def read(self, store: Store, query: FrontQuery) -> SentFront:
        """Return a front, as the database has it from now on.

        Args:
            store: As the project of the query sees it.
            query: What is asked for.

        Raises:
            NotFoundError: If there is no such search.
        """
        front = await self._reads.read(query, partial(self._read, store, query))
        self._kept[query] = front
        self._kept.move_to_end(query)
        if len(self._kept) > CAPACITY:
            self._kept.popitem(last=False)
        return front

    def _read(self, store: Store, query: FrontQuery) -> SentFront:
        kept = self._kept.get(query)
        if kept is not None:
            newest = self._unchanged_up_to(query.search_id, kept.newest_event)
            if newest == kept.newest_event:
                return kept
            if newest is not None:
                return replace(kept, newest_event=newest)
        with store.read() as uow:
            newest = uow.events.last_id(query.search_id)
            front = self._build(uow, query, newest)
        return _sent(front, newest, moves=query.as_of is None)

    def _unchanged_up_to(self, search_id: str, event_id: int) -> int | None:
        """Return the newest event's id if the front is what it was at an event."""
        with self._store.read() as uow:
            passed = uow.events.types_after(search_id, event_id, _LOOK_BACK)
        if len(passed) == _LOOK_BACK or any(type_ not in _WITHOUT_EFFECT for _, type_ in passed):
            return None
        return passed[-1][0] if passed else event_id


def _sent(front: Front, newest_event: int, *, moves: bool) -> SentFront:
    body = front.model_dump_json().encode()
    etag = etag_of(front, untagged=frozenset({"as_of_event"}))
    if not moves:
        return SentFront(etag, newest_event, moves=False, before=body, behind=b"")
    before, number, behind = body.partition(f'"as_of_event":{newest_event}'.encode())
    before += number.removesuffix(str(newest_event).encode())
    return SentFront(etag, newest_event, moves=True, before=before, behind=behind)
