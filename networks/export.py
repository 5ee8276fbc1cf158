"""From a trained network to the packed artifact: batch norm becomes multiplier and bias.

``networks/affine.py`` has the numbers in double precision; only the stored float16 and int16 ones
round, and not even those after ``networks.rounding.round_to_file``. The rectifier is the lower end
of an unsigned grid.
"""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from networks.affine import Affine, affine_numbers
from networks.network import QuantizedNetwork
from networks.nodes import Node, WeightedNode
from quantization.fixed_point import to_fixed_point
from quantization.packed_layer import Artifact, PackedLayer
from quantization.quantizer import Quantizer
from search_space.layers import Layer


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
    zero_points: list[int | None] = []
    packed: list[PackedLayer] = []
    node: Node
    for layer, node, affine in zip(layers, network.nodes, affine_numbers(network), strict=True):  # type: ignore[assignment]  # ModuleList forgets its element type
        zero_points.append(_zero_point(layer, node, zero_points))
        packed.append(_pack_node(layer, node, affine, zero_points[-1]))
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


def _zero_point(layer: Layer, node: Node, earlier: list[int | None]) -> int | None:
    if node.output_quantizer is not None:
        return node.output_quantizer.zero_point()
    hands_on = layer.kind in ("max_pool", "pad_channels")
    return earlier[layer.inputs[0]] if hands_on else None


def _pack_node(layer: Layer, node: Node, affine: Affine, zero_point: int | None) -> PackedLayer:
    weights: NDArray[Any] | None = None
    channel_bits: NDArray[np.uint8] | None = None
    if isinstance(node, WeightedNode):
        weights = _integers(node.weight_quantizer, node.weight)
        if layer.channel_weight_bits:
            channel_bits = np.array(layer.channel_weight_bits, dtype=np.uint8)
    fixed = to_fixed_point(affine.multipliers, affine.biases)
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
        output_scale=affine.scale,
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
