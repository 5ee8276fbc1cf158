"""What makes a layer of an artifact valid, and the shape and grid of its output.

The limits below bound the memory and time that running a file from a stranger can take. They are
part of the format.
"""

import math
from collections.abc import Sequence
from typing import Final

from quantization.errors import ArtifactError
from quantization.fixed_point import (
    MAX_BIAS_EXPONENT,
    MAX_SCALE_EXPONENT,
    MIN_BIAS_EXPONENT,
    MIN_SCALE_EXPONENT,
)
from quantization.grids import ALLOWED_BITS, WIDE_BITS, grid
from quantization.packed_layer import ACTIVATIONS, KINDS, LOGIT_BITS, LOGIT_SCALE, PackedLayer
from quantization.tensor_spec import TensorSpec, output_spec

MAX_ACTIVATION_ELEMENTS: Final = 1 << 24
"""Most elements of one image's tensor, the padding a layer adds to its input included."""

ACCUMULATOR_LIMIT: Final = 1 << 31
"""No sum of narrow numbers reaches this magnitude: their accumulators are int32."""

WIDE_ACCUMULATOR_LIMIT: Final = 1 << 51
"""The same where weights or input have 32 bits: exact in doubles, and ``integer_requantize.py``
stays inside 64 bits."""

_N_INPUTS: Final = {"input": 0, "add": 2}
_WITH_ACTIVATION: Final = ("conv", "linear", "add")
_WITH_KERNEL: Final = ("conv", "max_pool")
_KEEPS_INTEGERS: Final = ("max_pool", "pad_channels")
_WITH_WEIGHTS: Final = ("conv", "linear")


