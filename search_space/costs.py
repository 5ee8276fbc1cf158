"""Exact costs of a layer list, known before a second of training.

``size_bytes`` is the length of the packed file that ``docs/artifact-format.md`` describes: header,
one record per layer, packed weights, and per output channel a multiplier and a bias into which
batch norm is folded.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from itertools import repeat
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

from search_space.layers import Layer, LayerKind
from search_space.peak import peak_activation_bytes

HEADER_BYTES = 128
RECORD_BYTES = 24
FLOAT_BYTES = 4

COST_NAMES: Final = ("size_bytes", "macs", "bops", "peak_activation_bytes")
"""Every exact cost that follows from the layer list alone."""

Number = TypeVar("Number", int, npt.NDArray[np.int64])


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
            ``macs * weight_bits * activation_bits`` with the width of the tensor the layer reads,
            each channel's multiply-accumulates at the width of its weights; accumulator bits are
            not counted.
        peak_activation_bytes: See ``search_space.peak``.
        parameters: Trainable numbers before folding: weights, two per batch-norm channel, and one
            bias per output channel of other convolutions and linear layers. Quantizer scales are
            not counted.
    """

    size_bytes: int
    macs: int
    bops: int
    peak_activation_bytes: int
    parameters: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeBreakdown:
    """What the bytes of a packed file hold; the parts sum to ``size_bytes``.

    Attributes:
        header: The fixed header.
        records: One record of fixed length for each layer.
        weights: Packed weights.
        channel_widths: Widths of the channels of layers where they differ.
        multipliers: The scales: float16, one per output channel of weighted layers and the input,
            two of a sum, one of an average.
        biases: int16, batch norm folded in, one per output channel.
        padding: Zero bytes for alignment.
    """

    header: int
    records: int
    weights: int
    channel_widths: int
    multipliers: int
    biases: int
    padding: int

    @property
    def size_bytes(self) -> int:
        """The length of the file."""
        return sum(astuple(self))


def layer_costs(layers: Sequence[Layer]) -> list[LayerCosts]:
    """Return the costs of each layer, in order; sizes sum to the file's length less the header."""
    return [
        LayerCosts(n_weights=n_weights, macs=macs, bops=bops, size_bytes=size_bytes)
        for n_weights, macs, bops, size_bytes in map(_layer_costs, repeat(layers), layers)
    ]


def costs(layers: Sequence[Layer]) -> Costs:
    """Return the exact costs of a network."""
    parameters = size = macs = bops = 0
    for layer in layers:
        n_weights, layer_macs, layer_bops, layer_size = _layer_costs(layers, layer)
        size += layer_size
        if n_weights:
            parameters += n_weights + layer.out_channels * (2 if layer.batch_norm else 1)
            macs += layer_macs
            bops += layer_bops
    return Costs(
        size_bytes=HEADER_BYTES + size,
        macs=macs,
        bops=bops,
        peak_activation_bytes=peak_activation_bytes(layers),
        parameters=parameters,
    )


def cost_mapping(layers: Sequence[Layer]) -> dict[str, int]:
    """Return the exact objectives by name, those of ``COST_NAMES``."""
    exact = costs(layers)
    return {
        "size_bytes": exact.size_bytes,
        "macs": exact.macs,
        "bops": exact.bops,
        "peak_activation_bytes": exact.peak_activation_bytes,
    }


def size_breakdown(layers: Sequence[Layer]) -> SizeBreakdown:
    """Return what the bytes of the packed file hold."""
    rows = [
        payload_parts(
            layer.kind,
            layer.out_channels,
            _stream_bits(layer, count_weights(layers, layer)),
            int(layer.channel_weight_bits != ()),
        )
        for layer in layers
    ]
    weights, channel_widths, multipliers, biases, padding = (
        sum(column) for column in zip(*rows, strict=True)
    )
    return SizeBreakdown(
        header=HEADER_BYTES,
        records=RECORD_BYTES * len(layers),
        weights=weights,
        channel_widths=channel_widths,
        multipliers=multipliers,
        biases=biases,
        padding=padding,
    )


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
    bits = sum(_stream_bits(layer, n) for n, layer in zip(counts, layers, strict=True))
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


def payload_parts(
    kind: LayerKind, channels: Number, stream_bits: Number, by_channel: Number
) -> tuple[Number, Number, Number, Number, Number]:
    """Return the bytes behind a layer's record, for one layer or element by element for many.

    Args:
        kind: Of the layer.
        channels: Output channels.
        stream_bits: Bits of all weights together.
        by_channel: 1 where the widths of channels differ, else 0.

    Returns:
        Bytes of weights, channel widths, multipliers, biases and padding.
    """
    none = 0 * channels
    match kind:
        case "input":
            return none, none, 2 * channels, 2 * channels, none
        case "conv" | "linear":
            weights = (stream_bits + 7) // 8
            widths = (channels + 1) // 2 * by_channel
            return weights, widths, 2 * channels, 2 * channels, (weights + widths) % 2
        case "add":
            return none, none, none + 4, none, none
        case "global_avg_pool":
            return none, none, none + 2, none, none + 2
        case "max_pool" | "pad_channels":
            return none, none, none, none, none


def _layer_costs(layers: Sequence[Layer], layer: Layer) -> tuple[int, int, int, int]:
    """Return weights, multiply-accumulates, bit operations, bytes of record and payload."""
    n_weights = count_weights(layers, layer)
    stream_bits = _stream_bits(layer, n_weights)
    by_channel = 1 if layer.channel_weight_bits else 0
    parts = payload_parts(layer.kind, layer.out_channels, stream_bits, by_channel)
    size = RECORD_BYTES + sum(parts)
    if not n_weights:
        return 0, 0, 0, size
    places = layer.out_height * layer.out_width
    read_bits = layers[layer.inputs[0]].activation_bits
    return n_weights, n_weights * places, stream_bits * places * read_bits, size


def _stream_bits(layer: Layer, n_weights: int) -> int:
    """Return the bits of all weights of a layer together."""
    if not layer.channel_weight_bits:
        return n_weights * layer.weight_bits
    return n_weights // layer.out_channels * sum(layer.channel_weight_bits)
