"""Exact integer convolution on floating-point hardware.

NumPy multiplies integer matrices without BLAS, some fifty times slower than floats. All values here
are integers, and a float adds and multiplies integers exactly as long as no intermediate value
exceeds its mantissa. Every partial sum of ``sum(w * x)``, in whatever order BLAS forms it and with
or without fused multiply-add, is at most ``max|x| * sum|w|`` in magnitude. Where that is at most
2**24 for every channel, float32 is exact; the format bounds it by 2**51, so float64 always is.

Tensors are ``(C, H, W, N)``, the batch innermost: each kernel tap is then a slice with long
contiguous runs whatever the image's size, and the result of the matrix product is in place.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from quantization.packed_layer import PackedLayer
from quantization.tensor_spec import TensorSpec

FLOAT32_EXACT: Final = 1 << 24

_BAND_ELEMENTS: Final = 1 << 19
"""Elements of the unfolded input held at a time: about what a core's cache holds."""

Finish = Callable[[NDArray[Any]], NDArray[Any]]
"""From sums ``(O, P)`` to output integers ``(O, P)``."""


def largest_sum(weights: NDArray[Any], magnitude: int) -> int:
    """Largest magnitude that ``sum(w * x)`` and any of its partial sums can have.

    Args:
        weights: Integers, ``(O, ...)``.
        magnitude: Largest absolute value of the input.
    """
    rows = np.abs(weights.reshape(len(weights), -1).astype(np.int64)).sum(axis=1)
    return int(rows.max()) * magnitude


def exact_dtype(largest: int) -> type[np.float32] | type[np.float64]:
    """The narrowest float in which integers up to this magnitude are exact."""
    return np.float32 if largest <= FLOAT32_EXACT else np.float64


def pad(x: NDArray[Any], padding: tuple[int, int], value: float) -> NDArray[Any]:
    """Surround images.

    Args:
        x: Tensor, ``(C, H, W, N)``.
        padding: Cells added (before, after) in both directions.
        value: What they hold.

    Returns:
        ``(C, H + sum(padding), W + sum(padding), N)``; ``x`` itself if nothing is added.
    """
    if padding == (0, 0):
        return x
    return np.pad(x, ((0, 0), padding, padding, (0, 0)), constant_values=value)


def convolve(
    x: NDArray[Any], layer: PackedLayer, reads: TensorSpec, output: TensorSpec, finish: Finish
) -> NDArray[np.float32]:
    """Convolve and requantize.

    Works on bands of output rows, so that neither the unfolded input nor the sums of the whole
    tensor are ever held.

    Args:
        x: Integers, ``(C, H, W, N)`` float32.
        layer: A conv layer.
        reads: What the layer reads.
        output: What it produces.
        finish: Its requantization.

    Returns:
        Integers, ``(O, OH, OW, N)`` float32.
    """
    weights = _weights(layer)
    dtype = exact_dtype(largest_sum(weights, reads.magnitude))
    weights = weights.astype(dtype)
    x = pad(x, layer.padding, 0)
    n = x.shape[3]
    out = np.empty((output.channels, output.height, output.width, n), dtype=np.float32)
    taps = layer.kernel**2
    depthwise = layer.groups == reads.channels == layer.out_channels
    sums_of = _depthwise if depthwise else _grouped
    pixel = n * reads.channels * (1 if depthwise else taps)  # elements it takes when unfolded
    for top, left, size in _bands(output, pixel):
        rows = slice(top * layer.stride, (top + size[0] - 1) * layer.stride + layer.kernel)
        columns = slice(left * layer.stride, (left + size[1] - 1) * layer.stride + layer.kernel)
        sums = sums_of(x[:, rows, columns], weights, layer, size)  # (O, P)
        out[:, top : top + size[0], left : left + size[1]] = finish(sums).reshape(-1, *size, n)
    return out


def _bands(output: TensorSpec, pixel: int) -> Iterator[tuple[int, int, tuple[int, int]]]:
    """Tile the output with rectangles (top, left, size) of about ``_BAND_ELEMENTS``."""
    width = min(max(1, _BAND_ELEMENTS // pixel), output.width)
    height = max(1, _BAND_ELEMENTS // (pixel * output.width))
    for top in range(0, output.height, height):
        for left in range(0, output.width, width):
            yield top, left, (min(height, output.height - top), min(width, output.width - left))


def _weights(layer: PackedLayer) -> NDArray[Any]:
    if layer.weights is None:
        raise TypeError(f"{layer.kind} without weights")
    return layer.weights


def _tap(band: NDArray[Any], row: int, column: int, stride: int, size: tuple[int, int]) -> Any:
    """What one kernel tap sees: ``(C, height, OW, N)``."""
    height, width = size
    return band[
        :,
        row : row + (height - 1) * stride + 1 : stride,
        column : column + (width - 1) * stride + 1 : stride,
    ]


def _depthwise(
    band: NDArray[Any], weights: NDArray[Any], layer: PackedLayer, size: tuple[int, int]
) -> NDArray[Any]:
    """One filter per channel: add up the taps, each a scaled slice."""
    height, width = size
    sums = np.zeros((len(band), height, width, band.shape[3]), dtype=weights.dtype)
    for row in range(layer.kernel):
        for column in range(layer.kernel):
            factors = weights[:, 0, row, column].reshape(-1, 1, 1, 1)
            sums += _tap(band, row, column, layer.stride, size) * factors
    return sums.reshape(len(band), -1)


def _grouped(
    band: NDArray[Any], weights: NDArray[Any], layer: PackedLayer, size: tuple[int, int]
) -> NDArray[Any]:
    """Unfold the band and multiply matrices, one per group."""
    channels, n = band.shape[0], band.shape[3]
    kernel, groups = layer.kernel, layer.groups
    unfolded = np.empty((channels, kernel, kernel, *size, n), dtype=weights.dtype)
    for row in range(kernel):
        for column in range(kernel):
            unfolded[:, row, column] = _tap(band, row, column, layer.stride, size)
    columns = unfolded.reshape(groups, channels // groups * kernel**2, -1)  # (G, K, P)
    matrices = weights.reshape(groups, layer.out_channels // groups, -1)  # (G, O/G, K)
    sums: NDArray[Any] = np.matmul(matrices, columns)  # (G, O/G, P)
    return sums.reshape(layer.out_channels, -1)
