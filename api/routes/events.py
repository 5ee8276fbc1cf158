"""The event stream of a search."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from api.access_control import is_still_allowed
from api.deps import PartsDep, StoreDep
from api.errors import problem_responses
from api.event_stream import stream_events
from search.store import Store

router = APIRouter(tags=["events"])

AfterQuery = Annotated[
    int, Query(ge=0, le=2**63 - 1, description="Replay events after this id; 0 replays all.")
]
LastEventIdHeader = Annotated[
    int | None,
    Header(ge=0, le=2**63 - 1, description="Sent by a reconnecting browser; wins over `after`."),
]


@router.get(
    "/v1/searches/{search_id}/events",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "Server-sent events; `data` is a `SearchEvent`, `event` its type.",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        },
        **problem_responses(404, 422, 503),
    },
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
    await run_in_threadpool(_check_exists, store, search_id)
    start = after if last_event_id is None else last_event_id
    return StreamingResponse(
        stream_events(
            parts.hub,
            store,
            search_id,
            start,
            is_allowed=partial(is_still_allowed, request),
            heartbeat_s=parts.heartbeat_s,
        ),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
    )


def _check_exists(store: Store, search_id: str) -> None:
    with store.read() as uow:
        uow.searches.get(search_id)
