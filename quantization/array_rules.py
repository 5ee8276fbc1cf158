"""What makes the arrays of a layer valid."""

import numpy as np

from quantization.errors import ArtifactError
from quantization.grids import grid
from quantization.layer_rules import n_biases, n_multipliers, weight_shape
from quantization.packed_layer import PackedLayer
from quantization.tensor_spec import TensorSpec


def check_arrays(layer: PackedLayer, reads: TensorSpec, index: int) -> None:
    """Check shapes, types and values of a layer's arrays.

    Of weights per channel only the range of the widest is checked; packing checks each.

    Args:
        layer: The layer, its record checked.
        reads: The tensor its weights apply to.
        index: Place of the layer, for the error.

    Raises:
        ArtifactError: If they are not what the layer's kind and shape need.
    """
    check_channel_bits(layer, index)
    _check_weights(layer, weight_shape(layer, reads), index)
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


def check_channel_bits(layer: PackedLayer, index: int) -> None:
    """Check that widths per channel are there for a reason and agree with ``weight_bits``.

    Raises:
        ArtifactError: If they are not one per channel, 1 to 8, some different, the widest
            ``weight_bits``.
    """
    widths = layer.channel_bits
    if widths is None:
        return
    if widths.dtype != np.uint8 or widths.shape != (layer.out_channels,):
        detail = f"channel_bits are {widths.dtype} {widths.shape}, not ({layer.out_channels},)"
        raise ArtifactError("bad_bits", detail, layer=index)
    low, high = int(widths.min()), int(widths.max())
    if not 1 <= low < high == layer.weight_bits <= 8:
        detail = f"channels of {low} to {high} bits in a layer of {layer.weight_bits}"
        raise ArtifactError("bad_bits", detail, layer=index)


def _check_weights(layer: PackedLayer, shape: tuple[int, ...], index: int) -> None:
    weights = layer.weights
    actual = () if weights is None else weights.shape
    if actual != shape:
        raise ArtifactError("bad_weights", f"weights of shape {actual}, not {shape}", layer=index)
    if weights is None:
        return
    if weights.dtype.kind not in "iu":
        raise ArtifactError("bad_weights", f"weights of type {weights.dtype}", layer=index)
    full = grid(layer.weight_bits, "odd" if layer.odd_weights else "signed")
    low, high = int(weights.min()), int(weights.max())
    if low < full.q_min or high > full.q_max:
        detail = f"weights {low}..{high} exceed {layer.weight_bits} bits"
        raise ArtifactError("bad_weights", detail, layer=index)
