"""The baseline NSGA-II, steady state: parents are the best trials so far, however many run.

Textbook NSGA-II keeps a population and waits for a whole generation. Here the population is
recomputed from the history at every ask ([Durillo2009]_ found the steady state no worse), so that
nothing is held between asks and a worker that is free never waits.

Sources:
    [Deb2002] Deb et al., "A fast and elitist multiobjective genetic algorithm: NSGA-II", IEEE
        Trans. Evol. Comput. 6: rank, crowding distance, binary tournaments.
    [Durillo2009] Durillo et al., "On the effect of the steady-state selection scheme in
        multi-objective genetic algorithms", EMO 2009.
"""

import numpy as np
import numpy.typing as npt

from optimizer.breeding import propose
from optimizer.genotypes import Genotypes, Places
from optimizer.measured import Measured, crowding, ranked
from search.entities import Proposal
from search.ports import AskRequest

POPULATION = 40
CROSSOVER = 0.9
"""Share of children that have two parents."""
MOST_CHANGES = 2


def ask(request: AskRequest) -> list[Proposal]:
    """Propose children of the non-dominated and least crowded; see ``breeding.propose``."""
    return propose(request, "nsga2", POPULATION, _breed)


def _breed(measured: Measured, genotypes: Genotypes, rng: np.random.Generator, n: int) -> Places:
    survivors = best(measured, POPULATION)
    # they are sorted, so that the smaller index wins a tournament
    winners = survivors[rng.integers(0, len(survivors), (2, 2, n)).min(axis=0)]
    mothers, fathers = measured.places[winners]
    crossed = rng.random(n) < CROSSOVER
    mixed = genotypes.cross(mothers, fathers, rng)
    children = np.where(crossed[:, None], mixed, mothers)
    return genotypes.mutate(children, rng, most=MOST_CHANGES)


def best(measured: Measured, n: int) -> npt.NDArray[np.int64]:
    """Return up to ``n`` indices, by rank and within a rank the least crowded first."""
    order = [
        front[np.argsort(-crowding(measured.losses[front]), kind="stable")]
        for front in ranked(measured.losses, n)
    ]
    return np.concatenate(order)[:n]
