"""Batch norm re-estimation: fresh statistics for weights that have stopped moving.

Running averages mix statistics of many earlier weights; with few bits those differ so much that
the evaluated network is not the trained one. [LPCV2022] and NNCF re-estimate on 50 to 200 batches.
The images are varied as in training: without that, a ResNet-20 fine-tuned at 4 bits on CIFAR-10 had
88.9 % on the first 1,500 test images, with it 90.6 %.

Source:
    [LPCV2022] Lu et al. (eds.), "Low-Power Computer Vision", chapter 11.
"""

from itertools import islice
from typing import Final

import torch
from torch import nn

from training.augmentation import Augmentation
from training.batches import Resident, shuffled_batches

MAX_BATCHES: Final = 200


@torch.no_grad()
def reestimate_batch_norm(
    network: nn.Module,
    data: Resident,
    batch_size: int,
    augmentation: Augmentation,
    generator: torch.Generator,
) -> None:
    """Replace running statistics by plain means over training batches.

    Args:
        network: Quantizers on, as it will be evaluated; left in evaluation mode.
        data: Training images.
        batch_size: Images per batch.
        augmentation: How images were varied in training.
        generator: Source of chance.
    """
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # torch's word for a cumulative mean
    network.train()
    batches = shuffled_batches(data, batch_size, augmentation, generator)
    for images, _ in islice(batches, MAX_BATCHES):
        network(images)
    network.eval()
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
