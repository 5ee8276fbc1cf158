"""Shape and integers of a tensor inside a packed network."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from quantization.grids import grid
from quantization.packed_layer import PackedLayer


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorSpec:
    """Shape and grid of one layer's output for one image.

    What is said of integers here is said of ``q - zero_point``: everything that reads a tensor uses
    these centred integers, in which zero is 0.

    Attributes:
        channels: Channels.
        height: Rows.
        width: Columns.
        bits: Width of the integers.
        signed: Whether they are on the signed grid; else on the unsigned one.
        zero_point: The integer that stands for zero on an offset grid; None on any other.
        ceiling: Largest integer in use, where that is less than the grid's; else None.
        is_logits: Whether they are logits, which are on no grid but int32.
    """

    channels: int
    height: int
    width: int
    bits: int
    signed: bool
    zero_point: int | None = None
    ceiling: int | None = None
    is_logits: bool = False

    @property
    def size(self) -> int:
        """Number of elements."""
        return self.channels * self.height * self.width

    @property
    def limits(self) -> tuple[int, int]:
        """Smallest and largest centred integer."""
        if self.is_logits:
            return -(1 << 31), (1 << 31) - 1
        full = grid(self.bits, "signed" if self.signed else "unsigned")
        q_max = full.q_max if self.ceiling is None else min(full.q_max, self.ceiling)
        zero = self.zero_point or 0
        return full.q_min - zero, q_max - zero

    @property
    def magnitude(self) -> int:
        """Largest absolute value of a centred integer."""
        return max(abs(limit) for limit in self.limits)

    @property
    def is_sign(self) -> bool:
        """Whether the integers are -1 and 1."""
        return self.signed and self.bits == 1 and not self.is_logits

    @property
    def has_both_signs(self) -> bool:
        """Whether values below zero can be told."""
        return self.signed or self.zero_point is not None

    def reshaped(self, channels: int, height: int, width: int) -> "TensorSpec":
        """The same integers in another shape."""
        return replace(self, channels=channels, height=height, width=width)


def output_spec(
    layer: PackedLayer,
    reads: Sequence[TensorSpec],
    shape: tuple[int, int, int],
    *,
    is_logits: bool,
) -> TensorSpec:
    """The output of a layer.

    Args:
        layer: The layer, its fields checked.
        reads: What it reads.
        shape: Channels, height and width of its output.
        is_logits: Whether it is the last layer.
    """
    if layer.kind in ("max_pool", "pad_channels"):
        return reads[0].reshaped(*shape)
    signed = layer.activation == "none" and layer.zero_point is None
    if layer.kind == "global_avg_pool":
        signed = signed and reads[0].has_both_signs
    channels, height, width = shape
    return TensorSpec(
        channels=channels,
        height=height,
        width=width,
        bits=layer.activation_bits,
        signed=signed,
        zero_point=layer.zero_point,
        ceiling=relu6_ceiling(layer.output_scale) if layer.activation == "relu6" else None,
        is_logits=is_logits,
    )


def relu6_ceiling(output_scale: float) -> int:
    """The integer nearest to 6: ``floor(6 / output_scale + 1/2)`` in double precision.

    Args:
        output_scale: Finite, > 0, as the file holds it.
    """
    return math.floor(6.0 / output_scale + 0.5)
