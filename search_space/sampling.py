"""Draws assignments within budgets: evenly, however little of the space the budgets leave.

While enough of a space is within budget, uniform draws are thrown away until enough are left. Below
that, a population is led there by levels [Au2001]: the quarter that comes nearest to the budgets
survives, is copied, and every copy walks at random without leaving the level; so each level holds
draws that are about uniform within it, and the last level is the budget itself. The product of the
surviving shares estimates how much of the space that is.

Sources:
    [Au2001] S.-K. Au and J. Beck, "Estimation of small failure probabilities in high dimensions by
    subset simulation", Probabilistic Engineering Mechanics 16 (2001).
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from search_space.batch import CostsOf, batch_costs
from search_space.budgets import check_budgets, infeasible
from search_space.extremes import extremes
from search_space.space import Candidate, Places, Space

Floats = npt.NDArray[np.float64]
_POPULATION: Final = 256
_MOST_DRAWS: Final = 128 * _POPULATION
"""Uniform draws worth making; about a tenth of a second."""
_SURVIVORS: Final = 0.25
_STEPS: Final = 10
"""Of each walk within a level."""
_LAST_STEPS: Final = 50
"""Within the budget, so that copies forget each other."""
_MOST_WORK: Final = 60_000_000
"""Of all steps towards the budgets, and again within them; some five seconds."""
_STEP_ROWS: Final = 1000
"""Assignments whose costs take as long as what is done but once for each step."""
_MOST_STALLS: Final = 5
"""Levels in a row that come no nearer, before it is given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """Assignments within budget.

    Attributes:
        places: ``(m, n_genes)``; none where nothing within budget was found.
        method: ``uniform``: exactly uniform and independent. ``levels``: about uniform, see above.
            ``walk``: random walks from the smallest networks; uniform only where these reach
            everything within budget.
        share: Of all assignments, how many are within budget: measured, or estimated from the
            levels; 0 where that is not known.
    """

    places: Places
    method: Literal["uniform", "levels", "walk"]
    share: float


def draw_within(
    space: Space,
    rng: np.random.Generator,
    budgets: Mapping[str, float],
    n: int,
    costs_of: CostsOf | None = None,
) -> Drawn:
    """Draw ``n`` assignments within budget, or none.

    Args:
        space: The space.
        rng: Source of the draws.
        budgets: Upper bound by cost.
        n: At least 1.
        costs_of: What to bound; the exact costs of the space by default.
    """
    known = costs_of or (lambda places: batch_costs(space, places))

    def excess(places: Places) -> Floats:
        """Return the largest factor over a budget; 0 within all of them, ``(n,)``."""
        costs = known(places)
        ratios = [costs[name] / bound for name, bound in budgets.items()]
        over = [costs[name] > bound for name, bound in budgets.items()]
        worst: Floats = np.max(ratios, axis=0, initial=0)
        return np.where(np.any(over, axis=0), worst, 0) if budgets else np.zeros(len(places))

    n_population = max(_POPULATION, n)
    population = space.sample_places(rng, n_population)
    excesses = excess(population)
    found = population[excesses == 0]
    n_draws = n_population
    while len(found) < n and n_draws < _MOST_DRAWS and len(found) / n_draws * _MOST_DRAWS >= n:
        more = space.sample_places(rng, n_population)
        found = np.concatenate([found, more[excess(more) == 0]])
        n_draws += n_population
    if len(found) >= n:
        return Drawn(places=found[:n], method="uniform", share=len(found) / n_draws)
    walkers = _Walkers(space, rng, excess, population, excesses)
    if (share := _descend(walkers)) > 0:
        walkers.work = 0
        walkers.walk(0, _LAST_STEPS)
        return Drawn(places=walkers.some(n), method="levels", share=share)
    starts = np.stack([_places_of(space, start, rng) for start in _smallest(space)])
    starts = starts[excess(starts) == 0]
    if not len(starts):
        return Drawn(places=population[:0], method="levels", share=0)
    walkers.start_at(starts)
    walkers.work = 0
    walkers.walk(0, 4 * _LAST_STEPS)
    return Drawn(places=walkers.some(n), method="walk", share=0)


