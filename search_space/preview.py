"""What can be said of a space without training: extremes of each cost, samples within budget."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np

from search_space.costs import cost_mapping
from search_space.errors import BudgetInfeasibleError
from search_space.space import Candidate, Space

if TYPE_CHECKING:
    from search_space.genes import GeneValue


def extreme_candidate(space: Space, cost: str, which: Literal["smallest", "largest"]) -> Candidate:
    """Return a candidate at an extreme of one exact cost.

    Every gene starts at its first (last) choice, then single-gene changes are taken while they
    improve. The start is already the extreme but for a few bytes: more channels, taps, blocks or
    bits never make a layer cheaper, while equal widths may add a residual sum. The result is the
    best under single changes, which is not proved to be the global extreme.
    """
    sign, end = (1, 0) if which == "smallest" else (-1, -1)
    values: dict[str, GeneValue] = {gene.name: gene.choices[end] for gene in space.genes}
    best = space.candidate(values)
    best_cost = sign * cost_mapping(best.layers)[cost]
    improved = True
    while improved:
        improved = False
        for gene in space.genes:
            for choice in gene.choices:
                tried = space.candidate({**values, gene.name: choice})
                tried_cost = sign * cost_mapping(tried.layers)[cost]
                if tried_cost < best_cost:
                    best, best_cost, improved = tried, tried_cost, True
                    values[gene.name] = choice
    return best


def cost_range(space: Space, cost: str) -> tuple[int, int]:
    """Return the least and the largest value of an exact cost, as ``extreme_candidate`` finds."""
    smallest = extreme_candidate(space, cost, "smallest")
    largest = extreme_candidate(space, cost, "largest")
    return cost_mapping(smallest.layers)[cost], cost_mapping(largest.layers)[cost]


def within(costs: Mapping[str, int], budgets: Mapping[str, float]) -> bool:
    """Whether no cost exceeds its budget."""
    return all(costs[name] <= bound for name, bound in budgets.items())


def check_budgets(space: Space, budgets: Mapping[str, float]) -> None:
    """Make sure that each budget alone can be met.

    Raises:
        BudgetInfeasibleError: With the smallest values found.
    """
    smallest = {
        name: cost_mapping(extreme_candidate(space, name, "smallest").layers)[name]
        for name in budgets
    }
    if any(smallest[name] > bound for name, bound in budgets.items()):
        raise BudgetInfeasibleError(budgets, smallest)


def sample_within(
    space: Space, rng: np.random.Generator, budgets: Mapping[str, float], n: int, max_tries: int
) -> list[Candidate]:
    """Draw up to ``n`` candidates within budget from at most ``max_tries`` uniform samples.

    Raises:
        BudgetInfeasibleError: If no candidate can meet a budget.
    """
    drawn: list[Candidate] = []
    for _ in range(max_tries):
        if len(drawn) == n:
            return drawn
        candidate = space.sample(rng)
        if within(cost_mapping(candidate.layers), budgets):
            drawn.append(candidate)
    if not drawn:
        check_budgets(space, budgets)
    return drawn