def weight_shape(layer: PackedLayer, reads: TensorSpec) -> tuple[int, ...]:
    """Shape of a layer's weights; ``()`` if it has none.

    Args:
        layer: The layer.
        reads: The tensor it reads.
    """
    if layer.kind == "conv":
        return (layer.out_channels, reads.channels // layer.groups, layer.kernel, layer.kernel)
    return (layer.out_channels, reads.size) if layer.kind == "linear" else ()


def n_multipliers(layer: PackedLayer) -> int:
    """Number of multipliers a layer stores."""
    if layer.kind in _KEEPS_INTEGERS:
        return 0
    return {"add": 2, "global_avg_pool": 1}.get(layer.kind, layer.out_channels)


def n_biases(layer: PackedLayer) -> int:
    """Number of biases a layer stores."""
    return layer.out_channels if layer.kind in ("input", "conv", "linear") else 0


class LayerChecker:
    """Checks layers in order and remembers what they produce.

    Attributes:
        tensors: Output of each layer checked so far.
        operations: Multiply-accumulates, additions and comparisons of these layers for one image.
    """

    def __init__(self, *, height: int, width: int, channels: int, n_layers: int) -> None:
        self.tensors: list[TensorSpec] = []
        self.operations = 0
        self._scales: list[float] = []
        self._image = (channels, height, width)
        self._n_layers = n_layers

    def check(self, layer: PackedLayer) -> None:
        """Check the next layer, but for its arrays.

        Raises:
            ArtifactError: If the layer breaks a rule of the format.
        """
        index = len(self.tensors)
        self._require(layer.kind in KINDS, "unknown_kind", f"kind {layer.kind!r}")
        self._check_inputs(layer)
        self._check_fields(layer)
        last = index == self._n_layers - 1
        self._check_numbers(layer, last=last)
        self._check_zero_point(layer, last=last)
        reads = [self.tensors[i] for i in layer.inputs]
        tensor = self._output(layer, reads, last=last)
        self._require(
            0 < tensor.size <= MAX_ACTIVATION_ELEMENTS,
            "bad_shape",
            f"output of {tensor.size} elements is not in 1..{MAX_ACTIVATION_ELEMENTS}",
        )
        self._check_sums(layer, reads, tensor)
        if layer.kind in _KEEPS_INTEGERS:
            same = layer.output_scale == self._scales[layer.inputs[0]]
            what = f"a {layer.kind} must keep the output_scale of its input"
            self._require(same, "bad_scale", what)
        self.tensors.append(tensor)
        self._scales.append(layer.output_scale)

    def _require(self, holds: bool, code: str, detail: str) -> None:
        if not holds:
            raise ArtifactError(code, detail, layer=len(self.tensors))

    def _check_fields(self, layer: PackedLayer) -> None:
        """Fields a kind does not use hold their defaults, so that a network has one file."""
        require = self._require
        require(layer.out_channels >= 1, "bad_shape", "no output channels")
        require(layer.activation in ACTIVATIONS, "bad_activation", f"{layer.activation!r}")
        require(
            layer.activation == "none" or layer.kind in _WITH_ACTIVATION,
            "unused_field",
            f"{layer.kind} with activation {layer.activation}",
        )
        if layer.kind not in _WITH_KERNEL:
            stride = 1 if layer.kind == "pad_channels" else layer.stride
            window = (layer.kernel, stride, *layer.padding)
            require(window == (1, 1, 0, 0), "unused_field", f"{layer.kind} with a kernel {window}")
        require(
            layer.groups == 1 or layer.kind == "conv",
            "unused_field",
            f"{layer.kind} with {layer.groups} groups",
        )
        require(layer.encoding == 0, "unknown_encoding", f"weight encoding {layer.encoding}")
        weighty = layer.kind in _WITH_WEIGHTS
        plain = layer.channel_bits is None and not layer.odd_weights
        require(plain or weighty, "unused_field", f"{layer.kind} with flags of weights")
        require(
            plain or layer.weight_bits != WIDE_BITS,
            "bad_bits",
            "32-bit weights are neither odd nor of a width per channel",
        )
        require(
            layer.scale_exponent == 0 or n_multipliers(layer) > 0,
            "unused_field",
            "scale_exponent without multipliers",
        )
        require(
            layer.bias_exponent == 0 or n_biases(layer) > 0,
            "unused_field",
            "bias_exponent without biases",
        )

    def _check_numbers(self, layer: PackedLayer, *, last: bool) -> None:
        require = self._require
        weighty = layer.kind in _WITH_WEIGHTS
        require(
            layer.weight_bits in ALLOWED_BITS if weighty else layer.weight_bits == 0,
            "bad_bits",
            f"{layer.kind} with weight_bits {layer.weight_bits}",
        )
        allowed = (LOGIT_BITS,) if last else ALLOWED_BITS
        require(
            layer.activation_bits in allowed,
            "bad_bits",
            f"activation_bits {layer.activation_bits} is not one of {allowed}",
        )
        if last:
            logits = layer.kind == "linear" and layer.activation == "none"
            require(logits, "bad_last_layer", "the last layer is not linear without activation")
            require(
                layer.output_scale == LOGIT_SCALE,
                "bad_scale",
                f"output_scale of the logits is {layer.output_scale!r}, not {LOGIT_SCALE!r}",
            )
        require(
            0.0 < layer.output_scale < float("inf"), "bad_scale", f"scale {layer.output_scale!r}"
        )
        require(
            MIN_SCALE_EXPONENT <= layer.scale_exponent <= MAX_SCALE_EXPONENT,
            "bad_exponent",
            f"scale_exponent {layer.scale_exponent}",
        )
        require(
            MIN_BIAS_EXPONENT <= layer.bias_exponent <= MAX_BIAS_EXPONENT,
            "bad_exponent",
            f"bias_exponent {layer.bias_exponent}",
        )

    def _check_zero_point(self, layer: PackedLayer, *, last: bool) -> None:
        """An offset grid is an unsigned one of 1 to 8 bits for values of both signs."""
        if layer.kind in _KEEPS_INTEGERS:
            kept = self.tensors[layer.inputs[0]].zero_point
            self._require(
                layer.zero_point == kept,
                "bad_zero_point",
                f"a {layer.kind} must keep the zero point of its input, {kept}",
            )
        elif layer.zero_point is not None:
            narrow = layer.activation_bits != WIDE_BITS and not last
            self._require(
                narrow and layer.activation == "none",
                "bad_zero_point",
                "a zero point with an activation, or of 32 bits",
            )
            q_max = grid(layer.activation_bits, "unsigned").q_max
            self._require(
                0 <= layer.zero_point <= q_max,
                "bad_zero_point",
                f"zero_point {layer.zero_point} is not in 0..{q_max}",
            )

    def _check_inputs(self, layer: PackedLayer) -> None:
        index = len(self.tensors)
        self._require(
            (layer.kind == "input") == (index == 0),
            "bad_inputs",
            "the first layer, and no other, is the input",
        )
        expected = _N_INPUTS.get(layer.kind, 1)
        self._require(
            len(layer.inputs) == expected, "bad_inputs", f"{layer.kind} reads {layer.inputs}"
        )
        earlier = all(0 <= i < index for i in layer.inputs)
        self._require(earlier, "bad_inputs", f"reads {layer.inputs}, not only earlier layers")

    def _output(self, layer: PackedLayer, reads: Sequence[TensorSpec], *, last: bool) -> TensorSpec:
        if layer.kind == "input":
            shape = self._image
        elif layer.kind == "linear":
            shape = (layer.out_channels, 1, 1)
        elif layer.kind == "global_avg_pool":
            shape = (reads[0].channels, 1, 1)
        elif layer.kind == "add":
            shape, other = ((r.channels, r.height, r.width) for r in reads)
            self._require(other == shape, "bad_shape", "add of two different shapes")
        else:
            if layer.kind in _KEEPS_INTEGERS:
                same = layer.activation_bits == reads[0].bits
                self._require(same, "bad_bits", f"a {layer.kind} must keep the bits of its input")
            self._check_window(layer, reads[0])
            height, width = (
                (side + sum(layer.padding) - layer.kernel) // layer.stride + 1
                for side in (reads[0].height, reads[0].width)
            )
            channels = reads[0].channels if layer.kind == "max_pool" else layer.out_channels
            shape = (channels, height, width)
        self._require(
            layer.out_channels == shape[0],
            "bad_shape",
            f"{layer.kind} with {layer.out_channels} channels instead of {shape[0]}",
        )
        return output_spec(layer, reads, shape, is_logits=last)

    def _check_window(self, layer: PackedLayer, reads: TensorSpec) -> None:
        require = self._require
        require(layer.kernel >= 1 and layer.stride >= 1, "bad_shape", "kernel or stride is 0")
        require(all(0 <= p <= 15 for p in layer.padding), "bad_shape", f"padding {layer.padding}")
        height, width = (side + sum(layer.padding) for side in (reads.height, reads.width))
        require(
            layer.kernel <= min(height, width),
            "bad_shape",
            f"kernel {layer.kernel} exceeds the padded input of {height} x {width}",
        )
        padded = reads.channels * height * width
        require(padded <= MAX_ACTIVATION_ELEMENTS, "too_large", f"padded input of {padded}")
        if layer.kind == "max_pool":
            # then every window holds at least one cell that is not padding
            covered = max(layer.padding) < layer.kernel
            require(covered, "bad_shape", f"padding {layer.padding} as large as the kernel")
            return
        if layer.kind == "pad_channels":
            fewer = f"{layer.out_channels} channels from {reads.channels}"
            require(layer.out_channels >= reads.channels, "bad_shape", fewer)
            return
        require(
            layer.groups >= 1
            and reads.channels % layer.groups == 0
            and layer.out_channels % layer.groups == 0,
            "bad_shape",
            f"{layer.groups} groups do not divide {reads.channels} and {layer.out_channels}",
        )

    def _check_sums(
        self, layer: PackedLayer, reads: Sequence[TensorSpec], tensor: TensorSpec
    ) -> None:
        """Count the operations and bound the magnitude of the sums."""
        if layer.kind == "max_pool":
            self.operations += tensor.size * layer.kernel**2
        elif layer.kind == "global_avg_pool":
            self.operations += reads[0].size
            largest = reads[0].height * reads[0].width * reads[0].magnitude
            self._check_accumulator(largest, wide=reads[0].bits == WIDE_BITS)
        elif layer.kind in _WITH_WEIGHTS:
            fan_in = math.prod(weight_shape(layer, reads[0])[1:])
            self.operations += tensor.size * fan_in
            weights = grid(layer.weight_bits, "odd" if layer.odd_weights else "signed")
            largest = fan_in * reads[0].magnitude * weights.magnitude
            self._check_accumulator(largest, wide=WIDE_BITS in (layer.weight_bits, reads[0].bits))
        else:
            self.operations += tensor.size

    def _check_accumulator(self, largest: int, *, wide: bool) -> None:
        limit = WIDE_ACCUMULATOR_LIMIT if wide else ACCUMULATOR_LIMIT
        self._require(largest < limit, "too_large", f"sums of {largest} reach {limit}")
