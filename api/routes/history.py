"""What has happened so far: learning curves of a trial, growth of a search's hypervolume."""

from fastapi import APIRouter

from api.deps import StoreDep
from api.errors import problem_responses
from api.history import GROWTH_EVENTS, curve_points, hypervolume_points
from bitpareto.types import Curves, HypervolumeHistory

router = APIRouter(tags=["history"])


@router.get(
    "/v1/trials/{trial_id}/curves",
    responses=problem_responses(404, 503),
    summary="Read a trial's learning curves",
)
def curves(trial_id: str, store: StoreDep) -> Curves:
    """Return every report of its training, of all attempts, in the order they came."""
    with store.read() as uow:
        trial = uow.trials.get(trial_id)
        events = uow.events.of_types(trial.search_id, ("trial.started", "trial.progress"), trial_id)
    return Curves(trial_id=trial_id, search_id=trial.search_id, points=curve_points(events))


@router.get(
    "/v1/searches/{search_id}/hypervolume",
    responses=problem_responses(404, 503),
    summary="Read how a search's hypervolume grew",
)
def hypervolume(search_id: str, store: StoreDep) -> HypervolumeHistory:
    """Return one point for each change of the front, over trials and over time."""
    with store.read() as uow:
        search = uow.searches.get(search_id)
        events = uow.events.of_types(search_id, GROWTH_EVENTS)
    return HypervolumeHistory(
        search_id=search_id,
        ref_point=dict(search.ref_point),
        points=hypervolume_points(events),
    )
