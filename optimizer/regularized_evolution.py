"""The baseline regularized evolution: mutants of tournament winners, and the old die.

[Real2019]_ has one objective. Here the winner of a tournament is the one of the lowest
non-domination rank within it, and among those the least crowded.

Sources:
    [Real2019] Real et al., "Regularized evolution for image classifier architecture search", AAAI
        2019: a population of the most recent, whatever their worth.
"""

import numpy as np

from optimizer.breeding import propose
from optimizer.genotypes import Genotypes, Places
from optimizer.measured import Measured
from optimizer.nsga2 import best
from search.entities import Proposal
from search.ports import AskRequest

POPULATION = 50
SAMPLE = 10
N_INITIAL = 20
"""Random trials; the population then grows to its size before the first die."""


def ask(request: AskRequest) -> list[Proposal]:
    """Propose mutants of one gene of winners among the most recent; see ``breeding.propose``."""
    return propose(request, "regularized_evolution", N_INITIAL, _breed)


def _breed(measured: Measured, genotypes: Genotypes, rng: np.random.Generator, n: int) -> Places:
    alive = Measured(measured.places[-POPULATION:], measured.losses[-POPULATION:])
    # places in the order of worth: the winner of a sample is its smallest
    order = best(alive, len(alive))
    size = min(SAMPLE, len(alive))
    winners = [order[rng.choice(len(alive), size, replace=False).min()] for _ in range(n)]
    return genotypes.mutate(alive.places[winners], rng, most=1)
