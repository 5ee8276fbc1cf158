"""The values an artifact holds: a whole network in integers, ready to run."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

PackedKind = Literal["input", "conv", "linear", "add", "global_avg_pool", "max_pool"]
PackedActivation = Literal["none", "relu"]

KINDS: Final[tuple[PackedKind, ...]] = (
    "input",
    "conv",
    "linear",
    "add",
    "global_avg_pool",
    "max_pool",
)
"""Layer kinds in the order of their codes in the file."""

ACTIVATIONS: Final[tuple[PackedActivation, ...]] = ("none", "relu")
"""Activations in the order of their codes in the file."""

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
    ``clamp(floor(acc * M[c] + b[c] + 1/2), q_min, q_max)``, where ``acc`` is

    - ``input``: the byte of the image (C multipliers and biases fold ``(x/255 - mean)/std/scale``);
    - ``conv``, ``linear``: the sum of weight times input (O multipliers and biases);
    - ``global_avg_pool``: the sum over the image (one multiplier folds ``1/(H*W)``, no bias);
    - ``add``: ``acc_0 * M[0] + acc_1 * M[1]`` (two multipliers, one for each input, no bias);
    - ``max_pool``: nothing of this; it hands on the largest integer of each window.

    Attributes:
        kind: What the layer computes.
        activation: "relu" makes the output grid unsigned; conv, linear and add only.
        weight_bits: Width of the weights, 2 to 8; 0 where there are none.
        activation_bits: Width of the output, 2 to 8; 32 for the last layer.
        kernel: Side of the square kernel (conv, max_pool).
        stride: Step of the kernel in both directions (conv, max_pool).
        padding: Zeros added (before, after) in both directions (conv; a max_pool ignores cells of
            padding instead).
        groups: Convolution groups; the number of input channels for a depthwise conv.
        out_channels: Channels of the output tensor.
        inputs: Indices of the layers read: none for ``input``, two for ``add``, else one.
        output_scale: Value of one unit of the output, rounded to float32 when stored.
        scale_exponent: See above, -38 to 12.
        bias_exponent: See above, -62 to 24.
        zero_point: Reserved, 0.
        flags: Reserved, 0.
        encoding: How weights are stored; 0 (bit-packed) is the only one.
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
    zero_point: int = 0
    flags: int = 0
    encoding: int = 0
    weights: NDArray[Any] | None = None
    multipliers: NDArray[np.float16] = field(default_factory=_no_multipliers)
    biases: NDArray[np.int16] = field(default_factory=_no_biases)


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
