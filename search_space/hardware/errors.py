"""What a profile that cannot be read raises."""

from collections.abc import Iterable
from dataclasses import dataclass

from typing_extensions import override

from search_space.errors import SearchSpaceError


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileProblem:
    """What is wrong with one place of a written profile.

    Attributes:
        line: From 1.
        column: From 1.
        pointer: JSON pointer (RFC 6901) of the place, such as ``/cost/rates/0/bits``.
        code: For programs.
        detail: For people.
        allowed: What may stand there instead.
    """

    line: int
    column: int
    pointer: str
    code: str
    detail: str
    allowed: tuple[str, ...] = ()

    @override
    def __str__(self) -> str:
        offered = f"; allowed: {', '.join(self.allowed)}" if self.allowed else ""
        where = f"line {self.line}, column {self.column}: {self.pointer or '/'}"
        return f"{where} {self.detail}{offered}"


class HardwareProfileError(SearchSpaceError, ValueError):
    """A written profile is not valid; ``problems`` names every place that must change."""

    def __init__(self, problems: Iterable[ProfileProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))
