"""Draws that reach all costs: genes that lean together towards the cheap or the costly choices.

Uniform genes make costs cluster, since the many layers average out, and give nearly every network
some layer at its coarsest. Which end of a gene costs more is known exactly; a width without cost
leans to the widest.
"""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from optimizer.genotypes import Genotypes, Places
from search.objectives import Objective
from search.ports import Terrain
from search_space.bits import is_bit_gene

Floats = npt.NDArray[np.float64]

_FREE_POWER = 0.15
"""Exponent that widths without cost are tilted by: two thirds of them are the widest of six."""


class Leaning:
    """Leans genotypes of a space; ``d`` genes."""

    def __init__(self, terrain: Terrain, costs: Sequence[Objective]) -> None:
        self._genotypes = Genotypes(terrain)
        change = _changes(terrain, self._genotypes, costs)
        bits = np.array([is_bit_gene(gene.name) for gene in terrain.genes], dtype=np.bool_)
        self._free = bits & (change == 0)
        # what costs nothing leans by its own order
        rises = np.array([_rises(gene.choices) for gene in terrain.genes], dtype=np.bool_)
        self._turned: npt.NDArray[np.bool_] = np.where(change == 0, ~rises, change < 0)

    def tilt(self, places: Places, power: Floats) -> Places:
        """Push genotypes ``(n, d)`` towards cheap choices (power above 1) or costly ones.

        Args:
            places: With every gene uniform.
            power: ``(n,)``.
        """
        exponents = np.where(self._free, _FREE_POWER, power[:, None])
        return self._moved(places, lambda u: u**exponents)

    def gather(self, places: Places, level: Floats, spread: float) -> Places:
        """Squeeze genotypes ``(n, d)`` around a level of cost each, 0 to 1, ``(n,)``."""

        def squeezed(u: Floats) -> Floats:
            around = np.clip(level[:, None] + spread * (u - 0.5), 0.0, 1.0)
            return np.where(self._free, u**_FREE_POWER, around)

        return self._moved(places, squeezed)

    def _moved(self, places: Places, move: Callable[[Floats], Floats]) -> Places:
        n_choices = self._genotypes.n_choices
        turned = np.where(self._turned, n_choices - 1 - places, places)
        u = move((turned + 0.5) / n_choices)
        moved = np.minimum((u * n_choices).astype(np.int64), n_choices - 1)
        return np.where(self._turned, n_choices - 1 - moved, moved)


def _changes(terrain: Terrain, genotypes: Genotypes, costs: Sequence[Objective]) -> Floats:
    """Return what each gene adds to the costs from its first to its last choice, ``(d,)``, log2."""
    # both middles of an even number, so that the order of the choices does not matter
    last = genotypes.n_choices - 1
    d = len(last)
    total = np.zeros(d)
    for middle in (last // 2, genotypes.n_choices // 2):
        places = np.tile(middle, (2 * d, 1))
        places[np.arange(d), np.arange(d)] = 0
        places[d + np.arange(d), np.arange(d)] = last
        found = terrain.rows(places).costs
        for objective in costs:
            values = np.log2(np.maximum(np.asarray(found[objective.name], np.float64), 1e-9))
            total += values[d:] - values[:d]
    return total


def _rises(choices: Sequence[object]) -> bool:
    numbers = [c for c in choices if isinstance(c, int | float)]
    return len(numbers) < len(choices) or numbers[0] <= numbers[-1]
