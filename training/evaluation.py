"""What a network in torch decides, and how often it is right."""

import torch
from torch import Tensor, nn

from training.batches import Resident

_BATCH = 1000


@torch.no_grad()
def decisions(network: nn.Module, data: Resident) -> Tensor:
    """The class that ``network`` gives each image, in evaluation mode.

    Args:
        network: Yields logits; left in evaluation mode.
        data: Images on the network's device.

    Returns:
        ``(N,)`` int64, on that device.
    """
    network.eval()
    batches = data.images.split(_BATCH)
    return torch.cat([network(images).argmax(1) for images in batches])


def accuracy(network: nn.Module, data: Resident) -> float:
    """Share of images that ``network`` labels correctly, in evaluation mode.

    Args:
        network: Yields logits; left in evaluation mode.
        data: Images and labels on the network's device.
    """
    return float((decisions(network, data) == data.labels).sum()) / len(data)
