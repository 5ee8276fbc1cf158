"""One packed layer as nodes of an ONNX graph.

Every tensor between layers is an integer tensor: QuantizeLinear ends a layer, DequantizeLinear
starts those that read it, and weights are integers with a DequantizeLinear of their own. All scales
are 1: values are the packed file's integers, and what a unit is worth is in its multipliers.

QuantizeLinear alone rounds halves to even, after a division in float32; on digits and Fashion-MNIST
that decided up to 0.8 % of images otherwise than the packed file. So the multipliers are applied
before it, in doubles and with a floor, as the file's runtime does: sums of integers are exact in
float32 up to 2**24, and their products with a multiplier are exact in doubles.

ONNX Runtime replaces groups of QDQ nodes by kernels with arithmetic of their own, and rounds float
biases of Conv and Gemm to a coarser grid; neither happens where the nodes between an operator and
its QuantizeLinear are explicit and biases are added after the multipliers.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from exports.network import Step
from exports.onnx_graph import GraphBuilder
from exports.onnx_types import OnnxType, weight_type
from quantization.grids import WIDE_BITS
from quantization.integer_requantize import Requantizer
from quantization.packed_layer import LOGIT_SCALE, PackedLayer
from quantization.tensor_spec import TensorSpec

_SPATIAL: Final = np.array([2, 3], dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTensor:
    """The output of a layer in the graph.

    Attributes:
        name: Of an int8 or uint8 tensor, or of a float tensor of integers.
        zero: The integer that stands for zero; None in float tensors, whose integers are centred.
        dtype: Type of its integers; None in float tensors.
    """

    name: str
    zero: int | None
    dtype: type[np.int8] | type[np.uint8] | None


def input_layer(graph: GraphBuilder, step: Step, image: str) -> StoredTensor:
    """Bytes to the integers of the first tensor."""
    return _finish(graph, step, [image])


def convolution(graph: GraphBuilder, step: Step, read: StoredTensor) -> StoredTensor:
    """DequantizeLinear of input and weights, Conv, QuantizeLinear."""
    before, after = step.layer.padding
    sums = graph.node(
        "Conv",
        [_dequantized(graph, read), _weights(graph, step.layer)],
        kernel_shape=[step.layer.kernel] * 2,
        strides=[step.layer.stride] * 2,
        pads=[before, before, after, after],
        group=step.layer.groups,
    )
    return _finish(graph, step, [sums])


def linear(graph: GraphBuilder, step: Step, read: StoredTensor) -> StoredTensor:
    """DequantizeLinear of input and weights, Gemm, QuantizeLinear."""
    sums = graph.node("Unsqueeze", [_product(graph, step, read), graph.array("axes", _SPATIAL)])
    return _finish(graph, step, [sums])


def logits(graph: GraphBuilder, step: Step, read: StoredTensor) -> None:
    """As ``linear``, but the integers become float logits."""
    value = _requantized(graph, step, [_product(graph, step, read)], rank=2)
    value = _clipped(graph, graph.node("Floor", [value]), step.output)
    value = graph.node("Cast", [value], to=TensorProto.FLOAT)
    graph.node("Mul", [value, graph.array("unit", np.array(LOGIT_SCALE, dtype=np.float32))])


def addition(
    graph: GraphBuilder, step: Step, first: StoredTensor, second: StoredTensor
) -> StoredTensor:
    """Two DequantizeLinear, a multiplier for each, Add, QuantizeLinear."""
    return _finish(graph, step, [_dequantized(graph, read) for read in (first, second)])


def global_average(graph: GraphBuilder, step: Step, read: StoredTensor) -> StoredTensor:
    """DequantizeLinear, ReduceSum, QuantizeLinear; the multiplier divides."""
    inputs = [_dequantized(graph, read), graph.array("axes", _SPATIAL)]
    return _finish(graph, step, [graph.node("ReduceSum", inputs, keepdims=1)])


def max_pool(graph: GraphBuilder, step: Step, read: StoredTensor) -> StoredTensor:
    """MaxPool of the integers themselves."""
    before, after = step.layer.padding
    name = graph.node(
        "MaxPool",
        [read.name],
        kernel_shape=[step.layer.kernel] * 2,
        strides=[step.layer.stride] * 2,
        pads=[before, before, after, after],
    )
    return StoredTensor(name=name, zero=read.zero, dtype=read.dtype)


def pad_channels(graph: GraphBuilder, step: Step, read: StoredTensor) -> StoredTensor:
    """Slice and Pad of the integers themselves."""
    (source,), stride = step.reads, step.layer.stride
    name = read.name
    if stride > 1:
        ends = np.array([source.height, source.width], dtype=np.int64)
        slices = (np.zeros(2, dtype=np.int64), ends, _SPATIAL, np.full(2, stride, dtype=np.int64))
        names = [graph.array("slice", part) for part in slices]
        name = graph.node("Slice", [name, *names])
    before = (step.output.channels - source.channels) // 2
    after = step.output.channels - source.channels - before
    pads = graph.array("pads", np.array([0, before, 0, 0, 0, after, 0, 0], dtype=np.int64))
    zero = graph.array("zero", np.array(read.zero or 0, dtype=read.dtype or np.float32))
    name = graph.node("Pad", [name, pads, zero])
    return StoredTensor(name=name, zero=read.zero, dtype=read.dtype)


def layer_weight_type(layer: PackedLayer) -> OnnxType:
    """The type of a layer's weights."""
    return weight_type(layer.weight_bits, odd=layer.odd_weights)


