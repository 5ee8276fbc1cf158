"""Look at a space that a request declares, without storing anything."""

from collections.abc import Mapping

from search.errors import FieldProblem, InvalidRequestError
from search_space.errors import BudgetInfeasibleError
from search_space.hardware.profile import HardwareProfile
from search_space.preview import Preview, preview
from search_space.space import Space


def preview_space(
    space: Space,
    *,
    budgets: Mapping[str, float],
    n: int,
    n_samples: int,
    seed: int,
    profile: HardwareProfile | None = None,
) -> Preview:
    """Look at an admitted space.

    Args:
        space: As ``search.admission`` has checked it.
        budgets: Upper bounds per exact cost.
        n: Assignments to look at.
        n_samples: Candidates to return.
        seed: Of all draws.
        profile: The device, if one is named.

    Raises:
        InvalidRequestError: If nothing meets all budgets together; it names the smallest values.
    """
    try:
        return preview(space, budgets=budgets, profile=profile, n=n, n_samples=n_samples, seed=seed)
    except BudgetInfeasibleError as error:
        # each budget alone can be met, so they exclude each other
        allowed = tuple(f"{name} >= {least}" for name, least in error.smallest.items())
        raise InvalidRequestError(
            [FieldProblem("/budgets", "infeasible_together", str(error), allowed)]
        ) from error
