"""The bytes of one layer: its record in the layer table and its payload."""

import dataclasses
import math
import struct
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from quantization.array_rules import check_arrays, check_channel_bits
from quantization.errors import ArtifactError
from quantization.grids import WIDE_BITS
from quantization.layer_rules import n_biases, n_multipliers, weight_shape
from quantization.packed_layer import (
    ACTIVATIONS,
    CHANNEL_WIDTHS_FLAG,
    KINDS,
    ODD_WEIGHTS_FLAG,
    ZERO_POINT_FLAG,
    PackedLayer,
)
from quantization.packing import pack_rows, packed_size, unpack_rows
from quantization.tensor_spec import TensorSpec

_RECORD: Final = struct.Struct("<BBBBBBBBBbbBHHHHf")

RECORD_BYTES: Final = _RECORD.size

_NO_INPUT: Final = 0xFFFF
_KNOWN_FLAGS: Final = CHANNEL_WIDTHS_FLAG | ODD_WEIGHTS_FLAG | ZERO_POINT_FLAG

_UNREAD: Final = np.zeros(0, dtype=np.uint8)
"""Stands for the widths of channels until their bytes are known to be there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadSizes:
    """Bytes of the parts of a layer's payload, in their order.

    Attributes:
        channel_widths: One nibble per output channel, where they have widths of their own.
        weights: The bit stream, with the zeros that make it and the widths even.
        multipliers: float16 numbers.
        biases: int16 numbers; behind a lone multiplier two zero bytes in their place, so that every
            payload is even and, apart from the weights, a multiple of four.
    """

    channel_widths: int
    weights: int
    multipliers: int
    biases: int

    @property
    def total(self) -> int:
        """Length of the payload."""
        return self.channel_widths + self.weights + self.multipliers + self.biases


def payload_sizes(layer: PackedLayer, reads: TensorSpec) -> PayloadSizes:
    """Bytes of the parts of a layer's payload.

    Args:
        layer: The layer with its ``channel_bits``, other arrays not needed.
        reads: The tensor its weights apply to.
    """
    widths = 0 if layer.channel_bits is None else (layer.out_channels + 1) // 2
    weights = _stream_bytes(layer, reads)
    return PayloadSizes(
        channel_widths=widths,
        weights=weights + (widths + weights) % 2,
        multipliers=2 * n_multipliers(layer),
        biases=2 if layer.kind == "global_avg_pool" else 2 * n_biases(layer),
    )


def pack_payload(layer: PackedLayer, reads: TensorSpec, index: int) -> bytes:
    """The layer's arrays as bytes.

    Raises:
        ArtifactError: If the arrays are not what the layer's kind and shape need.
    """
    check_arrays(layer, reads, index)
    sizes = payload_sizes(layer, reads)
    parts = [
        b"" if layer.channel_bits is None else _pack_nibbles(layer.channel_bits),
        _pack_weights(layer, index),
        layer.multipliers.astype("<f2").tobytes(),
        layer.biases.astype("<i2").tobytes(),
    ]
    lengths = (sizes.channel_widths, sizes.weights, sizes.multipliers, sizes.biases)
    return b"".join(part.ljust(length, b"\0") for part, length in zip(parts, lengths, strict=True))


def with_channel_bits(layer: PackedLayer, data: bytes, offset: int, index: int) -> PackedLayer:
    """The layer with the widths of its channels, if it has any.

    Args:
        layer: What the record says.
        data: The whole file.
        offset: Where the layer's payload starts.
        index: Place of the layer, for the error.

    Raises:
        ArtifactError: If the widths are cut off, or not those of a layer of this record.
    """
    if layer.channel_bits is None:
        return layer
    count = layer.out_channels
    end = offset + (count + 1) // 2
    if end > len(data):
        raise ArtifactError("bad_length", f"widths end at byte {end}", layer=index)
    packed = np.frombuffer(data, np.uint8, end - offset, offset)
    nibbles: NDArray[np.uint8] = np.stack([packed & 15, packed >> 4], axis=1).reshape(
        -1
    )  # low nibble first
    if nibbles[count:].any():
        raise ArtifactError("bad_padding", "the unused half of a byte is not zero", layer=index)
    layer = dataclasses.replace(layer, channel_bits=nibbles[:count])
    check_channel_bits(layer, index)
    return layer


def unpack_payload(
    layer: PackedLayer, reads: TensorSpec, payload: memoryview, index: int
) -> PackedLayer:
    """The layer with its arrays.

    Args:
        layer: What the record says, with its ``channel_bits``.
        reads: The tensor its weights apply to.
        payload: Exactly ``payload_sizes(layer, reads).total`` bytes.
        index: Place of the layer, for the error.

    Raises:
        ArtifactError: If bytes that must be zero are not, a 32-bit weight is too large, or a
            multiplier is not finite.
    """
    sizes = payload_sizes(layer, reads)
    start = sizes.channel_widths
    stream = payload[start : start + sizes.weights]
    factors = payload[start + sizes.weights :]
    multipliers = np.frombuffer(factors, "<f2", n_multipliers(layer))
    tail = factors[sizes.multipliers :]
    biases = np.frombuffer(tail, "<i2", n_biases(layer))
    if any(tail[biases.nbytes :]):
        raise ArtifactError("bad_padding", "bytes after the multiplier are not zero", layer=index)
    layer = dataclasses.replace(
        layer,
        weights=_unpack_weights(layer, reads, stream, index),
        multipliers=multipliers.astype(np.float16),
        biases=biases.astype(np.int16),
    )
    check_arrays(layer, reads, index)
    return layer


def _stream_bytes(layer: PackedLayer, reads: TensorSpec) -> int:
    """Bytes of a layer's weights, not rounded to an even number."""
    shape = weight_shape(layer, reads)
    if not shape:
        return 0
    if layer.channel_bits is not None:
        return packed_size(math.prod(shape[1:]), layer.channel_bits)
    return (math.prod(shape) * layer.weight_bits + 7) // 8


