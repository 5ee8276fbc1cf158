"""``/v1/searches``: create, clone, list, read, extend, pause, resume, cancel."""

from functools import partial
from typing import Any

from fastapi import APIRouter, Response, status

from api import submission
from api.deps import BellDep, NowDep, StoreDep
from api.errors import problem_responses
from api.etags import NOT_MODIFIED, IfNoneMatch, tagged_response
from api.mapping import search_to_wire
from api.pages import DEFAULT_LIMIT, CursorQuery, LimitQuery
from api.request_keys import OnceDep
from api.search_lists import FilterDep, SortQuery, order_of, search_after, search_cursor
from api.sparse import FieldsQuery, page_response, parse_fields
from api.waiting import WaitingDep
from bitpareto.types import Page, Search, SearchCreate, SearchExtend, SearchOverrides
from search.errors import FieldProblem, InvalidRequestError
from search.use_cases.extend import extend_search
from search.use_cases.searches import cancel_search, pause_search, resume_search

router = APIRouter(prefix="/v1/searches", tags=["searches"])


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=problem_responses(400, 408, 413, 422, 503),
    summary="Submit a search",
)
def create(
    body: SearchCreate,
    store: StoreDep,
    bell: BellDep,
    now: NowDep,
    once: OnceDep,
    waiting: WaitingDep,
    response: Response,
) -> Search:
    """Check everything, store the search as `queued`, ring the workers.

    Nothing is stored unless the whole request is sound: data set known, space valid, objectives
    complete, budgets reachable.
    """
    search = submission.submit(store, body, now, once)
    bell.advance(search.id)  # after the commit: whoever answers must find the row
    response.headers["Location"] = f"/v1/searches/{search.id}"
    return waiting.shown(search)


@router.get(
    "",
    response_model=Page[Search] | Page[dict[str, Any]],
    responses=problem_responses(422, 503),
    summary="List searches",
)
def list_searches(
    store: StoreDep,
    waiting: WaitingDep,
    kept: FilterDep,
    sort: SortQuery = "-created_at",
    fields: FieldsQuery = None,
    limit: LimitQuery = DEFAULT_LIMIT,
    cursor: CursorQuery = None,
) -> Response:
    """Return one page, by default the newest; a cursor fits any filter, and the order it is from.

    What changes sorts by its value now, so a search that moves between two pages can be on both.
    """
    paths = parse_fields(fields, Search)
    with store.read() as uow:
        found = uow.searches.page(limit + 1, search_after(sort, cursor), kept, order_of(sort))
        shown = found[:limit]
        waits = waiting.of_searches(uow, shown)
        data = [search_to_wire(search, why) for search, why in zip(shown, waits, strict=True)]
    return page_response(
        data,
        paths,
        search_cursor(sort, shown[-1].id) if len(found) > limit else None,
    )


@router.get(
    "/{search_id}",
    response_model=Search,
    responses={**NOT_MODIFIED, **problem_responses(404, 503)},
    summary="Read a search",
)
def get(
    search_id: str, store: StoreDep, waiting: WaitingDep, if_none_match: IfNoneMatch = None
) -> Response:
    """Return the search as it is now."""
    with store.read() as uow:
        search = uow.searches.get(search_id)
        shown = search_to_wire(search, waiting.of_search(uow, search))
    return tagged_response(shown, if_none_match)


@router.post(
    "/{search_id}:cancel",
    status_code=status.HTTP_202_ACCEPTED,
    responses=problem_responses(404, 503),
    summary="Cancel a search",
)
def cancel(search_id: str, store: StoreDep, now: NowDep, waiting: WaitingDep) -> Search:
    """Stop it; running trials end at their next sign of life. Ended searches stay as they are."""
    with store.begin() as uow:
        search = cancel_search(uow, search_id, now)
    return waiting.shown(search)


@router.post(
    "/{search_id}:pause",
    status_code=status.HTTP_202_ACCEPTED,
    responses=problem_responses(404, 409, 503),
    summary="Pause a search",
)
def pause(search_id: str, store: StoreDep, now: NowDep, waiting: WaitingDep) -> Search:
    """Start nothing new; running trials go back to the queue with their last checkpoint."""
    with store.begin() as uow:
        search = pause_search(uow, search_id, now)
    return waiting.shown(search)


@router.post(
    "/{search_id}:resume",
    status_code=status.HTTP_202_ACCEPTED,
    responses=problem_responses(404, 409, 503),
    summary="Resume a paused search",
)
def resume(
    search_id: str, store: StoreDep, bell: BellDep, now: NowDep, waiting: WaitingDep
) -> Search:
    """Let it go on; a search that is not paused stays as it is."""
    with store.begin() as uow:
        search = resume_search(uow, search_id, now)
    bell.advance(search_id)
    return waiting.shown(search)


@router.post(
    "/{search_id}:extend",
    status_code=status.HTTP_202_ACCEPTED,
    responses=problem_responses(400, 404, 408, 409, 413, 422, 503),
    summary="Give a search more trials or more time",
)
def extend(
    search_id: str,
    body: SearchExtend,
    store: StoreDep,
    bell: BellDep,
    now: NowDep,
    once: OnceDep,
    waiting: WaitingDep,
) -> Search:
    """Raise its limits; one that has ended, in whatever way, runs again.

    Its trials stay, and the optimizer goes on from all of them. Test accuracies that were measured
    stay too; they are measured for new members of the front when it ends again.
    """
    if not (body.trials or body.wall_time_s or body.compute_s):
        detail = "nothing to extend: say how many trials or seconds more"
        raise InvalidRequestError([FieldProblem("/trials", "nothing_asked", detail, ("> 0",))])
    with store.begin() as uow:
        extend = partial(
            extend_search,
            uow,
            search_id,
            trials=body.trials,
            wall_time_s=body.wall_time_s,
            compute_s=body.compute_s,
            now=now,
        )
        search = once.run(uow, extend, uow.searches.get)
    bell.advance(search_id)
    return waiting.shown(search)


@router.post(
    "/{search_id}:clone",
    status_code=status.HTTP_201_CREATED,
    responses=problem_responses(400, 404, 408, 413, 422, 503),
    summary="Submit a search like another one",
)
def clone(
    search_id: str,
    store: StoreDep,
    bell: BellDep,
    now: NowDep,
    once: OnceDep,
    waiting: WaitingDep,
    response: Response,
    body: SearchOverrides | None = None,
) -> Search:
    """Make a search with the fields of another one, whatever its state, but for the overrides.

    The result is checked as a new search is. It has no trials, and the seed of the other one.
    """
    with store.read() as uow:
        source = uow.searches.get(search_id)
    overrides = {} if body is None else body.model_dump(exclude_unset=True)
    search = submission.clone(store, source, overrides, now, once)
    bell.advance(search.id)
    response.headers["Location"] = f"/v1/searches/{search.id}"
    return waiting.shown(search)
