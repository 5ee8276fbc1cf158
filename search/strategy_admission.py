"""Whether what a search asks of its optimizer goes together with the rest of the request."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from search.entities import Limits, Strategy
from search.errors import FieldProblem, InvalidRequestError
from search.focus import Region
from search.objectives import EXACT_COSTS
from search_space.extremes import Extreme

STEERED: Final = ("bayesian",)
"""Strategies that say what a proposal is expected to gain, and where improvement is wanted."""


def strategy_problems(
    strategy: Strategy, limits: Limits, objectives: Sequence[str], budgets: Mapping[str, float]
) -> list[FieldProblem]:
    """Return what is wrong with what is asked, as far as the space does not matter."""
    asked = {
        "/limits/min_gain_per_hour": limits.min_gain_per_hour,
        "/strategy/focus": strategy.focus,
        "/strategy/target": strategy.target,
    }
    problems = [
        FieldProblem(
            pointer,
            "not_with_strategy",
            f"the strategy {strategy.name} fits no model that could be asked for this",
            ("null", *(f"with strategy.name {name}" for name in STEERED)),
        )
        for pointer, value in asked.items()
        if value is not None and strategy.name not in STEERED
    ]
    if strategy.focus is not None and strategy.target is not None:
        detail = "a search has a focus or a target, not both"
        problems.append(FieldProblem("/strategy/target", "not_both", detail, ("null",)))
    exact = [name for name in objectives if name in EXACT_COSTS]
    problems += _focus_problems(strategy.focus or {}, exact, budgets)
    within = strategy.target.within if strategy.target else {}
    problems += _target_problems(within, exact)
    return problems


def check_reachable(
    region: Region, smallest: Mapping[str, Extreme], largest: Mapping[str, float]
) -> None:
    """Make sure that the space has something in a region.

    Args:
        region: Of costs that are objectives.
        smallest: Least of each cost, where that is known.
        largest: Of each cost within the budgets.

    Raises:
        InvalidRequestError: If it cannot.
    """
    problems = []
    for name, (low, high) in region.bounds.items():
        pointer = f"/strategy/target/within/{name}" if region.scalar else f"/strategy/focus/{name}"
        least = smallest.get(name)
        if least is not None and least.value > high:
            detail = f"no candidate of this space has so little; the smallest is {least.value}"
            allowed = (f">= {least.value}",)
            problems.append(FieldProblem(pointer, "infeasible", detail, allowed))
        if largest[name] < low and not region.scalar:
            detail = f"no candidate has so much; the largest within budget is {largest[name]:g}"
            problems.append(FieldProblem(pointer, "infeasible", detail, (f"<= {largest[name]:g}",)))
    if problems:
        raise InvalidRequestError(problems)


def _focus_problems(
    focus: Mapping[str, tuple[float, float]], exact: Sequence[str], budgets: Mapping[str, float]
) -> Iterator[FieldProblem]:
    for name, (low, high) in focus.items():
        pointer = f"/strategy/focus/{name}"
        if name not in exact:
            yield _no_objective(pointer, name, exact)
        elif not (math.isfinite(high) and 0 < low < high):
            detail = f"[{low:g}, {high:g}] is no range above zero"
            yield FieldProblem(pointer, "no_range", detail, ("[low, high] with 0 < low < high",))
        elif low > budgets.get(name, math.inf):
            detail = f"all of it is above the budget of {budgets[name]:g}"
            allowed = (f"low < {budgets[name]:g}",)
            yield FieldProblem(pointer, "beyond_budget", detail, allowed)


def _target_problems(within: Mapping[str, float], exact: Sequence[str]) -> Iterator[FieldProblem]:
    for name, most in within.items():
        pointer = f"/strategy/target/within/{name}"
        if name not in exact:
            yield _no_objective(pointer, name, exact)
        elif not (math.isfinite(most) and most > 0):
            detail = f"{most:g} is not a finite number above zero"
            yield FieldProblem(pointer, "not_positive", detail, ("> 0",))


def _no_objective(pointer: str, name: str, exact: Sequence[str]) -> FieldProblem:
    detail = f"{name} is not an exact objective of this search"
    return FieldProblem(pointer, "no_objective", detail, tuple(exact))
