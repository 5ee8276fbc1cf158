"""``/v1/spaces:preview``: what a declared space holds, before a search is submitted."""

from fastapi import APIRouter

from api.deps import StoreDep
from api.errors import problem_responses
from api.mapping import preview_to_wire
from bitpareto.types import SpacePreview, SpacePreviewRequest
from search.dataset_lookup import named_dataset
from search.hardware import live, named_profile
from search.models import model_of_space
from search.use_cases.previews import preview_space

router = APIRouter(prefix="/v1/spaces", tags=["spaces"])


@router.post(
    ":preview",
    responses=problem_responses(400, 408, 413, 422, 503),
    summary="Look at a search space",
)
def preview(body: SpacePreviewRequest, store: StoreDep) -> SpacePreview:
    """Count the networks of a space, say what they cost and how many are within budget.

    Nothing is stored or trained. The same body has the same answer. A budget that nothing meets is
    a 422 with the smallest value of that cost. With a hardware profile, latency and energy are
    costs too, and only networks that the device computes and holds count as within budget.
    """
    model = model_of_space(store, body.space)
    hardware = named_profile(store, body.hardware)
    found = preview_space(
        dataset=named_dataset(store, body.dataset),
        space=body.space,
        budgets=dict(body.budgets.items()),
        n=body.n,
        n_samples=body.n_samples,
        seed=body.seed,
        network=model.layers if model else None,
        profile=live(hardware) if hardware else None,
    )
    return preview_to_wire(str(body.space["family"]), found)
