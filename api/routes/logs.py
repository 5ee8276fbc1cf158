"""What a trial's training printed, and its attempts."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import PlainTextResponse

from api.deps import StoreDep
from api.errors import problem_responses
from api.mapping import attempt_to_wire
from bitpareto.types.trials import Attempts, LogPiece, LogPieces
from search.attempts import attempts_at
from search.trial_logs import last_lines

router = APIRouter(prefix="/v1/trials", tags=["trials"])

AttemptQuery = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="Only this attempt's.")]


@router.get(
    "/{trial_id}/log",
    response_class=PlainTextResponse,
    responses=problem_responses(404, 422, 503),
    summary="Read a trial's log",
)
def log(
    trial_id: str,
    store: StoreDep,
    tail: Annotated[
        int | None, Query(ge=1, le=2**31 - 1, description="Only so many lines of its end.")
    ] = None,
    attempt: AttemptQuery = None,
) -> PlainTextResponse:
    """Return what its training printed and logged, the last 256 KiB of it, as text."""
    with store.read() as uow:
        uow.trials.search_of(trial_id)
        pieces = uow.logs.pieces(trial_id, attempt=attempt)
    text = "".join(piece.text for piece in pieces)
    return PlainTextResponse(text if tail is None else last_lines(text, tail))


@router.get(
    "/{trial_id}/log/pieces",
    responses=problem_responses(404, 422, 503),
    summary="Follow a trial's log",
)
def log_pieces(
    trial_id: str,
    store: StoreDep,
    after: Annotated[int, Query(ge=0, le=2**63 - 1, description="Id of the last piece seen.")] = 0,
) -> LogPieces:
    """Return what was printed after a piece; ask again while the trial has not ended."""
    with store.read() as uow:
        state = uow.trials.get(trial_id).state
        pieces = uow.logs.pieces(trial_id, after)
    return LogPieces(
        data=[LogPiece(id=piece.id, attempt=piece.attempt, text=piece.text) for piece in pieces],
        state=state.value,
    )


@router.get(
    "/{trial_id}/attempts",
    responses=problem_responses(404, 503),
    summary="List a trial's attempts",
)
def attempts(trial_id: str, store: StoreDep) -> Attempts:
    """Return each worker's hold on it: since when, until when, and how it ended."""
    with store.read() as uow:
        found = attempts_at(uow, uow.trials.get(trial_id))
    return Attempts(data=[attempt_to_wire(attempt) for attempt in found])
