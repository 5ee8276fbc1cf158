"""Exact costs of a layer list, known before a second of training.

``size_bytes`` is the length of the packed file that ``docs/artifact-format.md`` describes: header,
one record per layer, packed weights, and per output channel a multiplier and a bias into which
batch norm is folded.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from search_space.layers import Layer

HEADER_BYTES = 128
RECORD_BYTES = 24
CHANNEL_BYTES = 4
"""A float16 multiplier and an int16 bias per output channel."""
FLOAT_BYTES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerCosts:
    """Costs of one layer; ``size_bytes`` counts its record, weights, multipliers and biases."""

    n_weights: int
    macs: int
    bops: int
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Costs of a network.

    Attributes:
        size_bytes: Length of the packed file.
        macs: Multiply-accumulates of convolutions and linear layers for one image.
        bops: Bit operations, the sum over those layers of
            ``macs * weight_bits * activation_bits`` with the width of the tensor the layer reads;
            accumulator bits are not counted.
        parameters: Trainable numbers before folding: weights, two per batch-norm channel, and the
            bias of each linear layer. Quantizer scales are not counted.
    """

    size_bytes: int
    macs: int
    bops: int
    parameters: int


def layer_costs(layers: Sequence[Layer]) -> list[LayerCosts]:
    """Return the costs of each layer, in order; sizes sum to the file's length less the header."""
    rows = []
    for layer in layers:
        n_weights = count_weights(layers, layer)
        macs = n_weights * layer.out_height * layer.out_width
        read_bits = layers[layer.inputs[0]].activation_bits if layer.inputs else 0
        rows.append(
            LayerCosts(
                n_weights=n_weights,
                macs=macs,
                bops=macs * layer.weight_bits * read_bits,
                size_bytes=RECORD_BYTES + _payload_bytes(layer, n_weights),
            )
        )
    return rows


def costs(layers: Sequence[Layer]) -> Costs:
    """Return the exact costs of a network."""
    rows = layer_costs(layers)
    parameters = sum(
        row.n_weights + layer.out_channels * (2 if layer.batch_norm else layer.kind == "linear")
        for layer, row in zip(layers, rows, strict=True)
    )
    return Costs(
        size_bytes=HEADER_BYTES + sum(row.size_bytes for row in rows),
        macs=sum(row.macs for row in rows),
        bops=sum(row.bops for row in rows),
        parameters=parameters,
    )


def cost_mapping(layers: Sequence[Layer]) -> dict[str, int]:
    """Return the exact objectives by name."""
    exact = costs(layers)
    return {"size_bytes": exact.size_bytes, "macs": exact.macs, "bops": exact.bops}


def float_size_bytes(layers: Sequence[Layer]) -> int:
    """Return the length the same network would have with 32-bit weights and biases.

    Header and records are counted alike; batch norm is folded, so that a layer holds its weights
    and one bias per output channel, and nothing else needs storing.
    """
    numbers = sum(
        count_weights(layers, layer) + (layer.out_channels if layer.weight_bits else 0)
        for layer in layers
    )
    return HEADER_BYTES + RECORD_BYTES * len(layers) + FLOAT_BYTES * numbers


def mean_weight_bits(layers: Sequence[Layer]) -> float:
    """Return the mean width over all stored weights."""
    counts = [count_weights(layers, layer) for layer in layers]
    bits = sum(n * layer.weight_bits for n, layer in zip(counts, layers, strict=True))
    return bits / sum(counts)


def count_weights(layers: Sequence[Layer], layer: Layer) -> int:
    """Return the number of weights of a layer, biases and batch norm not counted."""
    if layer.kind == "conv":
        in_channels = layers[layer.inputs[0]].out_channels
        return layer.out_channels * (in_channels // layer.groups) * layer.kernel * layer.kernel
    if layer.kind == "linear":
        read = layers[layer.inputs[0]]
        return layer.out_channels * read.out_channels * read.out_height * read.out_width
    return 0


def _payload_bytes(layer: Layer, n_weights: int) -> int:
    match layer.kind:
        case "input":
            return CHANNEL_BYTES * layer.out_channels
        case "conv" | "linear":
            packed = (n_weights * layer.weight_bits + 7) // 8
            return packed + packed % 2 + CHANNEL_BYTES * layer.out_channels
        case "add" | "global_avg_pool":
            return 4
        case "max_pool":
            return 0
