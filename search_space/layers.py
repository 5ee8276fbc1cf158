"""The layer list: the one description from which costs are computed and networks are built.

A network is a tuple of ``Layer``; a layer reads the outputs of earlier layers by index. Layer 0 is
always the ``input`` layer, the last layer yields the logits. Every tensor is quantized once, by the
layer that produces it, so ``activation_bits`` is the width of a layer's *output*; a layer's
multiply-accumulates run at ``weight_bits`` x the ``activation_bits`` of the tensor it reads.
"""

from dataclasses import dataclass
from typing import Literal

LayerKind = Literal["input", "conv", "linear", "add", "global_avg_pool", "max_pool", "pad_channels"]
Activation = Literal["none", "relu", "relu6"]

LOGIT_BITS = 32
"""``activation_bits`` of the last layer: logits are 32-bit integers, never re-quantized."""

INPUT_BITS = 8
"""Images arrive as bytes; the input layer normalises them to signed 8-bit integers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One node of the network; its output tensor is ``(N, out_channels, out_height, out_width)``.

    Attributes:
        name: Place in the architecture, such as ``stage1.block0.depthwise``; unique in a list.
        kind: What the layer computes. ``pad_channels`` takes every ``stride``-th row and column and
            adds channels of zeros, half of them (rounded down) before: the parameter-free shortcut
            of residual networks (He et al., arXiv:1512.03385, sec. 3.3, option A).
        inputs: Indices of the layers read; two for ``add``, none for ``input``, else one.
        out_channels: Channels of the output tensor.
        out_height: Rows of the output tensor.
        out_width: Columns of the output tensor.
        kernel: Side of the square kernel (``conv``, ``max_pool``).
        stride: Step of the kernel in both directions.
        padding: Zeros added (before, after) in both directions; differ when the kernel is even.
        groups: Convolution groups; equal to the input channels for a depthwise layer.
        activation: Applied after batch norm, or after the sum of an ``add``.
        batch_norm: Whether training has a batch norm here, which the artifact holds folded. A
            convolution or linear layer without one has a bias instead.
        weight_bits: Width of the stored weights, the widest where channels differ; 0 where there
            are none. 32 stands for weights that are not searched: see ``quantization/grids.py``.
        channel_weight_bits: Width of each output channel's weights, ``(out_channels,)``; empty
            where all have ``weight_bits``.
        activation_bits: Width of the output tensor.
    """

    name: str
    kind: LayerKind
    inputs: tuple[int, ...]
    out_channels: int
    out_height: int
    out_width: int
    kernel: int = 1
    stride: int = 1
    padding: tuple[int, int] = (0, 0)
    groups: int = 1
    activation: Activation = "none"
    batch_norm: bool = False
    weight_bits: int = 0
    channel_weight_bits: tuple[int, ...] = ()
    activation_bits: int = INPUT_BITS


LayerList = tuple[Layer, ...]
"""A whole network, in execution order."""
