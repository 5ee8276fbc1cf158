"""What can be said of a space without training: how many networks, what they cost, what fits."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from search_space.batch import CostsOf, batch_costs
from search_space.costs import COST_NAMES
from search_space.counting import Count, all_places, count_assignments, count_candidates
from search_space.errors import BudgetInfeasibleError
from search_space.extremes import extremes
from search_space.hardware.batch import REFUSED, costs_on
from search_space.hardware.estimate import cost_names, exact_costs
from search_space.hardware.extremes import extreme_found
from search_space.hardware.narrowing import HardwareMismatchError, narrow
from search_space.hardware.profile import HardwareProfile
from search_space.intervals import wilson_interval
from search_space.sampling import Drawn, draw_within
from search_space.space import Candidate, Places, Space
from search_space.table_assembly import End

MOST_NUMBERS: Final = 4_000_000
"""Of all assignments looked at: with many genes, fewer assignments. Bounds memory and time."""
_FEWEST: Final = 100
_FEWEST_HITS: Final = 10
"""Within budget, for their share to be better than the estimate from levels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostPreview:
    """How a cost is distributed over a space.

    Attributes:
        smallest: Least value in the space; of time and energy, among what the device computes.
        smallest_proven: Whether no network has less; else none was found that has.
        median: Over the assignments looked at; of time and energy, over those of them that the
            device computes, if there are any.
        largest: Greatest value.
        largest_proven: Whether no network has more.
    """

    smallest: float
    smallest_proven: bool
    median: float
    largest: float
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
    costs: Mapping[str, float]


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
        share: Within the budgets, and on a device what it computes and holds.
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
    profile: HardwareProfile | None = None,
    n: int = 10_000,
    n_samples: int = 20,
    seed: int = 0,
) -> Preview:
    """Look at a space; the same arguments, the same answer.

    Args:
        space: The space.
        budgets: Upper bound by exact cost.
        profile: A device; widths that it does not compute are left out of the space, and there are
            the costs of time and energy.
        n: Assignments to look at, at least 1; fewer where that would be more than
            ``MOST_NUMBERS`` numbers. Spaces without more are looked at in full.
        n_samples: Candidates to return.
        seed: Of all draws.

    Raises:
        BudgetInfeasibleError: If nothing is within the budgets, or nothing was found.
        HardwareMismatchError: If a gene offers no width that the device computes, or no network
            was found that it does.
    """
    bounds = dict(budgets or {})
    costs_of: CostsOf = lambda places: batch_costs(space, places)  # noqa: E731
    if profile is not None:
        space, bounds = narrow(space, profile), profile.bounds(bounds)
        costs_of = costs_on(space, profile)
    smallest = _ends(space, costs_of, profile, "smallest")
    largest = _ends(space, costs_of, profile, "largest")
    if any(smallest[name].value > bound for name, bound in bounds.items()):
        raise _infeasible(bounds, smallest)
    limits = bounds if profile is None else {**bounds, REFUSED: 1.0}
    rng = np.random.default_rng(seed)
    n_assignments = count_assignments(space)
    n_seen = min(n, max(_FEWEST, MOST_NUMBERS // max(len(space.genes), 1)))
    complete = n_assignments <= n_seen
    places = all_places(space) if complete else space.sample_places(rng, n_seen)
    costs = costs_of(places)
    fit = np.ones(len(places), dtype=np.bool_)
    for name, bound in limits.items():
        fit &= costs[name] <= bound
    drawn = _draw(space, rng, limits, costs_of, places[fit], n_samples, complete=complete)
    if n_samples and not len(drawn.places):
        raise _infeasible(bounds, smallest)
    runs = costs[REFUSED] == 1 if profile is not None else np.ones(len(places), dtype=np.bool_)
    return Preview(
        n_genes=len(space.genes),
        count=count_candidates(space),
        n_assignments=n_assignments,
        n_seen=len(places),
        complete=complete,
        costs={
            name: _cost_preview(
                costs[name][runs] if name not in COST_NAMES and runs.any() else costs[name],
                smallest[name],
                largest[name],
                complete=complete and name in COST_NAMES,
            )
            for name in cost_names(profile)
        },
        share=_share(int(fit.sum()), len(places), drawn, complete=complete),
        samples=tuple(_sample(space, each, profile) for each in drawn.places),
        sampling=drawn.method,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _End:
    """One end of the range of a cost, and whether it is proven."""

    value: float
    proven: bool


def _ends(
    space: Space, costs_of: CostsOf, profile: HardwareProfile | None, end: End
) -> dict[str, _End]:
    ends = {
        name: _End(value=extreme.value, proven=extreme.proven)
        for name, extreme in extremes(space, end).items()
    }
    for name in cost_names(profile)[len(COST_NAMES) :]:
        value = extreme_found(space, costs_of, name, end)
        if value is None and profile is not None:
            raise HardwareMismatchError(profile.name, ())
        if value is not None:
            ends[name] = _End(value=value, proven=False)
    return ends


def _infeasible(bounds: Mapping[str, float], smallest: Mapping[str, _End]) -> BudgetInfeasibleError:
    return BudgetInfeasibleError(
        bounds,
        {name: smallest[name].value for name in bounds},
        proven=all(smallest[name].proven for name in bounds),
    )


def _draw(
    space: Space,
    rng: np.random.Generator,
    budgets: Mapping[str, float],
    costs_of: CostsOf,
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
    return draw_within(space, rng, budgets, n, costs_of)


def _cost_preview(
    values: npt.NDArray[np.int64 | np.float64], smallest: _End, largest: _End, *, complete: bool
) -> CostPreview:
    # where no proof was possible, all assignments or a sample may still know better
    return CostPreview(
        smallest=min(smallest.value, values.min().item()),
        smallest_proven=complete or smallest.proven,
        median=float(np.median(values)),
        largest=max(largest.value, values.max().item()),
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


def _sample(space: Space, places: Places, profile: HardwareProfile | None) -> Sample:
    candidate = space.at_places(places)
    return Sample(candidate=candidate, costs=exact_costs(candidate.layers, profile))
