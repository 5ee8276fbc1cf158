"""What the fitted model says of a search."""

from dataclasses import asdict

from fastapi import APIRouter, Response

from api.deps import StoreDep
from api.errors import problem_responses
from api.etags import NOT_MODIFIED, IfNoneMatch, tagged_response
from bitpareto.types import Explanation
from search.errors import NotExplainedError
from search.explanations import why_unexplained

router = APIRouter(tags=["explanations"])


@router.get(
    "/v1/searches/{search_id}/explanation",
    response_model=Explanation,
    responses={**NOT_MODIFIED, **problem_responses(404, 503)},
    summary="Read what the model has learned",
)
def get(search_id: str, store: StoreDep, if_none_match: IfNoneMatch = None) -> Response:
    """Return which genes matter, what one more or fewer bits would change, the predicted front.

    It is made by the optimize worker after an ask, when there is a tenth more completed trials
    than the last time, and once more when all trials have ended. Until there is one, `404` with
    the code `not_explained` says why.
    """
    with store.read() as uow:
        search = uow.searches.get(search_id)
        found = uow.explanations.find(search_id)
    if found is None:
        raise NotExplainedError(search_id, why_unexplained(search))
    return tagged_response(Explanation(search_id=search_id, **asdict(found)), if_none_match)