def _one(graph: GraphBuilder) -> str:
    return graph.array("scale", np.array(1.0, dtype=np.float32))


def _dequantized(graph: GraphBuilder, read: StoredTensor) -> str:
    """The centred integers of a tensor, as floats."""
    if read.dtype is None:
        return read.name
    zero = graph.array("zero", np.array(read.zero, dtype=read.dtype))
    return graph.node("DequantizeLinear", [read.name, _one(graph), zero])


def _weights(graph: GraphBuilder, layer: PackedLayer) -> str:
    if layer.weights is None:
        raise TypeError(f"{layer.kind} without weights")
    integers = graph.integers("weights", layer.weights, layer_weight_type(layer))
    return graph.node("DequantizeLinear", [integers, _one(graph)])


def _product(graph: GraphBuilder, step: Step, read: StoredTensor) -> str:
    """Weights times input, ``(N, O)``."""
    features = graph.node("Flatten", [_dequantized(graph, read)])
    return graph.node("Gemm", [features, _weights(graph, step.layer)], transB=1)


def _requantized(graph: GraphBuilder, step: Step, sums: list[str], *, rank: int = 4) -> str:
    """``sum * M + b + 1/2`` in doubles; of two sums, each with its multiplier."""
    # its largest sum decides whether the runtime computes in doubles; here nothing depends on it
    requantizer = Requantizer.of(step.layer, step.output, 0)
    factors = np.ldexp(step.layer.multipliers.astype(np.float64), step.layer.scale_exponent)
    constants = requantizer.whole.astype(np.float64) + np.ldexp(
        requantizer.remainder.astype(np.float64), -requantizer.shift
    )
    per_term = [factors] if len(sums) == 1 else [factors[:1], factors[1:]]
    terms = []
    for name, numbers in zip(sums, per_term, strict=True):
        wide = graph.node("Cast", [name], to=TensorProto.DOUBLE)
        terms.append(graph.node("Mul", [wide, _per_channel(graph, "factors", numbers, rank)]))
    value = terms[0] if len(terms) == 1 else graph.node("Add", terms)
    return graph.node("Add", [value, _per_channel(graph, "constants", constants, rank)])


def _per_channel(graph: GraphBuilder, what: str, numbers: NDArray[np.float64], rank: int) -> str:
    """Numbers in the shape that belongs to dimension 1 of a tensor."""
    return graph.array(what, numbers.reshape(-1, *[1] * (rank - 2)))


def _finish(graph: GraphBuilder, step: Step, sums: list[str]) -> StoredTensor:
    """From sums to integers on the output's grid."""
    spec = step.output
    value = _requantized(graph, step, sums)
    if spec.is_sign:
        positive = graph.node("GreaterOrEqual", [value, graph.array("nought", np.array(0.0))])
        signs = [graph.array("sign", np.array(sign, dtype=np.int8)) for sign in (1, -1)]
        return StoredTensor(name=graph.node("Where", [positive, *signs]), zero=0, dtype=np.int8)
    value = _clipped(graph, graph.node("Floor", [value]), spec)
    value = graph.node("Cast", [value], to=TensorProto.FLOAT)
    if spec.bits == WIDE_BITS:
        return StoredTensor(name=value, zero=None, dtype=None)
    dtype: type[np.int8] | type[np.uint8] = np.int8 if spec.signed else np.uint8
    zero = spec.zero_point or 0
    inputs = [value, _one(graph), graph.array("zero", np.array(zero, dtype=dtype))]
    return StoredTensor(name=graph.node("QuantizeLinear", inputs), zero=zero, dtype=dtype)


def _clipped(graph: GraphBuilder, value: str, spec: TensorSpec) -> str:
    bounds = [graph.array("limit", np.array(limit, dtype=np.float64)) for limit in spec.limits]
    return graph.node("Clip", [value, *bounds])
