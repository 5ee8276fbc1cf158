"""Counts a built network by running it; the independent witness of ``search_space.costs``."""

from dataclasses import dataclass

import torch
from torch import Tensor

from networks.network import QuantizedNetwork
from networks.nodes import WeightedNode


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """What a network turned out to be.

    Attributes:
        parameters: Trainable numbers, those of quantizers left out.
        macs: Multiply-accumulates of weighted layers for one image.
        shapes: Output shape of each layer for one image, ``(C, H, W)``; ``(C,)`` behind a linear
            layer.
    """

    parameters: int
    macs: int
    shapes: tuple[tuple[int, ...], ...]


@torch.no_grad()
def count(network: QuantizedNetwork, image: Tensor) -> Count:
    """Run one image and count with forward hooks, from the tensors alone.

    Args:
        network: The network; its state does not change.
        image: One image, ``(1, C, H, W)``.
    """
    shapes: list[tuple[int, ...]] = []
    macs = 0

    def hook(module: torch.nn.Module, _inputs: object, output: Tensor) -> None:
        nonlocal macs
        shapes.append(tuple(output.shape[1:]))
        if isinstance(module, WeightedNode):
            positions = output[0, 0].numel()  # 1 behind a linear layer
            macs += module.weight.numel() * positions

    was_training = network.training
    network.eval()
    handles = [node.register_forward_hook(hook) for node in network.nodes]
    try:
        network(image)
    finally:
        for handle in handles:
            handle.remove()
        network.train(was_training)
    own = [p for name, p in network.named_parameters() if "quantizer." not in name]
    parameters = sum(p.numel() for p in own)
    return Count(parameters=parameters, macs=macs, shapes=tuple(shapes))
