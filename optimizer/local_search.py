"""The baseline local search: an unknown neighbour of a member of the front, drawn at random.

With one objective that is the hill climbing that [White2021]_ found hard to beat on tables of
trained networks; with several, Pareto local search without a fixed order of visits. A member whose
neighbours are all known yields nothing more.

Sources:
    [White2021] White et al., "Exploring the loss landscape in neural architecture search", UAI
        2021.
"""

import numpy as np

from optimizer.breeding import propose
from optimizer.genotypes import Genotypes, Places
from optimizer.measured import Measured, undominated
from search.entities import Proposal
from search.ports import AskRequest

N_INITIAL = 10


def ask(request: AskRequest) -> list[Proposal]:
    """Propose neighbours of the front; see ``breeding.propose``."""
    return propose(request, "local_search", N_INITIAL, _breed)


def _breed(measured: Measured, genotypes: Genotypes, rng: np.random.Generator, n: int) -> Places:
    front = undominated(measured.losses)
    return genotypes.mutate(measured.places[rng.choice(front, n)], rng, most=1)
