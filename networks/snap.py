"""Brings a network's numbers to values a file can hold, so that network and file compute the same.

A file holds multipliers with 11 bits of mantissa and biases with 15 (``quantization/fixed_point``).
Batch norm and the input's normalisation can express the rounded numbers exactly::

    gamma' = M s_y sqrt(running_var + eps) / (s_x s_w)      beta' = b s_y + running_mean * g'

with ``M`` and ``b`` as the file holds them and ``g' = gamma' / sqrt(running_var + eps)``; likewise
``std' = 1 / (255 s M)`` and ``mean' = -b s std'`` at the input, and ``b s_y`` for a bias. Sums
and averages have no such freedom but the steps of the tensors around them: ``snap_steps`` moves
those, by at most one part in 4,096, until the quotients are numbers with 11 bits. What is left is
the rounding of the multipliers of layers without batch norm.
"""

from collections import Counter
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray

from networks.network import QuantizedNetwork
from networks.nodes import ConvNode, InputNode, Node, WeightedNode
from quantization.fixed_point import split_multipliers
from quantization.packed_layer import Artifact, PackedLayer


@torch.no_grad()
def snap_steps(network: QuantizedNetwork) -> None:
    """Change the steps of tensors so that a file can hold the multipliers of sums and averages.

    Args:
        network: With initialised quantizers; batch norm is best re-estimated afterwards.
    """
    steps: list[float] = []
    fixed: list[bool] = []  # whether moving a step would undo what was moved before
    readers = Counter(source for layer in network.layers for source in layer.inputs)
    for layer, module in zip(network.layers, network.nodes, strict=True):
        node = cast("Node", module)
        if node.output_quantizer is None:
            steps.append(steps[layer.inputs[0]] if layer.inputs else 1.0)
            fixed.append(True)
            continue
        steps.append(_step(node))
        fixed.append(layer.kind in ("add", "global_avg_pool"))
        if layer.kind == "global_avg_pool":
            source = network.layers[layer.inputs[0]]
            area = source.out_height * source.out_width
            _move(node, steps, -1, steps[layer.inputs[0]] / area)
        if layer.kind == "add":
            # the sum's own step follows the input that has to stay as it is
            stays, moves = sorted(layer.inputs, key=lambda i: not (fixed[i] or readers[i] > 1))
            _move(node, steps, -1, steps[stays])
            if not fixed[moves] and readers[moves] == 1:
                target = _held(steps[moves] / steps[-1]) * steps[-1]
                _rescale(cast("Node", network.nodes[moves]), steps, moves, target)


def _move(node: Node, steps: list[float], place: int, read: float) -> None:
    """Change a node's step until ``read / step`` is a number the file holds."""
    _rescale(node, steps, place, read / _held(read / steps[place]))


def _rescale(node: Node, steps: list[float], place: int, target: float) -> None:
    if node.output_quantizer is not None:
        node.output_quantizer.rescale(target / steps[place])
        steps[place] = _step(node)


def _step(node: Node) -> float:
    quantizer = node.output_quantizer
    return 1.0 if quantizer is None else float(quantizer.step(torch.empty(1)))


def _held(multiplier: float) -> float:
    stored, exponent = split_multipliers([multiplier])
    return float(np.ldexp(float(stored[0]), exponent))


@torch.no_grad()
def snap_to_file(network: QuantizedNetwork, artifact: Artifact) -> None:
    """Change a network's numbers into those its packed form stands for.

    Args:
        network: What was packed; trained no further.
        artifact: What ``networks.export.pack`` made of it.
    """
    scales: list[float] = []
    for node, packed in zip(network.nodes, artifact.layers, strict=True):
        scale = packed.output_scale
        if isinstance(node, InputNode):
            _snap_input(node, packed, scale)
        elif isinstance(node, WeightedNode):
            _snap_weighted(node, packed, scale, scales[packed.inputs[0]])
        scales.append(scale)


def _snap_input(node: InputNode, packed: PackedLayer, scale: float) -> None:
    std = 1 / (255 * scale * _multipliers(packed))  # (C,)
    mean = -_biases(packed) * scale * std
    node.std.copy_(torch.from_numpy(std).view(node.std.shape))
    node.mean.copy_(torch.from_numpy(mean).view(node.mean.shape))


def _snap_weighted(node: WeightedNode, packed: PackedLayer, scale: float, read: float) -> None:
    offset = _biases(packed) * scale  # (O,)
    if not isinstance(node, ConvNode) or node.batch_norm is None:
        if node.bias is not None:
            node.bias.copy_(torch.from_numpy(offset))
        return
    norm = node.batch_norm
    if norm.running_mean is None or norm.running_var is None:
        raise ValueError(f"batch norm of {node.layer.name!r} keeps no running statistics")
    weight_scale = node.weight_quantizer.step(node.weight).detach().cpu().double().numpy()
    gain = _multipliers(packed) * scale / (read * weight_scale.reshape(-1))
    mean = norm.running_mean.cpu().double().numpy()
    deviation = np.sqrt(norm.running_var.cpu().double().numpy() + norm.eps)
    norm.weight.copy_(torch.from_numpy(gain * deviation))
    norm.bias.copy_(torch.from_numpy(offset + mean * gain))


def _multipliers(packed: PackedLayer) -> NDArray[np.float64]:
    return np.ldexp(packed.multipliers.astype(np.float64), packed.scale_exponent)


def _biases(packed: PackedLayer) -> NDArray[np.float64]:
    return np.ldexp(packed.biases.astype(np.float64), packed.bias_exponent)
