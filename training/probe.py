"""What a network would be worth with its bits, asked while it is still trained without them.

The accuracy on the way says little about the end: while the learning rate is high, running averages
of batch norm lag behind the weights, and in the float phase the bits do not count. So a copy gets
fresh statistics and quantizers, which costs as much as half an epoch, and is measured.
"""

import copy
from typing import Final

import torch
from torch import Tensor, nn

from networks.network import QuantizedNetwork
from training.batches import Resident
from training.evaluation import accuracy

_IMAGES: Final = 512
"""Statistics come from so many training images."""
_STEP_SIZE_IMAGES: Final = 64
"""Step sizes come from so many: searching them on all would be most of the cost."""


@torch.no_grad()
def probe(network: QuantizedNetwork, images: Tensor, validation: Resident) -> float:
    """Return the accuracy of a quantized copy of a network in training, which is left as it is.

    Args:
        network: In either phase. In the float phase quantizers are set as for the next one.
        images: Training images, ``(N, C, H, W)``; the first 512 are used.
        validation: What the copy is measured on.
    """
    seen = images[:_IMAGES]
    asked = copy.deepcopy(network)
    _set_batch_norm(asked, seen)
    if not asked.quantized:
        asked.initialise_quantizers(seen[:_STEP_SIZE_IMAGES])
        asked.quantized = True
        _set_batch_norm(asked, seen)
    return accuracy(asked, validation)


def _set_batch_norm(network: nn.Module, images: Tensor) -> None:
    """Replace running statistics by those of one batch."""
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 1.0
    network.train()
    network(images)
    network.eval()
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
