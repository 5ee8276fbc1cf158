"""A search's measured trials as arrays of losses: smaller is better, accuracy comes first."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from optimizer.frontier import Frontier
from optimizer.genotypes import Places
from search.pareto import losses_of
from search.ports import AskRequest

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Measured:
    """Completed trials in order of their number, ``n`` of them.

    Attributes:
        places: Genotypes ``(n, d)``, -1 where a gene has no effect.
        losses: ``(n, m)``, in the order of the objectives.
    """

    places: Places
    losses: Floats

    def __len__(self) -> int:
        """Trials."""
        return len(self.places)


def read_measured(request: AskRequest, frontier: Frontier) -> Measured:
    """Return the completed trials whose objectives are all finite; no other teaches anything."""
    places, losses = [], []
    for observation in request.history:
        values = observation.values or {}
        finite = all(math.isfinite(values.get(o.name, math.nan)) for o in request.objectives)
        if observation.status == "completed" and finite:
            places.append(frontier.genotypes.places(observation.genes))
            losses.append(losses_of(values, request.objectives))
    n_genes = len(frontier.genotypes.genes)
    return Measured(
        np.array(places, dtype=np.int64).reshape(len(places), n_genes),
        np.array(losses, dtype=np.float64).reshape(len(places), len(request.objectives)),
    )


def undominated(losses: Floats) -> npt.NDArray[np.int64]:
    """Return the indices, rising, of the front of ``(n, m)`` losses; of equal points all."""
    left = np.lexsort(losses.T[::-1])
    front = []
    while len(left):
        # the first of a lexicographic order is dominated by none behind it
        here = losses[left[0]]
        front.append(left[0])
        behind = losses[left[1:]]
        beaten = (behind >= here).all(axis=1) & (behind > here).any(axis=1)
        left = left[1:][~beaten]
    return np.sort(np.array(front, dtype=np.int64))


def ranked(losses: Floats, least: int) -> list[npt.NDArray[np.int64]]:
    """Return the first fronts, each as indices, until they hold ``least`` points or all."""
    fronts: list[npt.NDArray[np.int64]] = []
    left = np.arange(len(losses))
    while len(left) and sum(map(len, fronts)) < least:
        front = undominated(losses[left])
        fronts.append(left[front])
        left = np.delete(left, front)
    return fronts


def crowding(losses: Floats) -> Floats:
    """Return how far apart the neighbours of each point lie along a front, ``(n,)``.

    [Deb2002]_: the sum over objectives of the distance between the two neighbours, over the
    front's range; infinite at both ends.

    Sources:
        [Deb2002] Deb et al., "A fast and elitist multiobjective genetic algorithm: NSGA-II", IEEE
            Trans. Evol. Comput. 6.
    """
    distance = np.zeros(len(losses))
    for column in losses.T:
        order = np.argsort(column, kind="stable")
        span = column[order[-1]] - column[order[0]]
        distance[order[[0, -1]]] = np.inf
        if span > 0:
            distance[order[1:-1]] += (column[order[2:]] - column[order[:-2]]) / span
    return distance
