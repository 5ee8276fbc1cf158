"""What is wrong with a declared space or a gene; the caller must change it, not retry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


class SpaceRootError(Exception):
    """Root of everything this package raises on purpose."""


@dataclass(frozen=True, slots=True)
class SpaceProblem:
    """One thing wrong with a declaration, at a JSON pointer into it."""

    pointer: str
    code: str
    detail: str
    allowed: tuple[str, ...] = ()


class SpaceError(SpaceRootError, ValueError):
    """A declaration that describes no space; ``problems`` lists all that is wrong with it."""

    def __init__(self, problems: Sequence[SpaceProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{p.pointer}: {p.detail}" for p in self.problems))


class GeneError(SpaceRootError, ValueError):
    """A gene value the space does not hold, or a gene that is missing."""

    def __init__(self, name: str, value: object, allowed: Sequence[object]) -> None:
        self.name = name
        self.value = value
        self.allowed = tuple(allowed)
        super().__init__(f"gene {name!r} is {value!r}; allowed: {list(self.allowed)}")


class BudgetInfeasibleError(SpaceRootError, ValueError):
    """No candidate found within budget; ``smallest`` holds the least value found per cost."""

    def __init__(self, budgets: Mapping[str, float], smallest: Mapping[str, int]) -> None:
        self.budgets = dict(budgets)
        self.smallest = dict(smallest)
        over = ", ".join(
            f"{name} <= {bound:g} (smallest found: {smallest[name]})"
            for name, bound in budgets.items()
        )
        super().__init__(f"no candidate lies within {over}")
