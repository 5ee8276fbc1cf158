"""The candidates an acquisition is maximized over: variations of the front, and fresh draws."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from optimizer.deadline import Deadline
from optimizer.evidence import cost_utilities, features_of
from optimizer.frontier import Frontier
from optimizer.genotypes import Places
from optimizer.leaning import Floats
from optimizer.terrain import select
from search.objectives import Objective

N_MUTATED = 300
N_CROSSED = 150
N_DRAWN = 250
MOST_CHANGES = 3
SPREAD = 0.4
_AT_ONCE = 512
"""Genotypes looked at between two glances at the clock."""
_LOG2_TILT = 2.0
"""Fresh draws are tilted by a power between 1/4 and 4, so that they reach all sizes."""


def vary(
    frontier: Frontier,
    front: Sequence[Places],
    rng: np.random.Generator,
    levels: Floats | None = None,
) -> Places:
    """Return genotypes worth scoring, ``(n, d)``, in random order.

    Args:
        frontier: What may be proposed.
        front: Genotypes ``(d,)`` of front members, -1 where a gene has no effect; may be empty.
        rng: Source of the draws.
        levels: Of cost, 0 to 1, to draw around; ``None`` for all.
    """
    genotypes = frontier.genotypes
    uniform = genotypes.uniform(rng, N_DRAWN)
    if levels is not None:
        drawn = frontier.leaning.gather(uniform, rng.choice(levels, N_DRAWN), SPREAD)
        return _with_children(frontier, front, drawn, rng)
    half = N_DRAWN // 2
    power = 2 ** rng.uniform(-_LOG2_TILT, _LOG2_TILT, half)
    drawn = np.concatenate(
        [
            frontier.leaning.tilt(uniform[:half], power),
            frontier.leaning.gather(uniform[half:], rng.random(N_DRAWN - half), SPREAD),
        ]
    )
    return _with_children(frontier, front, drawn, rng)


def _with_children(
    frontier: Frontier, front: Sequence[Places], drawn: Places, rng: np.random.Generator
) -> Places:
    if not front:
        return drawn
    genotypes = frontier.genotypes
    parents = np.stack(front)
    mutated = genotypes.mutate(
        parents[rng.integers(0, len(parents), N_MUTATED)], rng, most=MOST_CHANGES
    )
    pairs = rng.integers(0, len(parents), (2, N_CROSSED))
    crossed = genotypes.cross(parents[pairs[0]], parents[pairs[1]], rng)
    return np.asarray(rng.permutation(np.concatenate([mutated, crossed, drawn])), dtype=np.int64)


class Pool:
    """Genotypes with what scoring needs of them; grows, and forgets what was chosen."""

    def __init__(self, frontier: Frontier, costs: Sequence[Objective]) -> None:
        self._frontier = frontier
        self._costs = tuple(costs)
        self._seen: set[bytes] = set()
        rows = frontier.fresh(np.empty((0, len(frontier.genotypes.genes)), dtype=np.int64))
        self.places: Places = rows.places
        """Rows ``(n, d)``."""
        self.x: Tensor = features_of(frontier, rows)
        """Features ``(n, d')``."""
        self.cost_utilities: Tensor = cost_utilities(rows, self._costs)
        """Negated costs on their objective's scale ``(n, m - 1)``."""

    def __len__(self) -> int:
        """Genotypes held."""
        return len(self.places)

    def add(self, genotypes: Places, deadline: Deadline, least: int = 0) -> bool:
        """Add the new ones among ``(n, d)`` genotypes; whether time sufficed for all.

        Args:
            genotypes: Tried in this order.
            deadline: Ends the trying.
            least: So many are tried even when no time is left.
        """
        start = 0
        while start < len(genotypes) and (start < least or not deadline.passed()):
            stop = least if start < least else start + _AT_ONCE
            self._add(genotypes[start:stop])
            start = stop
        return not deadline.passed()

    def take(self, index: int) -> Places:
        """Remove and return a genotype ``(d,)``."""
        chosen: Places = self.places[index]
        keep = torch.arange(len(self)) != index
        self.x, self.cost_utilities = self.x[keep], self.cost_utilities[keep]
        self.places = np.delete(self.places, index, axis=0)
        return chosen

    def _add(self, genotypes: Places) -> None:
        rows = self._frontier.fresh(genotypes)
        new = [i for i, row in enumerate(rows.places) if row.tobytes() not in self._seen]
        self._seen.update(rows.places[i].tobytes() for i in new)
        rows = select(rows, np.array(new, dtype=np.int64))
        self.places = np.concatenate([self.places, rows.places])
        self.x = torch.cat([self.x, features_of(self._frontier, rows)])
        self.cost_utilities = torch.cat([self.cost_utilities, cost_utilities(rows, self._costs)])
