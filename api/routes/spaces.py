"""``/v1/spaces:preview``: what a declared space holds, before a search is submitted."""

from fastapi import APIRouter

from api.deps import StoreDep
from api.errors import problem_responses
from api.mapping import preview_to_wire
from api.submission import check
from bitpareto.types import SpacePreview, SpacePreviewRequest
from search.hardware import named_profile
from search.use_cases.previews import preview_space

router = APIRouter(prefix="/v1/spaces", tags=["spaces"])


@router.post(
    ":preview",
    responses=problem_responses(400, 408, 413, 422, 503),
    summary="Look at a search space",
)
def preview(body: SpacePreviewRequest, store: StoreDep) -> SpacePreview:
    """Count the networks of a space, say what they cost and how many are within budget.

    The body may be that of a search: every field is checked as it would be on submission. Nothing
    is stored or trained. The same body has the same answer. A budget that nothing meets is a 422
    with the smallest value of that cost. With a hardware profile, latency and energy are costs too,
    and only networks that the device computes and holds count as within budget.
    """
    checked = check(store, body, named_profile(store, body.hardware))
    found = preview_space(
        checked.admission.space,
        budgets=checked.budgets,
        n=body.n,
        n_samples=body.n_samples,
        seed=body.seed,
        profile=checked.profile,
    )
    return preview_to_wire(str(body.space["family"]), found)
