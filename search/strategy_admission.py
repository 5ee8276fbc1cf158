"""Whether what a search asks of its optimizer goes together with the strategy that it names."""

from typing import Final

from search.entities import Limits, Strategy
from search.errors import FieldProblem

EXPECTING: Final = ("bayesian",)
"""Strategies that say what a proposal is expected to gain."""


def strategy_problems(strategy: Strategy, limits: Limits) -> list[FieldProblem]:
    """Return what a search's strategy cannot do of what is asked of it."""
    problems = []
    if limits.min_gain_per_hour is not None and strategy.name not in EXPECTING:
        detail = f"the strategy {strategy.name} does not say what a trial is expected to gain"
        allowed = ("null", *(f"with strategy.name {name}" for name in EXPECTING))
        pointer = "/limits/min_gain_per_hour"
        problems.append(FieldProblem(pointer, "not_with_strategy", detail, allowed))
    return problems
