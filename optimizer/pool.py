"""The candidates an acquisition is maximized over: variations of the front, and fresh draws."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from optimizer.deadline import Deadline
from optimizer.evidence import cost_utilities, features_of
from optimizer.frontier import Frontier, Option
from optimizer.genotypes import Places

N_MUTATED = 300
N_CROSSED = 150
N_DRAWN = 250
MOST_CHANGES = 3
_LOG2_TILT = 2.0
"""Fresh draws are tilted by a power between 1/4 and 4, so that they reach all sizes."""


def vary(frontier: Frontier, front: Sequence[Places], rng: np.random.Generator) -> Places:
    """Return genotypes worth scoring, ``(n, d)``, in random order.

    Args:
        frontier: What may be proposed.
        front: Genotypes ``(d,)`` of front members, -1 where a gene has no effect; may be empty.
        rng: Source of the draws.
    """
    genotypes = frontier.genotypes
    drawn = genotypes.tilt(
        genotypes.uniform(rng, N_DRAWN), 2 ** rng.uniform(-_LOG2_TILT, _LOG2_TILT, N_DRAWN)
    )
    if not front:
        return drawn
    parents = np.stack(front)
    mutated = genotypes.mutate(
        parents[rng.integers(0, len(parents), N_MUTATED)], rng, most=MOST_CHANGES
    )
    pairs = rng.integers(0, len(parents), (2, N_CROSSED))
    crossed = genotypes.cross(parents[pairs[0]], parents[pairs[1]], rng)
    return np.asarray(rng.permutation(np.concatenate([mutated, crossed, drawn])), dtype=np.int64)


class Pool:
    """Options with what scoring needs of them; grows, and forgets what was chosen."""

    def __init__(self, frontier: Frontier, cost_names: Sequence[str]) -> None:
        self._frontier = frontier
        self._cost_names = tuple(cost_names)
        self._hashes: set[str] = set()
        self.options: list[Option] = []
        self.x: Tensor = features_of(frontier.space, [])
        """Features ``(n, d')``."""
        self.cost_utilities: Tensor = cost_utilities([], self._cost_names)
        """Negated costs on their objective's scale ``(n, m - 1)``."""

    def add(self, genotypes: Places, deadline: Deadline, least: int = 0) -> bool:
        """Add the new ones among ``(n, d)`` genotypes; whether time sufficed for all.

        Args:
            genotypes: Tried in this order.
            deadline: Ends the trying.
            least: So many are tried even when no time is left.
        """
        added: list[Option] = []
        for i, places in enumerate(genotypes):
            if i >= least and deadline.passed():
                break
            option = self._frontier.option(places)
            if option is not None and option.candidate.hash not in self._hashes:
                self._hashes.add(option.candidate.hash)
                added.append(option)
        if added:
            x = features_of(self._frontier.space, added)
            costs = cost_utilities(added, self._cost_names)
            self.x = torch.cat([self.x, x])
            self.cost_utilities = torch.cat([self.cost_utilities, costs])
            self.options += added
        return not deadline.passed()

    def take(self, index: int) -> Option:
        """Remove and return an option."""
        keep = torch.arange(len(self.options)) != index
        self.x, self.cost_utilities = self.x[keep], self.cost_utilities[keep]
        return self.options.pop(index)
