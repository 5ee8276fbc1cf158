"""Improvement as a search wants it: anywhere, within a region, or of the best accuracy in one."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from optimizer.evidence import cost_utilities
from optimizer.frontier import Frontier
from optimizer.initial_design import Inside
from optimizer.leaning import Floats
from optimizer.pool import SPREAD
from search.objectives import Objective
from search.pareto import losses_of
from search.ports import AskRequest, Rows

_LEVELS, _LEAST_LEVELS = 65, 6
_OUTSIDE = -1.0
"""How far below the reference point what does not count is put."""


class Interest:
    """Turns utilities into what counts; without a region everything counts as it is.

    Attributes:
        ref_point: ``(m,)`` utilities, accuracy first.
        scalar: Whether the best accuracy is all that counts.
    """

    def __init__(self, request: AskRequest) -> None:
        """Read the region of a request."""
        measured = [o for o in request.objectives if not o.exact]
        costs = [o for o in request.objectives if o.exact]
        losses = losses_of(request.ref_point, [*measured, *costs])
        self.ref_point = -torch.tensor(losses, dtype=torch.float64)
        self.scalar = request.region is not None and request.region.scalar
        ends = [_ends(request, objective) for objective in costs]
        self._worst = torch.tensor([worst for worst, _ in ends], dtype=torch.float64)  # (m - 1,)
        self._best = torch.tensor([best for _, best in ends], dtype=torch.float64)  # (m - 1,)
        if self.scalar:
            self.ref_point[1:] = -1.0

    def counted(self, cost_utilities: Tensor) -> Tensor:
        """Return what trials that are there count for, ``(n, m - 1)``.

        What is cheaper than the region stands at its cheap end, since it leaves no more to gain
        there; what is dearer has no influence.

        Args:
            cost_utilities: ``(n, m - 1)``.
        """
        counted = torch.minimum(cost_utilities, self._best)
        if self.scalar:
            counted = torch.zeros_like(counted)
        dear = (cost_utilities < self._worst).any(dim=-1)
        return torch.where(dear[:, None], self.ref_point[1:] + _OUTSIDE, counted)

    def distance(self, cost_utilities: Tensor) -> Tensor:
        """Return how far from counting candidates are, ``(n,)``, 0 where they do.

        Args:
            cost_utilities: ``(n, m - 1)``.
        """
        if self.scalar:
            return (self._worst - cost_utilities).clamp_min(0.0).sum(dim=-1)
        return self.outside(cost_utilities)

    def outside(self, cost_utilities: Tensor) -> Tensor:
        """Return how far outside of the region candidates lie, ``(n,)``, 0 within it.

        Args:
            cost_utilities: ``(n, m - 1)``.
        """
        dear = (self._worst - cost_utilities).clamp_min(0.0)
        cheap = (cost_utilities - self._best).clamp_min(0.0)
        return (dear + cheap).sum(dim=-1)


def _ends(request: AskRequest, objective: Objective) -> tuple[float, float]:
    """Return the worst and the best utility of an objective within the region."""
    if request.region is None or objective.name not in request.region.bounds:
        return -math.inf, math.inf
    low, high = request.region.bounds[objective.name]
    utilities = [-losses_of({objective.name: end}, [objective])[0] for end in (low, high)]
    return min(utilities), max(utilities)


def levels_near(frontier: Frontier, interest: Interest, costs: Sequence[Objective]) -> Floats:
    """Return the levels of cost, 0 to 1, rising, of draws that land in the region.

    Of the closest ones where few do; the same region, the same levels.
    """
    levels = np.linspace(0.0, 1.0, _LEVELS)
    drawn = frontier.genotypes.uniform(np.random.default_rng(0), _LEVELS)
    rows = frontier.terrain.rows(frontier.leaning.gather(drawn, levels, SPREAD))
    distance = interest.outside(cost_utilities(rows, costs)).numpy()
    nearest = np.argsort(distance, kind="stable")
    n = max(_LEAST_LEVELS, int((distance == 0).sum()))
    return np.sort(levels[nearest[:n]])


def inside_of(frontier: Frontier, interest: Interest, costs: Sequence[Objective]) -> Inside:
    """Return the region as the initial design needs it."""

    def distance(rows: Rows) -> Floats:
        found: Floats = interest.outside(cost_utilities(rows, costs)).numpy()
        return found

    return Inside(levels=levels_near(frontier, interest, costs), distance=distance)
