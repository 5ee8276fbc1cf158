"""Batch norm re-estimation: fresh statistics for weights that have stopped moving.

Running averages mix statistics of many earlier weights; with few bits those differ so much that
the evaluated network is not the trained one. [LPCV2022] and NNCF re-estimate on 50 to 200 batches.

Source:
    [LPCV2022] Lu et al. (eds.), "Low-Power Computer Vision", chapter 11.
"""

from typing import Final

import torch
from torch import nn

from training.batches import Resident, n_batches

MAX_BATCHES: Final = 200


@torch.no_grad()
def reestimate_batch_norm(network: nn.Module, data: Resident, batch_size: int) -> None:
    """Replace running statistics by plain means over training batches.

    Args:
        network: Quantizers on, as it will be evaluated; left in evaluation mode.
        data: Training images, used in their order and without augmentation.
        batch_size: Images per batch.
    """
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # torch's word for a cumulative mean
    network.train()
    for i in range(min(MAX_BATCHES, n_batches(len(data), batch_size))):
        network(data.images[i * batch_size : (i + 1) * batch_size])
    network.eval()
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
