"""What each layer does to its sum of integers: a multiplier and a bias per channel, in double.

With ``y = g * (conv - running_mean) + beta``, ``g = gamma / sqrt(running_var + eps)``, and all
tensors on grids ``s * integer``, the integer output is::

    y / s_y = acc * (s_x * s_w * g / s_y) + (beta - running_mean * g) / s_y

so the first factor is the layer's multiplier and the rest its bias, one each per channel.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from networks.network import QuantizedNetwork
from networks.nodes import ConvNode, InputNode, Node, WeightedNode
from quantization.packed_layer import LOGIT_SCALE
from search_space.layers import Layer

Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Affine:
    """One layer's numbers, in units of its output.

    Attributes:
        scale: Value of one unit of the output.
        multipliers: ``(C,)`` of an input, ``(O,)`` of a convolution or linear layer, ``(2,)`` of an
            add, ``(1,)`` of an average; empty where a layer only hands integers on.
        biases: ``(C,)`` or ``(O,)``; empty for the other kinds.
    """

    scale: float
    multipliers: Doubles
    biases: Doubles


@torch.no_grad()
def affine_numbers(network: QuantizedNetwork) -> list[Affine]:
    """Return every layer's numbers, batch norm's running statistics absorbed.

    Args:
        network: Quantizers initialised; on any device.
    """
    layers = network.layers
    found: list[Affine] = []
    node: Node
    for layer, node in zip(layers, network.nodes, strict=True):  # type: ignore[assignment]  # ModuleList forgets its element type
        reads = [found[i].scale for i in layer.inputs]
        is_last = len(found) == len(layers) - 1
        scale = LOGIT_SCALE if is_last else _output_scale(node, reads)
        source = layers[layer.inputs[0]] if layer.inputs else layer
        multipliers, biases = _numbers(layer, node, reads, scale, source)
        found.append(Affine(scale=scale, multipliers=multipliers, biases=biases))
    return found


def double(tensor: torch.Tensor) -> NDArray[Any]:
    """The tensor's numbers in double precision, ``(n,)``."""
    return tensor.detach().cpu().double().numpy().reshape(-1)


def _output_scale(node: Node, reads: list[float]) -> float:
    if node.output_quantizer is None:
        return reads[0]  # the layer hands on integers of its input
    return float(node.output_quantizer.step(torch.empty(1)))


def _numbers(
    layer: Layer, node: Node, reads: list[float], scale: float, source: Layer
) -> tuple[Doubles, Doubles]:
    nothing: Doubles = np.zeros(0)
    factors = 1.0 if node.rounding is None else double(node.rounding)
    if isinstance(node, InputNode):
        mean, std = double(node.mean), double(node.std)  # (C,)
        return 1 / (255 * std * scale), -mean / (std * scale)
    if isinstance(node, WeightedNode):
        gain, offset = _gain_and_offset(node)  # (O,)
        weight_scale = double(node.weight_quantizer.step(node.weight))  # (1,) or (O,)
        return reads[0] * weight_scale * gain * factors / scale, offset / scale
    if layer.kind == "add":
        return np.array(reads) * factors / scale, nothing
    if layer.kind == "global_avg_pool":
        n_summed = source.out_height * source.out_width
        return np.array(reads) * factors / (n_summed * scale), nothing
    return nothing, nothing


def _gain_and_offset(node: WeightedNode) -> tuple[Doubles, Doubles]:
    """What follows the sum, as ``gain * sum + offset`` per channel, ``(O,)`` each."""
    n = node.layer.out_channels
    if isinstance(node, ConvNode) and node.batch_norm is not None:
        norm = node.batch_norm
        if norm.running_mean is None or norm.running_var is None:
            raise ValueError(f"batch norm of {node.layer.name!r} keeps no running statistics")
        gain = double(norm.weight) / np.sqrt(double(norm.running_var) + norm.eps)
        return gain, double(norm.bias) - double(norm.running_mean) * gain
    return np.ones(n), np.zeros(n) if node.bias is None else double(node.bias)
