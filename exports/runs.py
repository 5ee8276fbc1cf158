"""Where a packed file runs: only what was executed, and what came out beside our own runtime."""

import hashlib
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from exports.c_header import to_c_header
from exports.c_run import FLAGS, compiler_version, find_compiler, run_c_header
from exports.onnx_export import to_onnx
from exports.onnx_run import TARGET, run_onnx, runtime_version
from quantization.artifact import read_artifact
from quantization.integer_runtime import run
from quantization.packed_layer import LOGIT_SCALE, Artifact

REQUIRED_AGREEMENT: Final = 0.999
"""Share of images on which an export must decide as the packed file does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Executed:
    """One target that ran a network on images.

    Attributes:
        target: What ran it.
        version: Its version, and what it ran on.
        format: The export that it ran; "bpar" for the packed file itself.
        size_bytes: Length of that export.
        n_images: How many images it classified.
        n_agreeing: On how many of them it decided as the reference runtime.
        n_equal: On how many of them all logits were the same numbers.
        details: Facts of the format, such as the types of an ONNX file's weights.
    """

    target: str
    version: str
    format: str
    size_bytes: int
    n_images: int
    n_agreeing: int
    n_equal: int
    details: Mapping[str, Any]

    @property
    def agreement(self) -> float:
        """Share of images with the same decision."""
        return self.n_agreeing / self.n_images

    @property
    def agrees(self) -> bool:
        """Whether that is enough."""
        return self.agreement >= REQUIRED_AGREEMENT

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        derived = {"agreement": self.agreement, "agrees": self.agrees}
        return {**asdict(self), **derived, "details": dict(self.details)}


def execute(data: bytes, images: NDArray[np.uint8], formats: Sequence[str]) -> list[Executed]:
    """Run a packed file and its exports on images.

    Args:
        data: The packed file.
        images: Bytes, ``(N, C, H, W)``, at least one.
        formats: Which exports, of ``TARGETS``.

    Returns:
        The reference runtime, then one for each format.

    Raises:
        ArtifactError: If the file breaks a rule of its format.
        ExportError: If an export cannot be made, or cannot be run here.
    """
    artifact = read_artifact(data)
    expected = run(artifact, images)
    reference = Executed(
        target="bitpareto integer runtime",
        version=f"NumPy {np.__version__}, Python {sys.version.split()[0]}",
        format="bpar",
        size_bytes=len(data),
        n_images=len(images),
        n_agreeing=len(images),
        n_equal=len(images),
        details={"sha256": hashlib.sha256(data).hexdigest()},
    )
    return [reference, *(TARGETS[name](artifact, images, expected) for name in formats)]


def _run_onnx(
    artifact: Artifact, images: NDArray[np.uint8], expected: NDArray[np.int32]
) -> Executed:
    export = to_onnx(artifact)
    logits = run_onnx(export.content, images)
    types: dict[str, int] = {}
    for found in export.weight_types:
        types[found.onnx_type] = types.get(found.onnx_type, 0) + found.n_weights
    return Executed(
        target=TARGET,
        version=runtime_version(),
        format="onnx",
        size_bytes=export.onnx_bytes,
        n_images=len(images),
        n_agreeing=int((logits.argmax(axis=1) == expected.argmax(axis=1)).sum()),
        n_equal=int((logits == expected * LOGIT_SCALE).all(axis=1).sum()),
        details={"weights_by_type": types, "layers": [asdict(t) for t in export.weight_types]},
    )


def _run_c(artifact: Artifact, images: NDArray[np.uint8], expected: NDArray[np.int32]) -> Executed:
    header = to_c_header(artifact)
    compiler = find_compiler()
    decided, logits = run_c_header(header.content, images, artifact.n_classes, compiler=compiler)
    return Executed(
        target="C99",
        version=f"{compiler_version(compiler)}, {' '.join(FLAGS)}",
        format="c-header",
        size_bytes=len(header.content),
        n_images=len(images),
        n_agreeing=int((decided == expected.argmax(axis=1)).sum()),
        n_equal=int((logits == expected).all(axis=1).sum()),
        details={"data_bytes": header.data_bytes, "buffer_bytes": header.buffer_bytes},
    )


TARGETS: Final[Mapping[str, Callable[..., Executed]]] = MappingProxyType(
    {"onnx": _run_onnx, "c-header": _run_c}
)
"""What runs each export."""
