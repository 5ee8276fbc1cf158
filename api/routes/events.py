"""The event streams: of one search, and of all searches of a project."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from api.access_control import is_still_allowed
from api.deps import Parts, PartsDep, PrincipalDep, StoreDep
from api.errors import problem_responses
from api.event_logs import BATCH, Entry, SearchLog, WholeLog
from api.event_stream import View, stream_events
from bitpareto.types import EventType
from search.entities import Event
from search.store import Store

router = APIRouter(tags=["events"])

AfterQuery = Annotated[
    int, Query(ge=0, le=2**63 - 1, description="Replay events after this id; 0 replays all.")
]
LastEventIdHeader = Annotated[
    int | None,
    Header(ge=0, le=2**63 - 1, description="Sent by a reconnecting browser; wins over `after`."),
]


AfterOrNowQuery = Annotated[
    int | None,
    Query(
        ge=0,
        le=2**63 - 1,
        description="Replay events after this id; 0 replays all. Without it the stream begins now.",
    ),
]
SearchIdsQuery = Annotated[
    list[str] | None, Query(max_length=100, description="Only of this search; may be repeated.")
]
TypesQuery = Annotated[
    list[EventType] | None,
    Query(max_length=100, description="Only events of this type; may be repeated."),
]
_ANSWER = {
    "description": "Server-sent events; `data` is a `SearchEvent`, `event` its type.",
    "content": {"text/event-stream": {"schema": {"type": "string"}}},
}


@router.get(
    "/v1/searches/{search_id}/events",
    response_class=StreamingResponse,
    responses={200: _ANSWER, **problem_responses(404, 422, 503)},
    summary="Follow a search",
)
async def events(
    request: Request,
    search_id: str,
    parts: PartsDep,
    store: StoreDep,
    after: AfterQuery = 0,
    last_event_id: LastEventIdHeader = None,
) -> StreamingResponse:
    """Replay what happened after an event, then follow until the search has ended.

    Each event's `id` rises. A comment comes at least every 15 s, and a last event `done` when
    nothing can follow.
    """
    await run_in_threadpool(_check_exist, store, [search_id])
    view = View(
        log=SearchLog(parts.store, search_id),
        replay=partial(_events_of_search, store, search_id),
        wants=lambda _: True,
    )
    return _stream(request, parts, view, after if last_event_id is None else last_event_id)


@router.get(
    "/v1/events",
    response_class=StreamingResponse,
    responses={200: _ANSWER, **problem_responses(404, 422, 503)},
    summary="Follow all searches",
)
async def all_events(
    request: Request,
    parts: PartsDep,
    store: StoreDep,
    principal: PrincipalDep,
    after: AfterOrNowQuery = None,
    search_id: SearchIdsQuery = None,
    type: TypesQuery = None,  # noqa: A002 - its name in the address
    last_event_id: LastEventIdHeader = None,
) -> StreamingResponse:
    """Follow every search of the project, those that are yet to come too.

    The ids are those of the searches' own streams, and rise here as well. A stream that begins now
    first says where that is, in an event `ready`. It ends only with the connection or the key.
    """
    search_ids, types = frozenset(search_id or ()), frozenset(type or ())
    await run_in_threadpool(_check_exist, store, sorted(search_ids))

    def replay(after: int, up_to: int) -> list[Event]:
        with store.read() as uow:
            asked = {"search_ids": search_ids, "types": types}
            return [event for _, event in uow.events.of_all(after, up_to, BATCH, **asked)]

    def wants(entry: Entry) -> bool:
        return (
            entry.project_id == principal.project_id
            and (not search_ids or entry.event.search_id in search_ids)
            and (not types or entry.event.type in types)
        )

    view = View(WholeLog(parts.store), replay, wants)
    return _stream(request, parts, view, after if last_event_id is None else last_event_id)


def _stream(request: Request, parts: Parts, view: View, after: int | None) -> StreamingResponse:
    return StreamingResponse(
        stream_events(
            parts.hub,
            view,
            after,
            is_allowed=partial(is_still_allowed, request),
            heartbeat_s=parts.heartbeat_s,
        ),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
    )


def _events_of_search(store: Store, search_id: str, after: int, _up_to: int) -> list[Event]:
    with store.read() as uow:
        return uow.events.after(search_id, after, BATCH)


def _check_exist(store: Store, search_ids: list[str]) -> None:
    with store.read() as uow:
        for search_id in search_ids:
            uow.searches.get(search_id)