def _widths(layer: PackedLayer) -> NDArray[np.uint8]:
    if layer.channel_bits is not None:
        return layer.channel_bits
    return np.full(layer.out_channels, layer.weight_bits, dtype=np.uint8)


def _pack_nibbles(widths: NDArray[np.uint8]) -> bytes:
    pairs = np.zeros((len(widths) + 1) // 2 * 2, dtype=np.uint8)
    pairs[: len(widths)] = widths
    return (pairs[::2] + 16 * pairs[1::2]).tobytes()


def _pack_weights(layer: PackedLayer, index: int) -> bytes:
    if layer.weights is None:
        return b""
    if layer.weight_bits == WIDE_BITS:
        return layer.weights.astype("<i4").tobytes()
    rows = layer.weights.reshape(layer.out_channels, -1)
    try:
        return pack_rows(rows, _widths(layer), odd=layer.odd_weights)
    except ValueError as error:
        raise ArtifactError("bad_weights", str(error), layer=index) from error


def _unpack_weights(
    layer: PackedLayer, reads: TensorSpec, stream: memoryview, index: int
) -> NDArray[Any] | None:
    """Weights from a stream that is padded to an even number of bytes."""
    shape = weight_shape(layer, reads)
    if not shape:
        return None
    if layer.weight_bits == WIDE_BITS:
        return np.frombuffer(stream, "<i4").astype(np.int32).reshape(shape)
    widths = _widths(layer)
    row_length = math.prod(shape[1:])
    n_bytes = packed_size(row_length, widths)
    used = row_length * int(widths.sum(dtype=np.int64)) % 8
    if any(stream[n_bytes:]) or (used and stream[n_bytes - 1] >> used):
        raise ArtifactError("bad_padding", "bits after the weights are not zero", layer=index)
    return unpack_rows(stream, row_length, widths, odd=layer.odd_weights).reshape(shape)


def pack_record(layer: PackedLayer, index: int) -> bytes:
    """The layer's record in the layer table.

    Raises:
        ArtifactError: If a field does not fit.
    """
    inputs = [*layer.inputs, _NO_INPUT, _NO_INPUT][:2]
    before, after = layer.padding
    try:
        return _RECORD.pack(
            KINDS.index(layer.kind),
            ACTIVATIONS.index(layer.activation),
            layer.weight_bits,
            layer.activation_bits,
            layer.flags,
            layer.encoding,
            layer.kernel,
            layer.stride,
            before | after << 4,
            layer.scale_exponent,
            layer.bias_exponent,
            layer.zero_point or 0,
            layer.groups,
            layer.out_channels,
            *inputs,
            layer.output_scale,
        )
    except struct.error as error:
        raise ArtifactError("too_large", f"a field does not fit: {error}", layer=index) from error


def unpack_record(data: bytes, offset: int, index: int) -> PackedLayer:
    """The layer at ``offset`` of the file, without its arrays; ``channel_bits`` may be empty.

    Raises:
        ArtifactError: If a code is unknown; that the fields fit together is checked elsewhere.
    """
    (
        kind,
        activation,
        weight_bits,
        activation_bits,
        flags,
        encoding,
        kernel,
        stride,
        padding,
        scale_exponent,
        bias_exponent,
        zero_point,
        groups,
        out_channels,
        input_0,
        input_1,
        output_scale,
    ) = _RECORD.unpack_from(data, offset)
    if kind >= len(KINDS):
        raise ArtifactError("unknown_kind", f"kind {kind}", layer=index)
    if activation >= len(ACTIVATIONS):
        raise ArtifactError("bad_activation", f"activation {activation}", layer=index)
    if input_0 == _NO_INPUT != input_1:
        raise ArtifactError("bad_inputs", "a second input without a first", layer=index)
    if flags & ~_KNOWN_FLAGS:
        raise ArtifactError("unused_field", f"flags {flags:#04x}", layer=index)
    if zero_point and not flags & ZERO_POINT_FLAG:
        raise ArtifactError("unused_field", f"zero_point {zero_point} not in use", layer=index)
    return PackedLayer(
        kind=KINDS[kind],
        activation=ACTIVATIONS[activation],
        weight_bits=weight_bits,
        activation_bits=activation_bits,
        encoding=encoding,
        kernel=kernel,
        stride=stride,
        padding=(padding & 15, padding >> 4),
        scale_exponent=scale_exponent,
        bias_exponent=bias_exponent,
        zero_point=zero_point if flags & ZERO_POINT_FLAG else None,
        odd_weights=bool(flags & ODD_WEIGHTS_FLAG),
        channel_bits=_UNREAD if flags & CHANNEL_WIDTHS_FLAG else None,
        groups=groups,
        out_channels=out_channels,
        inputs=tuple(i for i in (input_0, input_1) if i != _NO_INPUT),
        output_scale=output_scale,
    )


def with_stored_scale(layer: PackedLayer, index: int) -> PackedLayer:
    """The layer with its scale rounded to the float32 that the file holds."""
    try:
        (scale,) = struct.unpack("<f", struct.pack("<f", layer.output_scale))
    except OverflowError as error:
        raise ArtifactError("bad_scale", f"scale {layer.output_scale!r}", layer=index) from error
    return dataclasses.replace(layer, output_scale=scale)
