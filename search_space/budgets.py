"""What a budget on exact costs leaves of a space."""

from collections.abc import Mapping

from search_space.errors import BudgetInfeasibleError
from search_space.extremes import Extreme, extremes
from search_space.space import Space


def within(costs: Mapping[str, float], budgets: Mapping[str, float]) -> bool:
    """Whether no cost exceeds its budget."""
    return all(costs[name] <= bound for name, bound in budgets.items())


def check_budgets(space: Space, budgets: Mapping[str, float]) -> dict[str, Extreme]:
    """Make sure that each budget alone can be met; returns the smallest value of every exact cost.

    Raises:
        BudgetInfeasibleError: With the smallest values.
    """
    smallest = extremes(space, "smallest")
    if any(smallest[name].value > bound for name, bound in budgets.items()):
        raise infeasible(budgets, smallest)
    return smallest


def infeasible(
    budgets: Mapping[str, float], smallest: Mapping[str, Extreme]
) -> BudgetInfeasibleError:
    """Return the error to raise where nothing within budget was found."""
    return BudgetInfeasibleError(
        budgets,
        {name: smallest[name].value for name in budgets},
        proven=all(smallest[name].proven for name in budgets),
    )
