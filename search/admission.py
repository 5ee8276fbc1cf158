"""Whether a requested search can run at all, and the reference point it will be measured from.

Everything wrong is collected before anything is stored.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from search.datasets import DATASETS, DatasetFacts
from search.errors import FieldProblem, InvalidRequestError
from search.focus import Region
from search.hardware_admission import admit_on_hardware, hardware_problem
from search.objectives import EXACT_COSTS, OBJECTIVES
from search.strategy_admission import check_reachable
from search_space.errors import SpaceError
from search_space.extremes import extremes
from search_space.families.imported import UNKNOWN_MODEL
from search_space.hardware.estimate import HARDWARE_COSTS, cost_names
from search_space.hardware.profile import HardwareProfile
from search_space.layers import LayerList
from search_space.space import Space, space_from_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """What was learned while a request was checked.

    Attributes:
        space: The live space, without widths that the device does not compute.
        ref_point: Worst value per objective: chance level for the accuracy; for a cost its budget,
            else the largest value in the space; of a region what lies just beyond it.
    """

    space: Space
    ref_point: Mapping[str, float]


def admit(
    *,
    dataset: DatasetFacts | FieldProblem,
    space: Mapping[str, Any],
    objectives: Sequence[str],
    budgets: Mapping[str, float],
    network: LayerList | FieldProblem | None = None,
    profile: HardwareProfile | None = None,
    problems: Sequence[FieldProblem] = (),
    region: Region | None = None,
) -> Admission:
    """Check a requested search.

    Args:
        dataset: The data set that is named, or that there is none.
        space: As declared.
        objectives: Names of objectives.
        budgets: Upper bounds per exact cost.
        network: The layers of the model that the space names, or that there is none; ``None`` where
            it names none.
        profile: The device that the search is for, if it is for one.
        problems: Found already; told with the others.
        region: Where improvement counts.

    Raises:
        InvalidRequestError: With every problem found.
    """
    live = admit_space(
        dataset=dataset,
        space=space,
        budgets=budgets,
        network=network,
        problems=[*problems, *_objective_problems(objectives, profile)],
        profile=profile,
    )
    bounds, largest = dict(budgets), dict[str, float]()
    if profile is not None:
        found = admit_on_hardware(live, profile, budgets, objectives)
        live, bounds, largest = found.space, profile.bounds(budgets), {**found.largest}
    largest |= {name: end.value for name, end in extremes(live, "largest").items()}
    worst = {"accuracy": 1 / live.n_classes}
    for cost in {*objectives} & {*EXACT_COSTS}:
        worst[cost] = float(min(bounds.get(cost, math.inf), largest[cost]))
    if region is not None:
        check_reachable(region, extremes(live, "smallest"), worst)
        worst |= {cost: min(worst[cost], region.reference(cost)) for cost in region.bounds}
    return Admission(space=live, ref_point={name: worst[name] for name in objectives})


def admit_space(
    *,
    dataset: DatasetFacts | FieldProblem,
    space: Mapping[str, Any],
    budgets: Mapping[str, float],
    network: LayerList | FieldProblem | None = None,
    problems: Sequence[FieldProblem] = (),
    profile: HardwareProfile | None = None,
) -> Space:
    """Check a space with its budgets, each of which something of the space must meet.

    Args:
        dataset: The data set that is named, or that there is none.
        space: As declared.
        budgets: Upper bounds per exact cost.
        network: As for ``admit``.
        problems: Found already; told with the others.
        profile: The device, which has costs of its own; whether the space fits it is not checked.

    Raises:
        InvalidRequestError: With every problem found.
    """
    found = [*problems, *_budget_problems(budgets, profile)]
    live: Space | None = None
    if isinstance(dataset, FieldProblem):
        found.append(dataset)
        # without a data set the space is checked against one of the known shapes, so that a caller
        # hears of all mistakes at once
        shape = next(iter(DATASETS.values()))
    else:
        shape = dataset
    no_model = network if isinstance(network, FieldProblem) else None
    layers = None if isinstance(network, FieldProblem) else network
    try:
        live = space_from_json(
            space, input_shape=shape.input_shape, n_classes=shape.n_classes, network=layers
        )
    except SpaceError as error:
        problems_of_space = [
            FieldProblem(f"/space{p.pointer}", p.code, p.detail, p.allowed) for p in error.problems
        ]
        # who has looked for the model knows more of why there is none
        found += [
            no_model if no_model is not None and p.code == UNKNOWN_MODEL else p
            for p in problems_of_space
        ]
    if found or live is None:
        raise InvalidRequestError(found)
    _check_feasible(live, budgets)
    return live


def _objective_problems(
    objectives: Sequence[str], profile: HardwareProfile | None
) -> list[FieldProblem]:
    problems = [
        FieldProblem(f"/objectives/{i}", "not_allowed", f"{name!r} is no objective", (*OBJECTIVES,))
        for i, name in enumerate(objectives)
        if name not in OBJECTIVES
    ]
    problems += [
        hardware_problem(f"/objectives/{i}", name, profile)
        for i, name in enumerate(objectives)
        if name in HARDWARE_COSTS and name not in cost_names(profile)
    ]
    if len(set(objectives)) < len(objectives):
        detail = "an objective is named twice"
        problems.append(FieldProblem("/objectives", "duplicate", detail, (*OBJECTIVES,)))
    if "accuracy" not in objectives or not {*objectives} & {*EXACT_COSTS}:
        detail = f"a front needs accuracy and at least one of {', '.join(EXACT_COSTS)}"
        problems.append(FieldProblem("/objectives", "incomplete", detail, (*OBJECTIVES,)))
    return problems


def _budget_problems(
    budgets: Mapping[str, float], profile: HardwareProfile | None
) -> list[FieldProblem]:
    problems = []
    for name, bound in budgets.items():
        if name not in EXACT_COSTS:
            detail = f"{name!r} cannot be bounded"
            problems.append(FieldProblem(f"/budgets/{name}", "not_allowed", detail, EXACT_COSTS))
        elif name in HARDWARE_COSTS and name not in cost_names(profile):
            problems.append(hardware_problem(f"/budgets/{name}", name, profile))
        elif not (math.isfinite(bound) and bound > 0):
            detail = f"{bound:g} is not a finite number above zero"
            problems.append(FieldProblem(f"/budgets/{name}", "not_positive", detail, ("> 0",)))
    return problems


def _check_feasible(space: Space, budgets: Mapping[str, float]) -> None:
    if not budgets:
        return
    smallest = extremes(space, "smallest")
    problems = []
    for name, bound in budgets.items():
        least = smallest.get(name)
        if least is not None and least.value > bound:
            which = "the smallest" if least.proven else "the smallest found of"
            detail = f"no candidate of this space fits {bound:g}; {which} {name} is {least.value}"
            allowed = (f">= {least.value}",)
            problems.append(FieldProblem(f"/budgets/{name}", "infeasible", detail, allowed))
    if problems:
        raise InvalidRequestError(problems)
