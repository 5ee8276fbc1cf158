"""Uploaded programs are converted in a process of their own, which ends with the conversion.

The converter (``networks.imported``) needs neither torch nor a worker: it executes nothing of the
program and takes a fraction of a second, so an upload is answered with its result. Its process has
limits on memory and time, and an environment without this one's secrets.
"""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import BoundedSemaphore
from typing import Final

from api.child_process import run_reader
from search_space.layer_json import layers_from_json
from search_space.layers import LayerList

_MODULE: Final = "networks.imported"


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
            ReaderError: If the converter has a defect.
        """
        with self._turn, TemporaryDirectory(prefix="bitpareto-upload-") as name:
            folder = Path(name)
            source = folder / "program.pt2"
            source.write_bytes(program)
            answer = run_reader(
                _MODULE, [str(source), str(folder)], timeout_s=self._timeout_s, place="archive"
            )
            return Converted(
                layers=layers_from_json(answer["layers"]),
                weights=(folder / "weights.safetensors").read_bytes(),
            )
