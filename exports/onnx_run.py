"""Runs an exported model in ONNX Runtime, on the processor."""

from importlib.metadata import version
from typing import Final

import numpy as np
from numpy.typing import NDArray
from onnxruntime import InferenceSession, SessionOptions
from onnxruntime.capi import onnxruntime_pybind11_state as native

from exports.errors import TargetFailedError
from exports.onnx_export import IMAGE, LOGITS

TARGET: Final = "ONNX Runtime"
PROVIDER: Final = "CPUExecutionProvider"

_BATCH: Final = 256
_ONLY_FATAL: Final = 4
_ERRORS: Final = (
    native.Fail,
    native.InvalidGraph,
    native.NotImplemented,
    native.RuntimeException,
)


def runtime_version() -> str:
    """Return the version of ONNX Runtime and what it computes on."""
    return f"{version('onnxruntime')}, {PROVIDER}"


def run_onnx(model: bytes, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Compute the logits of images, with all of ONNX Runtime's default optimisations.

    Args:
        model: An ONNX file, as ``to_onnx`` makes it.
        images: Bytes, ``(N, C, H, W)``.

    Returns:
        Logits, ``(N, n_classes)``.

    Raises:
        TargetFailedError: If ONNX Runtime does not load or run it.
    """
    options = SessionOptions()
    options.log_severity_level = (
        _ONLY_FATAL  # errors are raised, and warnings are of its own kernels
    )
    try:
        session = InferenceSession(model, options, providers=[PROVIDER])
        parts = [
            session.run([LOGITS], {IMAGE: images[start : start + _BATCH]})[0]
            for start in range(0, len(images), _BATCH)
        ]
    except _ERRORS as error:
        raise TargetFailedError(TARGET, str(error)) from error
    return np.concatenate([np.asarray(part, dtype=np.float32) for part in parts])
