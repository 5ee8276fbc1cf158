"""What is wrong with an uploaded program, and where in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

MOST_PROBLEMS: Final = 200


@dataclass(frozen=True, slots=True)
class ProgramProblem:
    """One thing that is wrong.

    Attributes:
        place: Entry of the archive, after ``#`` the JSON pointer inside it.
        code: For programs to read.
        detail: For people to read.
        allowed: What would have been right, where that can be listed.
    """

    place: str
    code: str
    detail: str
    allowed: tuple[str, ...] = ()


class ProgramError(ValueError):
    """A program that is malformed, unsafe or more than this service understands."""

    def __init__(self, problems: Sequence[ProgramProblem]) -> None:
        self.problems = tuple(problems[:MOST_PROBLEMS])
        if left_out := len(problems) - len(self.problems):
            last = problems[-1]
            self.problems += (ProgramProblem(last.place, "more", f"and {left_out} more problems"),)
        super().__init__("; ".join(f"{p.place}: {p.detail}" for p in self.problems))


def refusal(place: str, code: str, detail: str, allowed: Sequence[str] = ()) -> ProgramError:
    """Return the error of a single problem."""
    return ProgramError([ProgramProblem(place, code, detail, tuple(allowed))])
