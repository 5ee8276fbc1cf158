"""The bytes of one layer: its record in the layer table and its payload."""

import dataclasses
import math
import struct
from typing import Final

import numpy as np

from quantization.errors import ArtifactError
from quantization.grids import grid_limits
from quantization.layer_rules import TensorSpec, n_biases, n_multipliers, weight_shape
from quantization.packed_layer import ACTIVATIONS, KINDS, PackedLayer
from quantization.packing import pack_bits, packed_size, unpack_bits

_RECORD: Final = struct.Struct("<BBBBBBBBBbbbHHHHf")

RECORD_BYTES: Final = _RECORD.size

_NO_INPUT: Final = 0xFFFF


def payload_sizes(layer: PackedLayer, reads: TensorSpec) -> tuple[int, int, int]:
    """Bytes of a layer's weights (padded to even), of its multipliers, of biases and zeros.

    Args:
        layer: The layer, arrays not needed.
        reads: The tensor its weights apply to.
    """
    shape = weight_shape(layer, reads)
    n_weights = math.prod(shape) if shape else 0
    weights = packed_size(n_weights, layer.weight_bits)
    # a lone multiplier is followed by two zero bytes, so that every payload is a multiple of two
    # and, apart from the weights, of four
    tail = 2 if layer.kind == "global_avg_pool" else 2 * n_biases(layer)
    return weights + weights % 2, 2 * n_multipliers(layer), tail


def pack_payload(layer: PackedLayer, reads: TensorSpec, index: int) -> bytes:
    """The layer's arrays as bytes.

    Raises:
        ArtifactError: If the arrays are not what the layer's kind and shape need.
    """
    weight_bytes, _, tail_bytes = payload_sizes(layer, reads)
    _check_arrays(layer, reads, index)
    packed = b"" if layer.weights is None else pack_bits(layer.weights, layer.weight_bits)
    multipliers = layer.multipliers.astype("<f2").tobytes()
    biases = layer.biases.astype("<i2").tobytes()
    return packed.ljust(weight_bytes, b"\0") + multipliers + biases.ljust(tail_bytes, b"\0")


def _check_arrays(layer: PackedLayer, reads: TensorSpec, index: int) -> None:
    """Check shapes and types of a layer's arrays, and that its multipliers are finite."""
    shape = weight_shape(layer, reads)
    actual = () if layer.weights is None else layer.weights.shape
    if actual != shape:
        raise ArtifactError("bad_weights", f"weights of shape {actual}, not {shape}", layer=index)
    if layer.weights is not None:
        if layer.weights.dtype.kind not in "iu":
            detail = f"weights of type {layer.weights.dtype}"
            raise ArtifactError("bad_weights", detail, layer=index)
        q_min, q_max = grid_limits(layer.weight_bits, signed=True)
        low, high = int(layer.weights.min()), int(layer.weights.max())
        if low < q_min or high > q_max:
            detail = f"weights {low}..{high} exceed {layer.weight_bits} bits"
            raise ArtifactError("bad_weights", detail, layer=index)
    for name, array, dtype, count in (
        ("multipliers", layer.multipliers, np.float16, n_multipliers(layer)),
        ("biases", layer.biases, np.int16, n_biases(layer)),
    ):
        if array.dtype != dtype or array.shape != (count,):
            raise ArtifactError(
                f"bad_{name}",
                f"{name} are {array.dtype} {array.shape}, not {np.dtype(dtype)} ({count},)",
                layer=index,
            )
    if not np.isfinite(layer.multipliers).all():
        raise ArtifactError("bad_multipliers", "a multiplier is not finite", layer=index)


def unpack_payload(
    layer: PackedLayer, reads: TensorSpec, payload: memoryview, index: int
) -> PackedLayer:
    """The layer with its arrays.

    Args:
        layer: What the record says, without arrays.
        reads: The tensor its weights apply to.
        payload: Exactly ``sum(payload_sizes(layer, reads))`` bytes.
        index: Place of the layer, for the error.

    Raises:
        ArtifactError: If bytes that must be zero are not, or a multiplier is not finite.
    """
    weight_bytes, multiplier_bytes, _ = payload_sizes(layer, reads)
    weights = None
    shape = weight_shape(layer, reads)
    if shape:
        n_weights = math.prod(shape)
        n_bytes = packed_size(n_weights, layer.weight_bits)
        used = n_weights * layer.weight_bits % 8
        beyond = bytes(payload[n_bytes:weight_bytes])
        if any(beyond) or (used and payload[n_bytes - 1] >> used):
            raise ArtifactError("bad_padding", "bits after the weights are not zero", layer=index)
        values = unpack_bits(payload, n_weights, layer.weight_bits, signed=True)
        weights = values.astype(np.int8).reshape(shape)
    multipliers = np.frombuffer(payload, "<f2", n_multipliers(layer), weight_bytes)
    tail = payload[weight_bytes + multiplier_bytes :]
    biases = np.frombuffer(tail, "<i2", n_biases(layer))
    if any(tail[biases.nbytes :]):
        raise ArtifactError("bad_padding", "bytes after the multiplier are not zero", layer=index)
    if not np.isfinite(multipliers).all():
        raise ArtifactError("bad_multipliers", "a multiplier is not finite", layer=index)
    return dataclasses.replace(
        layer,
        weights=weights,
        multipliers=multipliers.astype(np.float16),
        biases=biases.astype(np.int16),
    )


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
            layer.zero_point,
            layer.groups,
            layer.out_channels,
            *inputs,
            layer.output_scale,
        )
    except struct.error as error:
        raise ArtifactError("too_large", f"a field does not fit: {error}", layer=index) from error


def unpack_record(data: bytes, offset: int, index: int) -> PackedLayer:
    """The layer at ``offset`` of the file, without its arrays.

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
    return PackedLayer(
        kind=KINDS[kind],
        activation=ACTIVATIONS[activation],
        weight_bits=weight_bits,
        activation_bits=activation_bits,
        flags=flags,
        encoding=encoding,
        kernel=kernel,
        stride=stride,
        padding=(padding & 15, padding >> 4),
        scale_exponent=scale_exponent,
        bias_exponent=bias_exponent,
        zero_point=zero_point,
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
