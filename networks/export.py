"""From a trained network to the packed artifact: batch norm becomes multiplier and bias.

With ``y = g * (conv - running_mean) + beta``, ``g = gamma / sqrt(running_var + eps)``, and all
tensors on grids ``s * integer``, the integer output is::

    y / s_y = acc * (s_x * s_w * g / s_y) + (beta - running_mean * g) / s_y

so the first factor is the layer's multiplier and the rest its bias, one each per channel. The
rectifier is the lower end of an unsigned grid. Sums are in double precision; only the stored
float16 and int16 numbers round.
"""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from networks.network import QuantizedNetwork
from networks.nodes import ConvNode, InputNode, Node, WeightedNode
from quantization.fixed_point import to_fixed_point
from quantization.packed_layer import LOGIT_SCALE, Artifact, PackedLayer
from quantization.quantizer import Quantizer
from search_space.layers import Layer

Doubles = NDArray[np.float64]


@torch.no_grad()
def pack(
    network: QuantizedNetwork,
    *,
    candidate_hash: str,
    data_hash: bytes,
    seed: int,
    code_version: str,
) -> Artifact:
    """Turn a network with initialised quantizers into integers.

    Args:
        network: On any device; batch norm's running statistics are used.
        candidate_hash: Identity of the candidate, 64 hexadecimal digits.
        data_hash: Identity of the data set, 16 bytes.
        seed: Of the trial.
        code_version: At most 16 ASCII characters.

    Returns:
        The artifact; ``quantization.artifact.write_artifact`` makes the file.

    Raises:
        FixedPointError: If a multiplier or bias is not finite or too large: the network diverged.
    """
    layers = network.layers
    scales: list[float] = []
    zero_points: list[int | None] = []
    packed: list[PackedLayer] = []
    for layer, node in zip(layers, network.nodes, strict=True):
        reads = [scales[i] for i in layer.inputs]
        is_last = len(packed) == len(layers) - 1
        scale = LOGIT_SCALE if is_last else _output_scale(node, reads)  # type: ignore[arg-type]  # ModuleList forgets its element type
        scales.append(scale)
        zero_points.append(_zero_point(layer, node, zero_points))  # type: ignore[arg-type]  # likewise
        source = layers[layer.inputs[0]] if layer.inputs else layer
        packed.append(_pack_node(layer, node, reads, scale, zero_points[-1], source))  # type: ignore[arg-type]  # likewise
    image = layers[0]
    return Artifact(
        candidate_hash=candidate_hash,
        data_hash=data_hash,
        seed=seed,
        height=image.out_height,
        width=image.out_width,
        channels=image.out_channels,
        n_classes=layers[-1].out_channels,
        code_version=code_version,
        layers=tuple(packed),
    )


def _output_scale(node: Node, reads: list[float]) -> float:
    if node.output_quantizer is None:
        return reads[0]  # the layer hands on integers of its input
    return float(node.output_quantizer.step(torch.empty(1)))


def _zero_point(layer: Layer, node: Node, earlier: list[int | None]) -> int | None:
    if node.output_quantizer is not None:
        return node.output_quantizer.zero_point()
    hands_on = layer.kind in ("max_pool", "pad_channels")
    return earlier[layer.inputs[0]] if hands_on else None


def _pack_node(
    layer: Layer,
    node: Node,
    reads: list[float],
    scale: float,
    zero_point: int | None,
    source: Layer,
) -> PackedLayer:
    multipliers: Doubles = np.zeros(0)
    biases: Doubles = np.zeros(0)
    weights: NDArray[Any] | None = None
    channel_bits: NDArray[np.uint8] | None = None
    if isinstance(node, InputNode):
        mean, std = _double(node.mean), _double(node.std)  # (C,)
        multipliers, biases = 1 / (255 * std * scale), -mean / (std * scale)
    elif isinstance(node, WeightedNode):
        gain, offset = _affine(node)  # (O,)
        weight_scale = _double(node.weight_quantizer.step(node.weight))  # (1,) or (O,)
        multipliers, biases = reads[0] * weight_scale * gain / scale, offset / scale
        weights = _integers(node.weight_quantizer, node.weight)
        if layer.channel_weight_bits:
            channel_bits = np.array(layer.channel_weight_bits, dtype=np.uint8)
    elif layer.kind == "add":
        multipliers = np.array(reads) / scale
    elif layer.kind == "global_avg_pool":
        multipliers = np.array(reads) / (source.out_height * source.out_width * scale)
    fixed = to_fixed_point(multipliers, biases)
    windowed = layer.kind in ("conv", "max_pool")
    return PackedLayer(
        kind=layer.kind,
        out_channels=layer.out_channels,
        inputs=layer.inputs,
        activation=layer.activation,
        weight_bits=layer.weight_bits,
        activation_bits=layer.activation_bits,
        kernel=layer.kernel if windowed else 1,
        stride=layer.stride if windowed or layer.kind == "pad_channels" else 1,
        padding=layer.padding if windowed else (0, 0),
        groups=layer.groups,
        output_scale=scale,
        scale_exponent=fixed.scale_exponent,
        bias_exponent=fixed.bias_exponent,
        zero_point=zero_point,
        odd_weights=isinstance(node, WeightedNode) and node.weight_quantizer.kind == "odd",
        channel_bits=channel_bits,
        weights=weights,
        multipliers=fixed.multipliers,
        biases=fixed.biases,
    )


def _integers(quantizer: Quantizer, weight: torch.Tensor) -> NDArray[Any]:
    """Quantized weights in the smallest type that holds their grid: odd numbers reach 255."""
    largest = int(torch.maximum(-quantizer.q_min, quantizer.q_max).max())
    # two's complement has one more number below zero than above
    kind = np.min_scalar_type(-largest)
    return quantizer.quantize(weight).cpu().numpy().astype(kind)


def _affine(node: WeightedNode) -> tuple[Doubles, Doubles]:
    """What follows the sum, as ``gain * sum + offset`` per channel, ``(O,)`` each."""
    n = node.layer.out_channels
    if isinstance(node, ConvNode) and node.batch_norm is not None:
        norm = node.batch_norm
        if norm.running_mean is None or norm.running_var is None:
            raise ValueError(f"batch norm of {node.layer.name!r} keeps no running statistics")
        gain = _double(norm.weight) / np.sqrt(_double(norm.running_var) + norm.eps)
        return gain, _double(norm.bias) - _double(norm.running_mean) * gain
    return np.ones(n), np.zeros(n) if node.bias is None else _double(node.bias)


def _double(tensor: torch.Tensor) -> NDArray[Any]:
    return tensor.detach().cpu().double().numpy().reshape(-1)