def sample_within(
    space: Space, rng: np.random.Generator, budgets: Mapping[str, float], n: int
) -> list[Candidate]:
    """Draw ``n`` candidates within budget, about uniformly over assignments; see ``draw_within``.

    Raises:
        BudgetInfeasibleError: If none was found, with the smallest value of each bounded cost.
    """
    smallest = check_budgets(space, budgets)
    drawn = draw_within(space, rng, budgets, n) if n else None
    if drawn is not None and not len(drawn.places):
        raise infeasible(budgets, smallest)
    return [] if drawn is None else [space.at_places(places) for places in drawn.places]


class _Walkers:
    """A population of assignments that walk at random.

    Attributes:
        excesses: Of each, ``(n,)``.
        work: What steps cost so far, in genes of an assignment; beyond a limit none are taken.
    """

    def __init__(
        self,
        space: Space,
        rng: np.random.Generator,
        excess: Callable[[Places], Floats],
        places: Places,
        excesses: Floats,
    ) -> None:
        self.excesses = excesses
        self._space = space
        self._rng = rng
        self._excess = excess
        self._places = places
        self.work = 0

    def keep(self, survivors: npt.NDArray[np.bool_]) -> None:
        """Replace the others by copies of survivors, each as often as the next."""
        alive = np.flatnonzero(survivors)
        copies = np.resize(self._rng.permutation(alive), len(survivors) - len(alive))
        chosen = np.concatenate([alive, copies])
        self._places, self.excesses = self._places[chosen], self.excesses[chosen]

    def start_at(self, places: Places) -> None:
        """Put all at given assignments, ``(m, n_genes)``, in turn."""
        self._places = np.resize(places, self._places.shape)
        self.excesses = self._excess(self._places)

    def walk(self, level: float, n_steps: int) -> None:
        """Take steps, of which those beyond a level are not made.

        A step draws some genes anew: one at least, else between one and a good part of them. As a
        step and its opposite are equally likely, what is uniform within the level stays so.
        """
        n, n_genes = self._places.shape
        rows = np.arange(n)
        for _ in range(n_steps if n_genes else 0):
            if self.work > _MOST_WORK:
                break
            self.work += (n + _STEP_ROWS) * n_genes
            share = n_genes ** -self._rng.uniform(0.25, 1, size=(n, 1))
            changed = self._rng.random((n, n_genes)) < share
            changed[rows, self._rng.integers(n_genes, size=n)] = True
            fresh = self._space.sample_places(self._rng, n)
            tried = np.where(changed, fresh, self._places)
            excesses = self._excess(tried)
            taken = excesses <= level
            self._places[taken], self.excesses[taken] = tried[taken], excesses[taken]

    def some(self, n: int) -> Places:
        """Return ``n`` of them."""
        return self._places[self._rng.permutation(len(self._places))[:n]]


def _descend(walkers: _Walkers) -> float:
    """Lead walkers within budget; returns the estimated share, 0 if they do not get there."""
    level, share, stalls = math.inf, 1.0, 0
    while level > 0 and stalls < _MOST_STALLS and walkers.work < _MOST_WORK:
        excesses = walkers.excesses
        nearest = float(np.quantile(excesses, _SURVIVORS, method="lower"))
        if nearest >= level:
            # many are equally far: take those that are nearer, however few
            nearest = float(excesses[excesses < level].max(initial=0))
        if nearest < level and (excesses <= nearest).any():
            level, stalls = nearest, 0
            share *= float((excesses <= level).mean())
            walkers.keep(excesses <= level)
        else:
            stalls += 1
        walkers.walk(level, _STEPS)
    return 0.0 if level > 0 else share


def _smallest(space: Space) -> list[Candidate]:
    return [extreme.candidate for extreme in extremes(space, "smallest").values()]


def _places_of(space: Space, candidate: Candidate, rng: np.random.Generator) -> Places:
    """Return an assignment of a candidate, genes without effect drawn; ``(n_genes,)``."""
    drawn = space.sample_places(rng, 1)[0].tolist()
    places = [
        gene.choices.index(candidate.genes[gene.name]) if gene.name in candidate.genes else place
        for gene, place in zip(space.genes, drawn, strict=True)
    ]
    return np.array(places, dtype=np.int64)
