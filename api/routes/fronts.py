"""The Pareto front of a search."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.deps import PartsDep, PrincipalDep, StoreDep
from api.errors import problem_responses
from api.etags import NOT_MODIFIED, IfNoneMatch, matches
from api.front_cache import FrontCache, FrontQuery
from api.mapping import front_point
from api.pages import MAX_LIMIT
from bitpareto.types import Front
from bitpareto.types.searches import FrontSort
from search.entities import Search, Trial
from search.errors import FieldProblem, InvalidRequestError
from search.store import Store, UnitOfWork

router = APIRouter(tags=["fronts"])

MaxSizeQuery = Annotated[
    int | None, Query(ge=1, description="Leave out points whose file is larger, in bytes.")
]
SortQuery = Annotated[
    FrontSort,
    Query(description="Order of the points; `-` puts the largest first. Ties go by number."),
]
LimitQuery = Annotated[
    int | None, Query(ge=1, le=MAX_LIMIT, description="Only the first points, as sorted.")
]
AsOfQuery = Annotated[
    int | None,
    Query(ge=0, le=2**63 - 1, description="The front as it was right after this event."),
]


@router.get(
    "/v1/searches/{search_id}/front",
    response_model=Front,
    responses={**NOT_MODIFIED, **problem_responses(404, 422, 503)},
    summary="Read the Pareto front",
)
async def get(
    request: Request,
    search_id: str,
    parts: PartsDep,
    store: StoreDep,
    principal: PrincipalDep,
    max_size_bytes: MaxSizeQuery = None,
    sort: SortQuery = "size_bytes",
    limit: LimitQuery = None,
    as_of: AsOfQuery = None,
    if_none_match: IfNoneMatch = None,  # noqa: ARG001 - documented here, read in _answer
) -> Response:
    """Return the non-dominated trials within budget, smallest file first unless sorted otherwise.

    Accuracies carry their 95 % Wilson interval. The weak `ETag` changes when the front does, not
    with every event, so `as_of_event` of a cached answer may be older than the search. `as_of`
    goes back to an earlier front; `hypervolume` is always that of the whole front.
    """
    query = FrontQuery(principal.project_id, search_id, max_size_bytes, sort, limit, as_of)
    again = partial(_answer, parts.fronts, store, query)
    response = await again(dict(request.scope["headers"]))
    parts.polled.remember(request, again)
    return response


async def _answer(
    fronts: FrontCache, store: Store, query: FrontQuery, headers: Mapping[bytes, bytes]
) -> Response:
    front = await fronts.read(store, query)
    held = headers.get(b"if-none-match")
    if held is not None and matches(held.decode("latin-1"), front.etag):
        return front.not_modified
    return front.whole


def build_front(uow: UnitOfWork, query: FrontQuery, newest_event: int) -> Front:
    """Return a front as it is sent.

    Raises:
        NotFoundError: If there is no such search.
        InvalidRequestError: If the search has no such event yet, or its trials no such value.
    """
    search = uow.searches.get(query.search_id)
    trials, volume = _front(uow, search, query.as_of, newest_event)
    artifacts = uow.artifacts.of_trials([trial.id for trial in trials])
    replicated = uow.trials.replicated(search.id)
    fitting = [
        trial
        for trial in trials
        if query.max_size_bytes is None or trial.costs["size_bytes"] <= query.max_size_bytes
    ]
    return Front(
        search_id=search.id,
        as_of_event=newest_event if query.as_of is None else query.as_of,
        hypervolume=volume,
        ref_point=dict(search.ref_point),
        points=[
            front_point(trial, artifacts.get(trial.id), replicated.get(trial.candidate_hash, ()))
            for trial in _sorted(search, fitting, query.sort)[: query.limit]
        ],
    )


def _front(
    uow: UnitOfWork, search: Search, as_of: int | None, last_event: int
) -> tuple[list[Trial], float]:
    """Return the members of a front, now or after an event, and its hypervolume."""
    if as_of is None:
        return uow.trials.front(search.id), search.hypervolume
    if as_of > last_event:
        detail = f"the newest event of this search is {last_event}"
        problem = FieldProblem("?as_of", "not_yet", detail, (f"<= {last_event}",))
        raise InvalidRequestError([problem])
    changes = uow.events.of_types(search.id, ("front.changed",))
    volumes = [event.payload["hypervolume"] for event in changes if event.id <= as_of]
    return uow.trials.front_as_of(search.id, as_of), volumes[-1] if volumes else 0.0


def _sorted(search: Search, trials: Sequence[Trial], sort: str) -> list[Trial]:
    """Sort points by one of their values.

    Raises:
        InvalidRequestError: If trials of this search do not have that value.
    """
    name = sort.removeprefix("-")
    values = [({**trial.costs, **trial.metrics}, trial) for trial in trials]
    if not all(name in known for known, _ in values):
        detail = f"{name} takes a search with a hardware profile, which {search.id} has not"
        raise InvalidRequestError([FieldProblem("?sort", "no_such_value", detail)])
    sign = -1 if sort.startswith("-") else 1
    return [
        trial
        for _, trial in sorted(values, key=lambda pair: (sign * pair[0][name], pair[1].number))
    ]
