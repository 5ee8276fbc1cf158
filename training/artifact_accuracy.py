"""What a packed file decides, by the integer runtime; loads no torch."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantization.artifact import read_artifact
from quantization.integer_runtime import run


def artifact_decisions(data: bytes, images: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Run a packed file on images.

    Args:
        data: The file.
        images: ``(N, C, H, W)`` uint8.

    Returns:
        The class each image is given, ``(N,)``; the first of equally good ones.

    Raises:
        ArtifactError: If the file breaks a rule of the format.
    """
    decided: NDArray[np.int64] = run(read_artifact(data), images).argmax(axis=1)
    return decided


def measure_artifact(
    data: bytes, images: NDArray[np.uint8], labels: NDArray[Any]
) -> tuple[int, int]:
    """Run a packed file on images; what every published accuracy is measured with.

    Args:
        data: The file.
        images: ``(N, C, H, W)`` uint8.
        labels: ``(N,)``.

    Returns:
        ``(correct, total)``.

    Raises:
        ArtifactError: If the file breaks a rule of the format.
    """
    return int((artifact_decisions(data, images) == labels).sum()), len(labels)
