"""Uploaded programs are converted in a process of their own, which ends with the conversion.

The converter (``networks.imported``) needs neither torch nor a worker: it executes nothing of the
program and takes a fraction of a second, so an upload is answered with its result. Its process has
limits on memory and time, and an environment without this one's secrets.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import BoundedSemaphore
from typing import Any, Final

from search.errors import FieldProblem, InvalidRequestError
from search_space.layer_json import layers_from_json
from search_space.layers import LayerList

_MODULE: Final = "networks.imported"
_KEPT: Final = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "TMPDIR")


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """What a program turned out to be.

    Attributes:
        layers: The network.
        weights: Its float weights, a safetensors file.
    """

    layers: LayerList
    weights: bytes


class ModelConverter:
    """Runs conversions, a few at a time.

    Args:
        timeout_s: Longest one may take.
        at_once: Further ones wait for their turn.
    """

    def __init__(self, *, timeout_s: float = 60.0, at_once: int = 2) -> None:
        self._timeout_s = timeout_s
        self._turn = BoundedSemaphore(at_once)

    def convert(self, program: bytes) -> Converted:
        """Convert the bytes of a ``.pt2`` file; no file is left behind.

        Raises:
            InvalidRequestError: With every problem of the program, each at its place.
            RuntimeError: If the converter has a defect.
        """
        with self._turn, TemporaryDirectory(prefix="bitpareto-upload-") as name:
            folder = Path(name)
            source = folder / "program.pt2"
            source.write_bytes(program)
            answer = self._run(source, folder)
            if "problems" in answer:
                raise InvalidRequestError(
                    [
                        FieldProblem(p["place"], p["code"], p["detail"], tuple(p["allowed"]))
                        for p in answer["problems"]
                    ]
                )
            return Converted(
                layers=layers_from_json(answer["layers"]),
                weights=(folder / "weights.safetensors").read_bytes(),
            )

    def _run(self, source: Path, folder: Path) -> dict[str, Any]:
        # one thread: each of a numerical library's threads would reserve memory
        environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
        environment |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-m", _MODULE, str(source), str(folder)]
        try:
            done = subprocess.run(  # noqa: S603 - our own module on files of our own
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=self._timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise _too_costly(f"took more than {self._timeout_s:g} s") from error
        if done.returncode < 0:
            raise _too_costly(f"was ended by signal {-done.returncode}")
        if done.returncode > 0:
            last = done.stderr.decode(errors="replace")[-2000:]
            raise RuntimeError(f"the converter failed: {last}")
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer


def _too_costly(what: str) -> InvalidRequestError:
    detail = f"reading the program {what}; it needs more time or memory than a program may"
    return InvalidRequestError([FieldProblem("archive", "too_costly", detail)])
