"""What can be said of a space without training: how many networks, what they cost, what fits."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from search_space.batch import batch_costs
from search_space.budgets import check_budgets, infeasible
from search_space.costs import COST_NAMES, cost_mapping
from search_space.counting import Count, all_places, count_assignments, count_candidates
from search_space.extremes import Extreme, extremes
from search_space.intervals import wilson_interval
from search_space.sampling import Drawn, draw_within
from search_space.space import Candidate, Places, Space

MOST_NUMBERS: Final = 4_000_000
"""Of all assignments looked at: with many genes, fewer assignments. Bounds memory and time."""
_FEWEST: Final = 100
_FEWEST_HITS: Final = 10
"""Within budget, for their share to be better than the estimate from levels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostPreview:
    """How a cost is distributed over a space.

    Attributes:
        smallest: Least value in the space.
        smallest_proven: Whether no network has less; else none was found that has.
        median: Over the assignments looked at.
        largest: Greatest value.
        largest_proven: Whether no network has more.
    """

    smallest: int
    smallest_proven: bool
    median: float
    largest: int
    largest_proven: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """How much of a space is within budget, every assignment of genes counting alike.

    Attributes:
        n_within: Of the assignments looked at.
        n: Assignments looked at.
        interval: 95 % Wilson interval of the share; both ends are the share where ``n`` is all.
        estimate: The share. Where too few of the assignments looked at are within budget to tell,
            that of ``search_space.sampling``, from levels right within a factor of about 2.
    """

    n_within: int
    n: int
    interval: tuple[float, float]
    estimate: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A candidate with its exact costs."""

    candidate: Candidate
    costs: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What is known of a space beforehand.

    Attributes:
        n_genes: Genes with more than one choice.
        count: Distinct networks.
        n_assignments: Ways to choose all genes, also those that have no effect where others make
            them void; what uniform samples are drawn from.
        n_seen: Assignments looked at.
        complete: Whether these are all, which makes medians and share exact.
        costs: Of the whole space, whatever the budgets.
        share: Within the budgets.
        samples: Drawn within the budgets.
        sampling: How; see ``search_space.sampling.Drawn``.
    """

    n_genes: int
    count: Count
    n_assignments: int
    n_seen: int
    complete: bool
    costs: Mapping[str, CostPreview]
    share: Share
    samples: tuple[Sample, ...]
    sampling: str


def preview(
    space: Space,
    *,
    budgets: Mapping[str, float] | None = None,
    n: int = 10_000,
    n_samples: int = 20,
    seed: int = 0,
) -> Preview:
    """Look at a space; the same arguments, the same answer.

    Args:
        space: The space.
        budgets: Upper bound by exact cost.
        n: Assignments to look at, at least 1; fewer where that would be more than
            ``MOST_NUMBERS`` numbers. Spaces without more are looked at in full.
        n_samples: Candidates to return.
        seed: Of all draws.

    Raises:
        BudgetInfeasibleError: If nothing is within the budgets, or nothing was found.
    """
    bounds = dict(budgets or {})
    smallest, largest = check_budgets(space, bounds), extremes(space, "largest")
    rng = np.random.default_rng(seed)
    n_assignments = count_assignments(space)
    n_seen = min(n, max(_FEWEST, MOST_NUMBERS // max(len(space.genes), 1)))
    complete = n_assignments <= n_seen
    places = all_places(space) if complete else space.sample_places(rng, n_seen)
    costs = batch_costs(space, places)
    fit = np.ones(len(places), dtype=np.bool_)
    for name, bound in bounds.items():
        fit &= costs[name] <= bound
    drawn = _draw(space, rng, bounds, places[fit], n_samples, complete=complete)
    if n_samples and not len(drawn.places):
        raise infeasible(bounds, smallest)
    return Preview(
        n_genes=len(space.genes),
        count=count_candidates(space),
        n_assignments=n_assignments,
        n_seen=len(places),
        complete=complete,
        costs={
            name: _cost_preview(costs[name], smallest[name], largest[name], complete=complete)
            for name in COST_NAMES
        },
        share=_share(int(fit.sum()), len(places), drawn, complete=complete),
        samples=tuple(_sample(space, each) for each in drawn.places),
        sampling=drawn.method,
    )


def _draw(
    space: Space,
    rng: np.random.Generator,
    budgets: Mapping[str, float],
    fit: Places,
    n: int,
    *,
    complete: bool,
) -> Drawn:
    """Return samples within budget, from the assignments that fit where these suffice."""
    if complete:
        return Drawn(places=rng.permutation(fit)[:n], method="uniform", share=0)
    if len(fit) >= n:
        return Drawn(places=fit[:n], method="uniform", share=0)
    return draw_within(space, rng, budgets, n)


def _cost_preview(
    values: npt.NDArray[np.int64], smallest: Extreme, largest: Extreme, *, complete: bool
) -> CostPreview:
    # where no proof was possible, all assignments or a sample may still know better
    return CostPreview(
        smallest=min(smallest.value, int(values.min())),
        smallest_proven=complete or smallest.proven,
        median=float(np.median(values)),
        largest=max(largest.value, int(values.max())),
        largest_proven=complete or largest.proven,
    )


def _share(n_within: int, n: int, drawn: Drawn, *, complete: bool) -> Share:
    measured = n_within / n
    interval = (measured, measured) if complete else wilson_interval(measured, n)
    estimated = not complete and n_within < _FEWEST_HITS and drawn.share > 0
    return Share(
        n_within=n_within,
        n=n,
        interval=interval,
        estimate=drawn.share if estimated else measured,
    )


def _sample(space: Space, places: Places) -> Sample:
    candidate = space.at_places(places)
    return Sample(candidate=candidate, costs=cost_mapping(candidate.layers))
