"""What makes a layer of an artifact valid, and the shape and grid of its output.

The limits below bound the memory and time that running a file from a stranger can take. They are
part of the format.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from quantization.errors import ArtifactError
from quantization.fixed_point import (
    MAX_BIAS_EXPONENT,
    MAX_SCALE_EXPONENT,
    MIN_BIAS_EXPONENT,
    MIN_SCALE_EXPONENT,
)
from quantization.grids import ALLOWED_BITS, grid_limits
from quantization.packed_layer import ACTIVATIONS, KINDS, LOGIT_BITS, LOGIT_SCALE, PackedLayer

MAX_ACTIVATION_ELEMENTS: Final = 1 << 24
"""Most elements of one image's tensor, the padding a layer adds to its input included."""

ACCUMULATOR_LIMIT: Final = 1 << 31
"""No sum a layer can form reaches this magnitude: every accumulator is an int32."""

_N_INPUTS: Final = {"input": 0, "add": 2}
_WITH_ACTIVATION: Final = ("conv", "linear", "add")
_WITH_KERNEL: Final = ("conv", "max_pool")
_WITH_WEIGHTS: Final = ("conv", "linear")


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorSpec:
    """Shape and integer grid of one layer's output for one image.

    Attributes:
        channels: Channels.
        height: Rows.
        width: Columns.
        bits: Width of the integers.
        signed: Whether they are two's complement.
    """

    channels: int
    height: int
    width: int
    bits: int
    signed: bool

    @property
    def size(self) -> int:
        """Number of elements."""
        return self.channels * self.height * self.width

    @property
    def limits(self) -> tuple[int, int]:
        """Smallest and largest integer."""
        return grid_limits(self.bits, signed=self.signed)

    @property
    def magnitude(self) -> int:
        """Largest absolute value."""
        return max(abs(limit) for limit in self.limits)


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
    return {"add": 2, "global_avg_pool": 1, "max_pool": 0}.get(layer.kind, layer.out_channels)


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
        self._check_numbers(layer, last=index == self._n_layers - 1)
        reads = [self.tensors[i] for i in layer.inputs]
        tensor = self._output(layer, reads)
        self._require(
            0 < tensor.size <= MAX_ACTIVATION_ELEMENTS,
            "bad_shape",
            f"output of {tensor.size} elements is not in 1..{MAX_ACTIVATION_ELEMENTS}",
        )
        self._check_sums(layer, reads, tensor)
        if layer.kind == "max_pool":
            same = layer.output_scale == self._scales[layer.inputs[0]]
            self._require(same, "bad_scale", "a max_pool must keep the output_scale of its input")
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
            window = (layer.kernel, layer.stride, *layer.padding)
            require(window == (1, 1, 0, 0), "unused_field", f"{layer.kind} with a kernel {window}")
        require(
            layer.groups == 1 or layer.kind == "conv",
            "unused_field",
            f"{layer.kind} with {layer.groups} groups",
        )
        require(layer.encoding == 0, "unknown_encoding", f"weight encoding {layer.encoding}")
        reserved = (layer.flags, layer.zero_point)
        require(reserved == (0, 0), "unused_field", f"flags and zero_point are {reserved}, not 0")
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

    def _output(self, layer: PackedLayer, reads: Sequence[TensorSpec]) -> TensorSpec:
        signed = layer.activation != "relu"
        if layer.kind == "input":
            channels, height, width = self._image
        elif layer.kind == "linear":
            channels, height, width = layer.out_channels, 1, 1
        elif layer.kind == "global_avg_pool":
            channels, height, width = reads[0].channels, 1, 1
            signed = reads[0].signed
        elif layer.kind == "add":
            channels, height, width = reads[0].channels, reads[0].height, reads[0].width
            other = (reads[1].channels, reads[1].height, reads[1].width)
            self._require(
                other == (channels, height, width), "bad_shape", "add of two different shapes"
            )
        else:
            self._check_window(layer, reads[0])
            channels = layer.out_channels if layer.kind == "conv" else reads[0].channels
            height, width = (
                (side + sum(layer.padding) - layer.kernel) // layer.stride + 1
                for side in (reads[0].height, reads[0].width)
            )
            if layer.kind == "max_pool":
                signed = reads[0].signed
                same = layer.activation_bits == reads[0].bits
                self._require(same, "bad_bits", "a max_pool must keep the bits of its input")
        self._require(
            layer.out_channels == channels,
            "bad_shape",
            f"{layer.kind} with {layer.out_channels} channels instead of {channels}",
        )
        return TensorSpec(
            channels=channels,
            height=height,
            width=width,
            bits=layer.activation_bits,
            signed=signed,
        )

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
            self._require(largest < ACCUMULATOR_LIMIT, "too_large", "sums exceed 32 bits")
        elif layer.kind in _WITH_WEIGHTS:
            fan_in = math.prod(weight_shape(layer, reads[0])[1:])
            self.operations += tensor.size * fan_in
            largest = fan_in * reads[0].magnitude << (layer.weight_bits - 1)
            self._require(largest < ACCUMULATOR_LIMIT, "too_large", "sums exceed 32 bits")
        else:
            self.operations += tensor.size
