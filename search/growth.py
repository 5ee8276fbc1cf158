"""What a list says of a search: how its hypervolume grew, and which other searches compare."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

MOST_POINTS: Final = 32
"""As many as a sparkline has room for; every change is in the search's log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowthPoint:
    """The hypervolume after a change of the front.

    Attributes:
        n_trials: Trials that had completed, been stopped or failed by then.
    """

    n_trials: int
    hypervolume: float


def grown(growth: Sequence[GrowthPoint], point: GrowthPoint) -> tuple[GrowthPoint, ...]:
    """Add the newest point; beyond ``MOST_POINTS`` every second one but the ends is left out.

    Example:
        >>> growth = ()
        >>> for i in range(200):
        ...     growth = grown(growth, GrowthPoint(n_trials=i, hypervolume=i / 10))
        >>> len(growth) <= MOST_POINTS, growth[0].n_trials, growth[-1].n_trials
        (True, 0, 199)
    """
    longer = (*growth, point)
    if len(longer) <= MOST_POINTS:
        return longer
    return (*longer[:-1:2], longer[-1])


def task_key(
    *,
    dataset: str,
    space: Mapping[str, Any],
    objectives: Sequence[str],
    budgets: Mapping[str, float],
    ref_point: Mapping[str, float],
    hardware_sha256: str | None,
) -> str:
    """Return what searches have in common whose hypervolumes measure the same.

    Strategy, recipe, limits and seed may differ; the space is the same where it is declared alike.
    """
    task = [dataset, space, list(objectives), budgets, ref_point, hardware_sha256]
    return sha256(json.dumps(task, sort_keys=True).encode()).hexdigest()
