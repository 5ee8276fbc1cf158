"""``/v1/searches``: create, list, read, pause, resume, cancel."""

from dataclasses import replace

from fastapi import APIRouter, Response, status

from api.deps import BellDep, NowDep, StoreDep
from api.errors import problem_responses
from api.mapping import limits_from_wire, recipe_from_wire, search_to_wire, strategy_from_wire
from api.pages import DEFAULT_LIMIT, CursorQuery, LimitQuery, decode_cursor, encode_cursor
from bitpareto.types import Page, Search, SearchCreate
from search.admission import admit
from search.hardware import live, named_profile
from search.models import model_of_space
from search.use_cases.searches import (
    cancel_search,
    create_search,
    pause_search,
    resume_search,
)
from search_space.families.imported import MODEL

router = APIRouter(prefix="/v1/searches", tags=["searches"])


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=problem_responses(400, 413, 422, 503),
    summary="Submit a search",
)
def create(
    body: SearchCreate, store: StoreDep, bell: BellDep, now: NowDep, response: Response
) -> Search:
    """Check everything, store the search as `queued`, ring the workers.

    Nothing is stored unless the whole request is sound: data set known, space valid, objectives
    complete, budgets reachable.
    """
    budgets: dict[str, float] = dict(body.budgets.items())
    model = model_of_space(store, body.space)
    hardware = named_profile(store, body.hardware)
    admission = admit(
        dataset=body.dataset,
        space=body.space,
        objectives=body.objectives,
        budgets=budgets,
        network=model.layers if model else None,
        profile=live(hardware) if hardware else None,
    )
    space, recipe = body.space, recipe_from_wire(body.recipe)
    if model is not None:
        space = {**space, MODEL: model.id}  # a sha256 may come to mean a later upload
        if "float_epochs" not in body.recipe.model_fields_set:
            recipe = replace(recipe, float_epochs=0)  # the uploaded weights are trained already
    with store.begin() as uow:
        search = create_search(
            uow,
            name=body.name,
            dataset=body.dataset,
            space=space,
            objectives=body.objectives,
            budgets=budgets,
            strategy=strategy_from_wire(body.strategy),
            recipe=recipe,
            limits=limits_from_wire(body.limits),
            seed=body.seed,
            ref_point=admission.ref_point,
            hardware=hardware,
            now=now,
        )
    bell.advance(search.id)  # after the commit: whoever answers must find the row
    response.headers["Location"] = f"/v1/searches/{search.id}"
    return search_to_wire(search)


@router.get("", responses=problem_responses(422, 503), summary="List searches, newest first")
def list_searches(
    store: StoreDep, limit: LimitQuery = DEFAULT_LIMIT, cursor: CursorQuery = None
) -> Page[Search]:
    """Return one page."""
    with store.read() as uow:
        found = uow.searches.page(limit + 1, decode_cursor(cursor))
    shown = found[:limit]
    has_more = len(found) > limit
    return Page(
        data=[search_to_wire(search) for search in shown],
        has_more=has_more,
        next_cursor=encode_cursor(shown[-1].id) if has_more else None,
    )


@router.get("/{search_id}", responses=problem_responses(404, 503), summary="Read a search")
def get(search_id: str, store: StoreDep) -> Search:
    """Return the search as it is now."""
    with store.read() as uow:
        return search_to_wire(uow.searches.get(search_id))


@router.post(
    "/{search_id}:cancel",
    status_code=status.HTTP_202_ACCEPTED,
    responses=problem_responses(404, 503),
    summary="Cancel a search",
)
def cancel(search_id: str, store: StoreDep, now: NowDep) -> Search:
    """Stop it; running trials end at their next sign of life. Ended searches stay as they are."""
    with store.begin() as uow:
        return search_to_wire(cancel_search(uow, search_id, now))


@router.post(
    "/{search_id}:pause",
    status_code=status.HTTP_202_ACCEPTED,
    responses=problem_responses(404, 409, 503),
    summary="Pause a search",
)
def pause(search_id: str, store: StoreDep, now: NowDep) -> Search:
    """Start nothing new; running trials go back to the queue with their last checkpoint."""
    with store.begin() as uow:
        return search_to_wire(pause_search(uow, search_id, now))


@router.post(
    "/{search_id}:resume",
    status_code=status.HTTP_202_ACCEPTED,
    responses=problem_responses(404, 409, 503),
    summary="Resume a paused search",
)
def resume(search_id: str, store: StoreDep, bell: BellDep, now: NowDep) -> Search:
    """Let it go on; a search that is not paused stays as it is."""
    with store.begin() as uow:
        search = resume_search(uow, search_id, now)
    bell.advance(search_id)
    return search_to_wire(search)
