"""What can be said of a space without training: extremes of each cost, samples within budget."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, Literal

import numpy as np

from search_space.costs import cost_mapping
from search_space.errors import BudgetInfeasibleError
from search_space.space import Candidate, Space

_BITS: Final = ("weight_bits", "activation_bits")


def extreme_candidate(space: Space, cost: str, which: Literal["smallest", "largest"]) -> Candidate:
    """Return a candidate at an extreme of one exact cost; the same space, the same answer.

    Bit genes stay at their first (last) choice. That is exact: with the architecture given, no
    cost falls when a width grows. Groups of channels with widths of their own are the exception:
    the file of a layer is largest when all but its smallest group have the last choice, if the
    table of widths takes more than that group gives up, so this is tried. (Only where ``fixed``
    pins single groups can a layer beat the result, by its table of widths at most.)

    Architecture genes start there too, then changes of one gene are taken while they improve. More
    taps, blocks or expansion never make a network cheaper, but more channels can: equal widths
    save a ``resnet`` its shortcut and cost a ``mobilenetv2`` a residual sum. So the result is best
    under changes of one gene, which is no proof of the global extreme; only another combination
    of several channel genes could beat it, by no more than such shortcuts and sums weigh.

    Args:
        space: The space.
        cost: Name of an exact cost, such as ``size_bytes``.
        which: End of the range.
    """
    sign, end = (1, 0) if which == "smallest" else (-1, -1)
    values = {gene.name: gene.choices[end] for gene in space.genes}
    searched = [gene for gene in space.genes if not gene.name.endswith(_BITS)]
    if which == "largest":
        # the first group is the smallest
        searched += [
            replace(gene, choices=gene.choices[-2:])
            for gene in space.genes
            if gene.name.endswith(".group0.weight_bits")
        ]
    best = space.candidate(values)
    best_cost = sign * cost_mapping(best.layers)[cost]
    improved = True
    while improved:
        improved = False
        for gene in searched:
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


def size_range(space: Space, budgets: Mapping[str, float]) -> tuple[int, int]:
    """Return the least and the largest ``size_bytes`` a search within ``budgets`` can have.

    Raises:
        BudgetInfeasibleError: If a budget lies below the smallest value of its cost.
    """
    check_budgets(space, budgets)
    smallest, largest = cost_range(space, "size_bytes")
    return smallest, int(min(largest, budgets.get("size_bytes", largest)))


def within(costs: Mapping[str, int], budgets: Mapping[str, float]) -> bool:
    """Whether no cost exceeds its budget."""
    return all(costs[name] <= bound for name, bound in budgets.items())


def check_budgets(space: Space, budgets: Mapping[str, float]) -> None:
    """Make sure that each budget alone can be met.

    Raises:
        BudgetInfeasibleError: With the smallest values found.
    """
    smallest = _smallest(space, budgets)
    if not within(smallest, budgets):
        raise BudgetInfeasibleError(budgets, smallest)


def sample_within(
    space: Space, rng: np.random.Generator, budgets: Mapping[str, float], n: int, max_tries: int
) -> list[Candidate]:
    """Draw ``n`` candidates within budget; fewer when ``max_tries`` samples hold no more.

    Uniform over the assignments within budget, since what is over budget is drawn again.

    Raises:
        BudgetInfeasibleError: If no sample was within budget, with the smallest value of each
            bounded cost.
    """
    drawn: list[Candidate] = []
    for _ in range(max_tries):
        if len(drawn) == n:
            break
        candidate = space.sample(rng)
        if within(cost_mapping(candidate.layers), budgets):
            drawn.append(candidate)
    if n and not drawn:
        raise BudgetInfeasibleError(budgets, _smallest(space, budgets))
    return drawn


def _smallest(space: Space, budgets: Mapping[str, float]) -> dict[str, int]:
    return {
        name: cost_mapping(extreme_candidate(space, name, "smallest").layers)[name]
        for name in budgets
    }
