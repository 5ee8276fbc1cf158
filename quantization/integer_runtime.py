"""The reference runtime: what an artifact computes, in integers, in NumPy.

The published accuracy of a trial is the accuracy this runtime measures on its file. Results are
exact and so the same on every machine: sums are exact (``integer_convolution.py``), requantization
is exact (``integer_requantize.py``), and nothing else is computed.
"""

import math
from collections.abc import Sequence
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from quantization.integer_convolution import convolve, exact_dtype, largest_sum, pad
from quantization.integer_requantize import Requantizer
from quantization.network_rules import last_uses, tensor_specs
from quantization.packed_layer import Artifact, PackedLayer
from quantization.tensor_spec import TensorSpec

_BATCH_ELEMENTS: Final = 1 << 20
"""Elements of the largest tensor that a batch of images may have."""

_MAX_BATCH: Final = 256

_ADD_ELEMENTS: Final = 1 << 16
"""Elements that are added at a time."""


def run(artifact: Artifact, images: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Compute the logits of images.

    Args:
        artifact: The network, as ``read_artifact`` returns it.
        images: Bytes, ``(N, C, H, W)``.

    Returns:
        Logits in units of 2**-12, ``(N, n_classes)``.

    Raises:
        ArtifactError: If the network breaks a rule of the format.
        ValueError: If the images do not fit the network.
    """
    specs = tensor_specs(artifact)
    shape = (artifact.channels, artifact.height, artifact.width)
    if images.dtype != np.uint8 or images.shape[1:] != shape or images.ndim != 4:
        raise ValueError(f"images are {images.dtype} {images.shape}, not uint8 (N, {shape})")
    requantizers = [
        Requantizer.of(layer, spec, _largest_sum(layer, [specs[i] for i in layer.inputs]))
        if len(layer.multipliers)
        else None
        for layer, spec in zip(artifact.layers, specs, strict=True)
    ]
    batch = min(max(_BATCH_ELEMENTS // _most_elements(artifact.layers, specs), 1), _MAX_BATCH)
    logits = np.empty((len(images), artifact.n_classes), dtype=np.int32)
    for start in range(0, len(images), batch):
        chunk = images[start : start + batch]
        logits[start : start + batch] = _run_batch(artifact.layers, specs, requantizers, chunk).T
    return logits


def _most_elements(layers: Sequence[PackedLayer], specs: Sequence[TensorSpec]) -> int:
    """Elements per image of the largest array that must be held at once."""
    most = max(spec.size for spec in specs)
    for layer in layers:
        for read in (specs[i] for i in layer.inputs):
            sides = (read.height + sum(layer.padding), read.width + sum(layer.padding))
            one_window = read.channels * layer.kernel**2
            most = max(most, read.channels * math.prod(sides), one_window)
    return most


def _largest_sum(layer: PackedLayer, reads: Sequence[TensorSpec]) -> int:
    """Largest magnitude of ``acc``; of either of the two of an add."""
    if layer.kind == "input":
        return 255
    if layer.weights is not None:
        return largest_sum(layer.weights, reads[0].magnitude)
    if layer.kind == "global_avg_pool":
        return reads[0].height * reads[0].width * reads[0].magnitude
    return max(read.magnitude for read in reads)


def _run_batch(
    layers: Sequence[PackedLayer],
    specs: Sequence[TensorSpec],
    requantizers: Sequence[Requantizer | None],
    images: NDArray[np.uint8],
) -> NDArray[Any]:
    """Logits ``(n_classes, N)`` of one batch ``(N, C, H, W)``."""
    last = last_uses(layers)
    tensors: dict[int, NDArray[Any]] = {}
    logits = np.zeros(0)
    for index, (layer, spec) in enumerate(zip(layers, specs, strict=True)):
        reads = [tensors[i] for i in layer.inputs] or [images.transpose(1, 2, 3, 0)]
        read_specs = [specs[i] for i in layer.inputs]
        requantizer = requantizers[index]
        if layer.kind == "max_pool":
            tensors[index] = _max_pool(reads[0], layer, spec)
        elif layer.kind == "pad_channels":
            tensors[index] = _pad_channels(reads[0], layer.stride, spec)
        elif requantizer is not None:
            tensors[index] = _compute(layer, requantizer, reads, read_specs, spec)
        logits = tensors[index]
        for i in (*layer.inputs, index):
            if last[i] == index:
                tensors.pop(i, None)
    return logits.reshape(specs[-1].channels, -1)


def _compute(
    layer: PackedLayer,
    requantizer: Requantizer,
    reads: Sequence[NDArray[Any]],
    read_specs: Sequence[TensorSpec],
    spec: TensorSpec,
) -> NDArray[Any]:
    """Output ``(C, H, W, N)`` of a layer that requantizes."""
    x = reads[0]
    n = x.shape[3]
    if layer.kind == "conv":
        return convolve(x, layer, read_specs[0], spec, requantizer.apply)
    if layer.kind == "add":
        return _add(x, reads[1], requantizer)
    if layer.kind == "linear":
        weights = cast("NDArray[Any]", layer.weights)
        dtype = exact_dtype(largest_sum(weights, read_specs[0].magnitude))
        features = x.reshape(-1, n).astype(dtype)  # (I, N): flattened in C order
        values = requantizer.apply(np.matmul(weights.astype(dtype), features))
    elif layer.kind == "global_avg_pool":
        # the format bounds these sums by 2**51, inside float64
        values = requantizer.apply(x.sum(axis=(1, 2), dtype=np.float64))
    else:
        values = requantizer.apply(np.ascontiguousarray(x).reshape(spec.channels, -1))
    # every grid fits float32, the wide one with its 20 bits too; logits are no grid
    dtype_out = np.int32 if spec.is_logits else np.float32
    return values.astype(dtype_out).reshape(spec.channels, spec.height, spec.width, n)


def _add(
    first: NDArray[Any], second: NDArray[Any], requantizer: Requantizer
) -> NDArray[np.float32]:
    """Sum, a few channels at a time so that what lies between stays in the cache."""
    out = np.empty(first.shape, dtype=np.float32)
    count = max(1, _ADD_ELEMENTS // max(1, first[0].size))
    for start in range(0, len(first), count):
        rows = slice(start, start + count)
        terms = (x[rows].reshape(len(x[rows]), -1) for x in (first, second))
        out[rows] = requantizer.apply_add(*terms).reshape(out[rows].shape)
    return out


def _max_pool(x: NDArray[Any], layer: PackedLayer, spec: TensorSpec) -> NDArray[Any]:
    """Largest value of each window, ``(C, OH, OW, N)``; cells of padding never win."""
    x = pad(x, layer.padding, -np.inf)
    out = np.full((spec.channels, spec.height, spec.width, x.shape[3]), -np.inf, dtype=np.float32)
    rows, columns = (spec.height - 1) * layer.stride + 1, (spec.width - 1) * layer.stride + 1
    for row in range(layer.kernel):
        for column in range(layer.kernel):
            window = x[:, row : row + rows : layer.stride, column : column + columns : layer.stride]
            np.maximum(out, window, out=out)
    return out


def _pad_channels(x: NDArray[Any], stride: int, spec: TensorSpec) -> NDArray[Any]:
    """Every ``stride``-th row and column between channels of zeros, ``(C, OH, OW, N)``."""
    out = np.zeros((spec.channels, spec.height, spec.width, x.shape[3]), dtype=x.dtype)
    before = (spec.channels - len(x)) // 2
    out[before : before + len(x)] = x[:, ::stride, ::stride]
    return out
