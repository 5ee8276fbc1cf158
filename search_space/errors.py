"""Everything this package raises on purpose; the caller must change its request, not retry."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


class SearchSpaceError(Exception):
    """Root of every error about spaces, genes, layer lists and budgets."""


@dataclass(frozen=True, slots=True)
class SpaceProblem:
    """What is wrong with one place of a declared space."""

    pointer: str
    """JSON pointer (RFC 6901) from the root of the declared space, such as ``/weight_bits/0``."""
    code: str
    detail: str
    allowed: tuple[str, ...] = ()


class SpaceError(SearchSpaceError, ValueError):
    """A declared space is not valid; ``problems`` names every place that must change."""

    def __init__(self, problems: Iterable[SpaceProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{p.pointer or '/'}: {p.detail}" for p in self.problems))


class GeneError(SearchSpaceError, ValueError):
    """An assignment names an unknown gene, lacks one it needs, or holds a value not offered."""

    def __init__(self, gene: str, detail: str, allowed: tuple[str, ...] = ()) -> None:
        self.gene = gene
        self.allowed = allowed
        offered = f"; allowed: {', '.join(allowed)}" if allowed else ""
        super().__init__(f"gene {gene!r} {detail}{offered}")


class BudgetInfeasibleError(SearchSpaceError, ValueError):
    """No candidate was found within the budgets.

    Attributes:
        budgets: The upper bounds asked for.
        smallest: Smallest value of each bounded cost, taken alone. Where each is within its budget,
            the budgets exclude each other, or leave so little that nothing of it was found.
        proven: Whether no candidate has less; else none was found that has.
    """

    def __init__(
        self, budgets: Mapping[str, float], smallest: Mapping[str, float], *, proven: bool
    ) -> None:
        self.budgets = dict(budgets)
        self.smallest = dict(smallest)
        self.proven = proven
        alone = "smallest alone" if proven else "smallest found alone"
        over = ", ".join(
            f"{name} <= {bound:g} ({alone}: {smallest[name]})" for name, bound in budgets.items()
        )
        super().__init__(f"no candidate was found with {over}")


class TooWideError(SearchSpaceError):
    """A space has too many choices for tables over them; only samples can tell of it."""

    def __init__(self) -> None:
        super().__init__("too many choices for exact tables")
