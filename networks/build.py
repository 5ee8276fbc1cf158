"""From a layer list to a network with drawn weights."""

from collections.abc import Sequence

import torch

from networks.network import QuantizedNetwork
from networks.nodes import (
    AddNode,
    ConvNode,
    GlobalAvgPoolNode,
    InputNode,
    LinearNode,
    MaxPoolNode,
    Node,
    PadChannelsNode,
)
from quantization.quantizer import Bits, Quantizer
from quantization.registry import QuantizerKind, quantizer_kind
from search_space.layers import Layer, LayerList


def build_network(
    layers: LayerList,
    *,
    mean: Sequence[float],
    std: Sequence[float],
    seed: int,
    weight_granularity: str = "per_channel",
    quantizer: str = "lsq",
) -> QuantizedNetwork:
    """Build the network of ``layers`` with weights drawn from ``seed``.

    Args:
        layers: The network, as ``search_space`` makes it.
        mean: Per-channel mean of pixels / 255.
        std: Per-channel standard deviation of pixels / 255.
        seed: Of the weights; torch's global generator is not touched.
        weight_granularity: ``per_channel`` or ``per_tensor`` step sizes of weights. A layer whose
            channels differ in width has a step per channel in any case.
        quantizer: Name in ``quantization.registry``.

    Returns:
        A float network (``quantized`` is off), in training mode, on the CPU.

    Raises:
        UnknownQuantizerError: If no quantizer has this name.
        BitwidthError: If a layer's width is not supported.
    """
    kind = quantizer_kind(quantizer)
    per_channel = weight_granularity == "per_channel"
    signed: list[bool] = []
    nodes: list[Node] = []
    for layer in layers:
        signed.append(_is_signed(layer, signed))
        is_last = len(signed) == len(layers)
        output_quantizer = None if is_last else _output_quantizer(layer, kind, signed[-1])
        if layer.kind == "input":
            nodes.append(InputNode(layer, _required(output_quantizer), mean, std))
        else:
            reads = [layers[i] for i in layer.inputs]
            nodes.append(_node(layer, reads, output_quantizer, kind, per_channel))
    network = QuantizedNetwork(layers, nodes)
    generator = torch.Generator().manual_seed(seed)
    for node in nodes:
        node.initialise_weights(generator)
    return network


def _is_signed(layer: Layer, signed: Sequence[bool]) -> bool:
    """Whether a layer's output has both signs; layers that only move or average values keep it."""
    if layer.kind in ("global_avg_pool", "max_pool", "pad_channels"):
        return signed[layer.inputs[0]]
    return layer.activation == "none"


def _output_quantizer(layer: Layer, kind: QuantizerKind, signed: bool) -> Quantizer | None:
    if layer.kind in ("max_pool", "pad_channels"):
        return None
    return kind.activation(layer.activation_bits, signed)


def _weight_quantizer(layer: Layer, kind: QuantizerKind, per_channel: bool) -> Quantizer:
    bits: Bits = layer.channel_weight_bits or layer.weight_bits
    one_each = per_channel or bool(layer.channel_weight_bits)
    return kind.weight(bits, layer.out_channels if one_each else None)


def _node(
    layer: Layer,
    reads: Sequence[Layer],
    output_quantizer: Quantizer | None,
    kind: QuantizerKind,
    per_channel: bool,
) -> Node:
    source = reads[0]
    match layer.kind:
        case "conv":
            weight_quantizer = _weight_quantizer(layer, kind, per_channel)
            output_quantizer = _required(output_quantizer)
            return ConvNode(layer, output_quantizer, weight_quantizer, source.out_channels)
        case "linear":
            n_features = source.out_channels * source.out_height * source.out_width
            weight_quantizer = _weight_quantizer(layer, kind, per_channel)
            return LinearNode(layer, output_quantizer, weight_quantizer, n_features)
        case "add":
            return AddNode(layer, output_quantizer)
        case "global_avg_pool":
            return GlobalAvgPoolNode(layer, output_quantizer)
        case "max_pool":
            return MaxPoolNode(layer, output_quantizer)
        case "pad_channels":
            return PadChannelsNode(layer, output_quantizer)
        case _:
            raise ValueError(f"layer {layer.name!r} of kind {layer.kind!r} has no place here")


def _required(quantizer: Quantizer | None) -> Quantizer:
    if quantizer is None:
        raise ValueError("only the last layer, a linear one, may yield unquantized logits")
    return quantizer
