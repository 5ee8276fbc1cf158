"""Adding a hardware profile."""

from dataclasses import replace
from datetime import datetime

from search.entities import WrittenProfile
from search.errors import FieldProblem, InvalidRequestError, NameTakenError
from search.hardware import find_profile, written
from search.store import UnitOfWork
from search_space.hardware.errors import HardwareProfileError
from search_space.hardware.reader import read_profile


def check_profile(text: bytes) -> WrittenProfile:
    """Read a profile that was sent.

    Raises:
        InvalidRequestError: With every problem found, each with its line.
    """
    try:
        profile = read_profile(text)
    except HardwareProfileError as error:
        raise InvalidRequestError(
            [
                FieldProblem(
                    pointer=problem.pointer,
                    code=problem.code,
                    detail=f"line {problem.line}, column {problem.column}: {problem.detail}",
                    allowed=problem.allowed,
                    line=problem.line,
                )
                for problem in error.problems
            ]
        ) from error
    return written(profile.name, text.decode())


def add_profile(uow: UnitOfWork, profile: WrittenProfile, now: datetime) -> WrittenProfile:
    """Store a checked profile; the very same text again changes nothing.

    Raises:
        NameTakenError: If another profile has this name.
    """
    known = find_profile(uow, profile.name)
    if known is not None and known.sha256 == profile.sha256:
        return known
    if known is not None:
        raise NameTakenError("hardware profile", profile.name)
    added = replace(profile, created_at=now)
    uow.hardware_profiles.add(added)
    return added
