"""Look at a declared space, without storing anything."""

from collections.abc import Mapping
from typing import Any

from search.admission import admit_space
from search.datasets import DatasetFacts
from search.errors import FieldProblem, InvalidRequestError
from search.hardware_admission import admit_on_hardware
from search_space.errors import BudgetInfeasibleError
from search_space.hardware.profile import HardwareProfile
from search_space.layers import LayerList
from search_space.preview import Preview, preview


def preview_space(
    *,
    dataset: DatasetFacts | FieldProblem,
    space: Mapping[str, Any],
    budgets: Mapping[str, float],
    n: int,
    n_samples: int,
    seed: int,
    network: LayerList | None = None,
    profile: HardwareProfile | None = None,
) -> Preview:
    """Check a space as a search would be checked, and look at it.

    Args:
        dataset: The data set that is named, or that there is none.
        space: As declared.
        budgets: Upper bounds per exact cost.
        n: Assignments to look at.
        n_samples: Candidates to return.
        seed: Of all draws.
        network: The layers of the model that the space names, if it names one.
        profile: The device, if one is named.

    Raises:
        InvalidRequestError: With every problem found; a budget that nothing meets is named with the
            smallest value of its cost.
    """
    live = admit_space(
        dataset=dataset, space=space, budgets=budgets, network=network, profile=profile
    )
    if profile is not None:
        live = admit_on_hardware(live, profile, budgets, objectives=()).space
    try:
        return preview(live, budgets=budgets, profile=profile, n=n, n_samples=n_samples, seed=seed)
    except BudgetInfeasibleError as error:
        # each budget alone can be met, so they exclude each other
        allowed = tuple(f"{name} >= {least}" for name, least in error.smallest.items())
        raise InvalidRequestError(
            [FieldProblem("/budgets", "infeasible_together", str(error), allowed)]
        ) from error
