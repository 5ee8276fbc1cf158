"""Whether a requested search can run at all, and the reference point it will be measured from.

Everything wrong is collected before anything is stored.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from search.datasets import DATASETS
from search.errors import FieldProblem, InvalidRequestError
from search.objectives import EXACT_COSTS, OBJECTIVES
from search_space.costs import cost_mapping
from search_space.errors import SpaceError
from search_space.layers import LayerList
from search_space.preview import extreme_candidate
from search_space.space import Space, space_from_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """What was learned while a request was checked.

    Attributes:
        space: The live space.
        ref_point: Worst value per objective: chance level for the accuracy; for a cost its budget,
            else the largest value in the space.
    """

    space: Space
    ref_point: Mapping[str, float]


def admit(
    *,
    dataset: str,
    space: Mapping[str, Any],
    objectives: Sequence[str],
    budgets: Mapping[str, float],
    network: LayerList | None = None,
) -> Admission:
    """Check a requested search.

    Args:
        dataset: Name of a data set.
        space: As declared.
        objectives: Names of objectives.
        budgets: Upper bounds per exact cost.
        network: The layers of the model that the space names, if it names one.

    Raises:
        InvalidRequestError: With every problem found.
    """
    problems = [*_objective_problems(objectives), *_budget_problems(budgets)]
    live: Space | None = None
    facts = DATASETS.get(dataset)
    if facts is None:
        detail = f"{dataset!r} is not a data set of this server"
        problems.append(FieldProblem("/dataset", "unknown_dataset", detail, tuple(DATASETS)))
    # without a data set the space is checked against one of the known shapes, so that a caller
    # hears of all mistakes at once
    shape = facts or next(iter(DATASETS.values()))
    try:
        live = space_from_json(
            space, input_shape=shape.input_shape, n_classes=shape.n_classes, network=network
        )
    except SpaceError as error:
        problems += [
            FieldProblem(f"/space{p.pointer}", p.code, p.detail, p.allowed) for p in error.problems
        ]
    if problems or live is None:
        raise InvalidRequestError(problems)
    _check_feasible(live, budgets)
    worst = {"accuracy": 1 / shape.n_classes}
    for cost in {*objectives} & {*EXACT_COSTS}:
        largest = _extreme(live, cost, "largest")
        worst[cost] = float(min(budgets.get(cost, largest), largest))
    return Admission(space=live, ref_point={name: worst[name] for name in objectives})


def _objective_problems(objectives: Sequence[str]) -> list[FieldProblem]:
    problems = [
        FieldProblem(f"/objectives/{i}", "not_allowed", f"{name!r} is no objective", (*OBJECTIVES,))
        for i, name in enumerate(objectives)
        if name not in OBJECTIVES
    ]
    if len(set(objectives)) < len(objectives):
        detail = "an objective is named twice"
        problems.append(FieldProblem("/objectives", "duplicate", detail, (*OBJECTIVES,)))
    if "accuracy" not in objectives or not {*objectives} & {*EXACT_COSTS}:
        detail = f"a front needs accuracy and at least one of {', '.join(EXACT_COSTS)}"
        problems.append(FieldProblem("/objectives", "incomplete", detail, (*OBJECTIVES,)))
    return problems


def _budget_problems(budgets: Mapping[str, float]) -> list[FieldProblem]:
    problems = []
    for name, bound in budgets.items():
        if name not in EXACT_COSTS:
            detail = f"{name!r} cannot be bounded"
            problems.append(FieldProblem(f"/budgets/{name}", "not_allowed", detail, EXACT_COSTS))
        elif not (math.isfinite(bound) and bound > 0):
            detail = f"{bound:g} is not a finite number above zero"
            problems.append(FieldProblem(f"/budgets/{name}", "not_positive", detail, ("> 0",)))
    return problems


def _check_feasible(space: Space, budgets: Mapping[str, float]) -> None:
    smallest = {name: _extreme(space, name, "smallest") for name in budgets}
    problems = [
        FieldProblem(
            f"/budgets/{name}",
            "infeasible",
            f"no candidate of this space fits {bound:g}; the smallest {name} is {smallest[name]}",
            (f">= {smallest[name]}",),
        )
        for name, bound in budgets.items()
        if smallest[name] > bound
    ]
    if problems:
        raise InvalidRequestError(problems)


def _extreme(space: Space, cost: str, which: Literal["smallest", "largest"]) -> int:
    return cost_mapping(extreme_candidate(space, cost, which).layers)[cost]
