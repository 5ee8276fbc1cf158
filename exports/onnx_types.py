"""Which ONNX type holds a layer's weights: the narrowest that is executed.

ONNX has integers of 2, 4, 8, 16 and 32 bits. That ONNX Runtime executes them as weights of Conv and
Gemm was found by running them (``docs/exports.md`` has the table); a test runs each type again.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from quantization.grids import grid

OPSET: Final = 25
"""The first with 2-bit integers in DequantizeLinear; ONNX Runtime 1.32 executes up to 27."""

IR_VERSION: Final = 13
"""The first with 2-bit integers."""


@dataclass(frozen=True, slots=True)
class OnnxType:
    """A signed integer type of ONNX.

    Attributes:
        name: As in ``TensorProto``.
        bits: Width of one value.
        code: Number in ``TensorProto``.
    """

    name: str
    bits: int
    code: int


WEIGHT_TYPES: Final[tuple[OnnxType, ...]] = (
    OnnxType("INT2", 2, TensorProto.INT2),
    OnnxType("INT4", 4, TensorProto.INT4),
    OnnxType("INT8", 8, TensorProto.INT8),
    OnnxType("INT16", 16, TensorProto.INT16),
    OnnxType("INT32", 32, TensorProto.INT32),
)
"""From narrow to wide."""


def weight_type(bits: int, *, odd: bool) -> OnnxType:
    """The narrowest type that holds a grid.

    DequantizeLinear counts in steps of one from an integer zero point, so the odd grid of b bits,
    from -(2**b - 1) to 2**b - 1, takes b + 1 bits.

    Args:
        bits: Width of the weights, the widest where channels differ.
        odd: Whether they are on the odd grid.
    """
    limits = grid(bits, "odd" if odd else "signed")
    return next(
        found
        for found in WEIGHT_TYPES
        if -(1 << (found.bits - 1)) <= limits.q_min and limits.q_max < 1 << (found.bits - 1)
    )


def packed_values(values: NDArray[Any], kind: OnnxType) -> bytes:
    """Integers as the raw data of a tensor: little-endian, several to a byte below 8 bits.

    Args:
        values: Integers inside the type's range, ``(...)``, read in C order.
        kind: The type.
    """
    if kind.bits >= 8:
        return values.astype(f"<i{kind.bits // 8}").tobytes()
    per_byte = 8 // kind.bits
    fields = values.reshape(-1).astype(np.uint8, casting="unsafe") & ((1 << kind.bits) - 1)
    fields = np.pad(fields, (0, -len(fields) % per_byte)).reshape(-1, per_byte)
    shifts = (np.arange(per_byte) * kind.bits).astype(np.uint8)
    packed: NDArray[np.uint8] = np.bitwise_or.reduce(fields << shifts, axis=1)
    return packed.tobytes()
