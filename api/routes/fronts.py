"""The Pareto front of a search."""

import hashlib
from typing import Annotated

from fastapi import APIRouter, Header, Query, Response

from api.deps import StoreDep
from api.errors import problem_responses
from api.etags import matches
from api.mapping import front_point
from bitpareto.types import Front

router = APIRouter(tags=["fronts"])

MaxSizeQuery = Annotated[
    int | None, Query(ge=1, description="Leave out points whose file is larger, in bytes.")
]


@router.get(
    "/v1/searches/{search_id}/front",
    response_model=Front,
    responses={304: {"description": "Not Modified"}, **problem_responses(404, 422, 503)},
    summary="Read the Pareto front",
)
def get(
    search_id: str,
    store: StoreDep,
    max_size_bytes: MaxSizeQuery = None,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Return the non-dominated trials within budget, smallest file first.

    Accuracies carry their 95 % Wilson interval. The weak `ETag` changes when the front does, not
    with every event, so `as_of_event` of a cached answer may be older than the search.
    """
    with store.read() as uow:
        search = uow.searches.get(search_id)
        as_of_event = uow.events.last_id(search_id)
        trials = uow.trials.front(search_id)
        artifacts = uow.artifacts.of_trials([trial.id for trial in trials])
    front = Front(
        search_id=search_id,
        as_of_event=as_of_event,
        hypervolume=search.hypervolume,
        ref_point=dict(search.ref_point),
        points=[
            front_point(trial, artifacts.get(trial.id))
            for trial in trials
            if max_size_bytes is None or trial.costs["size_bytes"] <= max_size_bytes
        ],
    )
    digest = hashlib.sha256(front.model_dump_json(exclude={"as_of_event"}).encode()).hexdigest()
    etag = f'W/"{digest[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    if matches(if_none_match, etag):
        return Response(status_code=304, headers=headers)
    return Response(front.model_dump_json(), headers=headers, media_type="application/json")
