"""Accuracy of a network in torch, and of a packed file by the integer runtime."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from quantization.artifact import read_artifact
from quantization.integer_runtime import run
from training.batches import Resident

_BATCH = 1000


@torch.no_grad()
def accuracy(network: nn.Module, data: Resident) -> float:
    """Share of images that ``network`` labels correctly, in evaluation mode.

    Args:
        network: Yields logits; left in evaluation mode.
        data: Images and labels on the network's device.
    """
    network.eval()
    correct = 0
    for start in range(0, len(data), _BATCH):
        logits = network(data.images[start : start + _BATCH])  # (B, n_classes)
        correct += int((logits.argmax(1) == data.labels[start : start + _BATCH]).sum())
    return correct / len(data)


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
    logits = run(read_artifact(data), images)  # (N, n_classes)
    return int((logits.argmax(axis=1) == labels).sum()), len(labels)
