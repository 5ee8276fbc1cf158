"""The one definition of dominance, on losses: every objective turned so that less is better."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from search.objectives import OBJECTIVES, Objective

Losses = tuple[float, ...]


def losses(values: Mapping[str, float], objectives: Sequence[str]) -> Losses:
    """Return one loss per objective: utilities negated, sizes and the like on a log2 scale.

    This is where directions flip, once. The logarithm keeps the order of whole numbers apart up to
    2**46, above any size or count here, so dominance on losses is dominance on values.

    Args:
        values: Value per objective name.
        objectives: Names, in the order of the result.

    Raises:
        ValueError: If a value is not finite, or not above zero where the scale is log2.
    """
    return losses_of(values, [OBJECTIVES[name] for name in objectives])


def losses_of(values: Mapping[str, float], objectives: Sequence[Objective]) -> Losses:
    """Return what ``losses`` does, for objectives that need not be among the known ones."""
    result = []
    for objective in objectives:
        value = values[objective.name]
        if not math.isfinite(value):
            raise ValueError(f"{objective.name} is {value}, which has no place on a front")
        if objective.scale == "log2":
            value = math.log2(value)
        result.append(-value if objective.direction == "up" else value)
    return tuple(result)


def dominates(a: Losses, b: Losses) -> bool:
    """Whether ``a`` is nowhere worse than ``b`` and somewhere better."""
    return a != b and all(x <= y for x, y in zip(a, b, strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontChange:
    """What one new point did to a front."""

    added: bool
    removed: tuple[str, ...]


def insert(front: Mapping[str, Losses], new: Losses) -> FrontChange:
    """Decide whether ``new`` joins ``front`` and which members it pushes out.

    A point equal to a member does not join: the earlier one stands for both.

    Args:
        front: Losses of the present members by id, mutually non-dominated.
        new: Losses of the point to insert.
    """
    if any(member == new or dominates(member, new) for member in front.values()):
        return FrontChange(added=False, removed=())
    removed = tuple(key for key, member in front.items() if dominates(new, member))
    return FrontChange(added=True, removed=removed)


def non_dominated(points: Mapping[str, Losses]) -> list[str]:
    """Return the ids on the front of ``points``; of equal points the first."""
    front: dict[str, Losses] = {}
    for key, point in points.items():
        change = insert(front, point)
        for gone in change.removed:
            del front[gone]
        if change.added:
            front[key] = point
    return list(front)
