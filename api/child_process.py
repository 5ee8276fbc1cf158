"""What users upload is read in a process of its own, which ends with the reading.

It has limits on memory and time, set by itself, and an environment without this one's secrets.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Any, Final

from search.errors import FieldProblem, InvalidRequestError

_KEPT: Final = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "TMPDIR")


class ReaderError(RuntimeError):
    """A reader failed otherwise than by refusing what it read: a defect of ours."""


def run_reader(
    module: str, arguments: Sequence[str], *, timeout_s: float, place: str
) -> dict[str, Any]:
    """Run one of our modules on files of ours and return the JSON object it prints.

    Args:
        module: Run as ``python -m``.
        arguments: Of its command line.
        timeout_s: Longest it may take.
        place: What an upload is called that takes too much.

    Raises:
        InvalidRequestError: With every problem that it found, each at its place.
        ReaderError: If it has a defect.
    """
    # one thread: each of a numerical library's threads would reserve memory
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    environment |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(  # noqa: S603 - our own module on files of our own
            [sys.executable, "-m", module, *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise _too_costly(place, f"took more than {timeout_s:g} s") from error
    if done.returncode < 0:
        raise _too_costly(place, f"was ended by signal {-done.returncode}")
    if done.returncode > 0:
        last = done.stderr.decode(errors="replace")[-2000:]
        raise ReaderError(f"{module} failed: {last}")
    answer: dict[str, Any] = json.loads(done.stdout)
    if "problems" in answer:
        raise InvalidRequestError(
            [
                FieldProblem(p["place"], p["code"], p["detail"], tuple(p["allowed"]))
                for p in answer["problems"]
            ]
        )
    return answer


def _too_costly(place: str, what: str) -> InvalidRequestError:
    detail = f"reading it {what}; it needs more time or memory than it may"
    return InvalidRequestError([FieldProblem(place, "too_costly", detail)])
