"""The values an artifact holds: a whole network in integers, ready to run."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

PackedKind = Literal[
    "input", "conv", "linear", "add", "global_avg_pool", "max_pool", "pad_channels"
]
PackedActivation = Literal["none", "relu", "relu6"]

KINDS: Final[tuple[PackedKind, ...]] = (
    "input",
    "conv",
    "linear",
    "add",
    "global_avg_pool",
    "max_pool",
    "pad_channels",
)
"""Layer kinds in the order of their codes in the file."""

ACTIVATIONS: Final[tuple[PackedActivation, ...]] = ("none", "relu", "relu6")
"""Activations in the order of their codes in the file."""

CHANNEL_WIDTHS_FLAG: Final = 1
"""Bit of ``flags``: output channels have weight widths of their own."""

ODD_WEIGHTS_FLAG: Final = 2
"""Bit of ``flags``: weights are on the odd grid."""

ZERO_POINT_FLAG: Final = 4
"""Bit of ``flags``: the output has a zero point."""

LOGIT_BITS: Final = 32
"""Width of the last layer's output."""

LOGIT_SCALE: Final = 2.0**-12
"""Value of one unit of the last layer's output."""


def _no_multipliers() -> NDArray[np.float16]:
    return np.zeros(0, dtype=np.float16)


def _no_biases() -> NDArray[np.int16]:
    return np.zeros(0, dtype=np.int16)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PackedLayer:
    """One layer in integers. Fields that a kind does not use keep their defaults.

    With ``M[c] = multipliers[c] * 2**scale_exponent`` and
    ``b[c] = biases[c] * 2**bias_exponent`` the output of channel ``c`` is
    ``clamp(floor(acc * M[c] + b[c] + 1/2) + zero_point, q_min, q_max)``, where ``acc`` is

    - ``input``: the byte of the image (C multipliers and biases fold ``(x/255 - mean)/std/scale``);
    - ``conv``, ``linear``: the sum of weight times input (O multipliers and biases);
    - ``global_avg_pool``: the sum over the image (one multiplier folds ``1/(H*W)``, no bias);
    - ``add``: ``acc_0 * M[0] + acc_1 * M[1]`` (two multipliers, one for each input, no bias);
    - ``max_pool``: nothing of this; it hands on the largest integer of each window;
    - ``pad_channels``: nothing of this; it hands on every ``stride``-th row and column and zeros.

    Whoever reads a tensor with a zero point reads ``q - zero_point``. On the grid {-1, 1} of
    signed 1-bit outputs the output is the sign of ``acc * M + b``, 1 for zero.

    Attributes:
        kind: What the layer computes.
        activation: "relu" and "relu6" make the output grid unsigned, and "relu6" ends it at
            ``floor(6 / output_scale + 1/2)``; conv, linear and add only.
        weight_bits: Width of the weights, 1 to 8 or 32, the widest where channels differ; 0 where
            there are none.
        activation_bits: Width of the output, 1 to 8 or 32; 32 for the last layer.
        kernel: Side of the square kernel (conv, max_pool).
        stride: Step of the kernel in both directions (conv, max_pool, pad_channels).
        padding: Zeros added (before, after) in both directions (conv; a max_pool ignores cells of
            padding instead).
        groups: Convolution groups; the number of input channels for a depthwise conv.
        out_channels: Channels of the output tensor.
        inputs: Indices of the layers read: none for ``input``, two for ``add``, else one.
        output_scale: Value of one unit of the output, rounded to float32 when stored.
        scale_exponent: See above, -38 to 12.
        bias_exponent: See above, -62 to 24.
        zero_point: The integer of the output that stands for zero, on an unsigned grid of at most 8
            bits, without an activation; None (not 0) where the grid is a signed or a plain unsigned
            one. A max_pool or pad_channels has that of its input.
        encoding: How weights are stored; 0 (bit-packed) is the only one.
        odd_weights: Whether weights are on the odd grid (1 to 8 bits); that of 1 bit is always.
        channel_bits: Width of each output channel's weights, 1 to 8, ``(O,)``; None where all have
            ``weight_bits``.
        weights: Integers, ``(O, I/groups, kH, kW)`` for conv, ``(O, I)`` for linear (I counts the
            input tensor flattened in C order), else None.
        multipliers: float16, ``(n,)``, ``n`` as above.
        biases: int16, ``(n,)``, ``n`` as above.
    """

    kind: PackedKind
    out_channels: int
    inputs: tuple[int, ...] = ()
    activation: PackedActivation = "none"
    weight_bits: int = 0
    activation_bits: int = 8
    kernel: int = 1
    stride: int = 1
    padding: tuple[int, int] = (0, 0)
    groups: int = 1
    output_scale: float
    scale_exponent: int = 0
    bias_exponent: int = 0
    zero_point: int | None = None
    encoding: int = 0
    odd_weights: bool = False
    channel_bits: NDArray[np.uint8] | None = None
    weights: NDArray[Any] | None = None
    multipliers: NDArray[np.float16] = field(default_factory=_no_multipliers)
    biases: NDArray[np.int16] = field(default_factory=_no_biases)

    @property
    def flags(self) -> int:
        """Which of the optional properties the layer has, as the file's record says it."""
        return (
            CHANNEL_WIDTHS_FLAG * (self.channel_bits is not None)
            | ODD_WEIGHTS_FLAG * self.odd_weights
            | ZERO_POINT_FLAG * (self.zero_point is not None)
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Artifact:
    """A packed network and where it comes from.

    Attributes:
        candidate_hash: Identity of the candidate, 64 lower-case hexadecimal digits.
        data_hash: Identity of the data set, 16 bytes.
        seed: Seed of the trial, 0 to 2**64 - 1.
        height: Rows of an input image.
        width: Columns of an input image.
        channels: Channels of an input image.
        n_classes: Number of logits.
        code_version: Version of the program that trained it, at most 16 ASCII characters.
        layers: The network in execution order: first the ``input``, last the logits.
    """

    candidate_hash: str
    data_hash: bytes
    seed: int
    height: int
    width: int
    channels: int
    n_classes: int
    code_version: str
    layers: Sequence[PackedLayer]
