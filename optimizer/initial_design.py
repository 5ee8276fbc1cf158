"""The first trials: Sobol points, chosen so that the sizes spread evenly on a log scale.

The size is known before training, so spreading by it costs nothing; on a synthetic landscape that
alone was worth several hundred evaluations of a method that does not.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.frontier import Frontier, Option
from optimizer.genotypes import Places
from optimizer.leaning import Floats
from optimizer.pool import SPREAD
from optimizer.terrain import select
from search.ports import Rows

SOBOL_POINTS = 192
_POWERS = (1.0, 2.0, 0.5, 4.0, 0.25)
"""Tilts of the Sobol points, in turn: without them nearly all sizes lie within a factor of two."""
_NEAREST = 8
"""Options near the wanted size, of which the one least like earlier trials is taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """A region to stay in.

    Attributes:
        levels: Levels of cost, 0 to 1, that lead there.
        distance: How far outside of it rows lie, ``(n,)``.
    """

    levels: Floats
    distance: Callable[[Rows], Floats]


class InitialDesign:
    """Chooses among Sobol points; stateless across asks, since the n-th size wanted is fixed."""

    def __init__(
        self,
        frontier: Frontier,
        points: Sequence[Places],
        cost: str,
        inside: Inside | None = None,
    ) -> None:
        """Prepare.

        Args:
            frontier: What may be proposed.
            points: Sobol points ``(d,)``, always the same ones for a search.
            cost: The exact cost to spread over.
            inside: The region to stay in, if there is one.
        """
        self._frontier = frontier
        tilted, gathered = np.stack(points[::2]), np.stack(points[1::2] or points)
        powers = np.resize(np.array(_POWERS), len(tilted))
        levels = np.array([van_der_corput(i + 1) for i in range(len(gathered))])
        if inside is not None:
            levels = np.quantile(inside.levels, levels)
        drawn = [
            frontier.leaning.tilt(tilted, powers),
            frontier.leaning.gather(gathered, levels, SPREAD),
        ]
        self._cost, self._inside = cost, inside
        self._load(np.concatenate(drawn))
        # for a space so small that these are soon taken
        self._spare: Places | None = np.stack(points)

    def _load(self, drawn: Places) -> None:
        rows = self._frontier.fresh(drawn)
        if self._inside is not None:
            distance = self._inside.distance(rows)
            nearest = np.argsort(distance, kind="stable")
            rows = select(rows, nearest[: max(_NEAREST, int((distance == 0).sum()))])
        self._places = list(rows.places)
        self._log_costs = np.log2(np.asarray(rows.costs[self._cost], np.float64))

    def choose(self, number: int, earlier: Sequence[Places]) -> Option | None:
        """Return the option for trial ``number`` (from 0); ``None`` when all are taken.

        Args:
            number: Trials before this one.
            earlier: Their genotypes ``(d,)``, -1 where a gene has no effect.
        """
        while self._left():
            low, high = float(self._log_costs.min()), float(self._log_costs.max())
            wanted = low + (high - low) * van_der_corput(number + 1)
            near = np.argsort(np.abs(self._log_costs - wanted), kind="stable")[:_NEAREST]
            chosen = max(near.tolist(), key=lambda i: self._distance(i, earlier))
            self._log_costs = np.delete(self._log_costs, chosen)
            option = self._frontier.take(self._places.pop(chosen))
            if option is not None:
                self._frontier.exclude(option)
                return option
        return None

    def _left(self) -> bool:
        if not self._places and self._spare is not None:
            spare, self._spare = self._spare, None
            self._load(spare)
        return bool(self._places)

    def _distance(self, index: int, earlier: Sequence[Places]) -> float:
        if not earlier:
            return 0.0
        steps = np.abs(self._places[index] - np.stack(earlier))  # (n, d)
        steps = steps / self._frontier.genotypes.n_choices
        return float(steps.mean(axis=1).min())


def van_der_corput(n: int) -> float:
    """Return the ``n``-th number of the base-2 sequence 1/2, 1/4, 3/4, 1/8, … (``n`` from 1).

    Every prefix covers [0, 1] about evenly, so the design is good whenever it is cut off.

    Example:
        >>> [van_der_corput(n) for n in (1, 2, 3, 4)]
        [0.5, 0.25, 0.75, 0.125]
    """
    result, weight = 0.0, 0.5
    while n:
        result += weight * (n & 1)
        n, weight = n >> 1, weight / 2
    return result
