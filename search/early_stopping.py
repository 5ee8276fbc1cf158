"""When a search looks at its trials, and what accuracy one of known costs needs for the front."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from search.errors import FieldProblem
from search.objectives import OBJECTIVES
from search.pareto import Losses, losses_of
from search.recipe import Recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyStopping:
    """When a search gives up trials that cannot reach its front.

    Attributes:
        bound: A trial is stopped below this probability of entering the present front. It is asked
            at each rung, so that of the stops more than this share may be wrong.
        min_epochs: Epochs, of both phases together, before which none is stopped.
        rungs: How many times a trial is looked at, evenly between ``min_epochs`` and its end.
        min_completed: Trials that must have completed, with the rung on their curve.
        audit: Share of the trials that run to their end whatever is said of them: so it is known
            how often the rule is wrong.
    """

    bound: float = 0.03
    min_epochs: int = 5
    rungs: int = 4
    min_completed: int = 8
    audit: float = 0.1


def rung_epochs(rule: EarlyStopping, n_epochs: int) -> tuple[int, ...]:
    """Return the epochs at which trials of ``n_epochs`` are looked at, rising; the last is none.

    Example:
        >>> rung_epochs(EarlyStopping(min_epochs=4, rungs=3), 10)
        (4, 6, 8)
    """
    if rule.min_epochs >= n_epochs:
        return ()
    step = (n_epochs - rule.min_epochs) / rule.rungs
    return tuple(sorted({rule.min_epochs + math.floor(i * step) for i in range(rule.rungs)}))


def early_stopping_problems(rule: EarlyStopping | None, recipe: Recipe) -> list[FieldProblem]:
    """Return what is wrong with a rule that could stop nothing."""
    n_epochs = recipe.float_epochs + recipe.qat_epochs
    if rule is None or rule.min_epochs < n_epochs:
        return []
    detail = f"a trial has {n_epochs} epochs, none of which comes after {rule.min_epochs}"
    pointer = "/limits/early_stopping/min_epochs"
    return [FieldProblem(pointer, "too_late", detail, (f"< {n_epochs}",))]


def to_beat(
    costs: Mapping[str, float],
    front: Sequence[Losses],
    objectives: Sequence[str],
) -> float | None:
    """Return the accuracy above which a candidate of these costs would enter a front.

    Args:
        costs: Its exact costs.
        front: Losses of the members, in the order of the objectives.
        objectives: Names; one of them is ``accuracy``.

    Returns:
        The accuracy, or ``None`` where nothing on the front is as cheap: then it enters anyhow.
    """
    at = objectives.index("accuracy")
    exact = [OBJECTIVES[name] for name in objectives if OBJECTIVES[name].exact]
    own = losses_of(costs, exact)
    beaten = [
        -member[at]
        for member in front
        if all(x <= y for x, y in zip((*member[:at], *member[at + 1 :]), own, strict=True))
    ]
    return max(beaten) if beaten else None
