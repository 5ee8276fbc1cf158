"""From integer sums to the integers of the next tensor, exactly.

The format defines ``out = clamp(floor(acc * M + b + 1/2), q_min, q_max)`` over the real numbers,
with ``M = m * 2**e`` and ``b`` exact binary fractions. For an integer ``n = acc * m`` and any real
``x``, ``floor((n + x) / 2**k) == floor((n + floor(x)) / 2**k)``. So the constant ``b + 1/2`` is
brought to the denominator of ``M`` once per channel, rounded down, and split into a whole part and
a remainder below one; each element then costs one multiplication, addition and arithmetic shift::

    out = whole + ((acc * m + remainder) >> k)

Nothing overflows int64. The format bounds ``|acc| < 2**31`` (the sums of conv, linear and
global_avg_pool) and the exponents, and a float16 is ``m * 2**e`` with ``|m| < 2**11``,
``-24 <= e <= 5``. With the layer's exponent, ``k <= 24 + 38 = 62`` and a left shift is at most
``5 + 12 = 17``, so ``|acc * m| < 2**59`` and ``remainder < 2**62``. An add brings two products
of ``|acc| <= 2**8`` to one denominator, a shift of at most 29, which gives ``2**49``; and
``|whole| <= 2**15 * 2**24 + 1``.
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from quantization.layer_rules import TensorSpec
from quantization.packed_layer import PackedLayer

_FLOAT16_BIAS = 25  # exponent bias 15 plus 10 bits of mantissa


def split_float16(values: NDArray[np.float16]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Write float16 numbers as integer times power of two, exactly.

    Args:
        values: Finite numbers, ``(n,)``.

    Returns:
        Integers of magnitude below 2**11 and exponents in -24..5, ``(n,)`` each.
    """
    bits = values.view(np.uint16).astype(np.int64)
    exponent = bits >> 10 & 31
    mantissa = (bits & 1023) + np.where(exponent > 0, 1024, 0)
    return np.where(bits >> 15 > 0, -mantissa, mantissa), np.maximum(exponent, 1) - _FLOAT16_BIAS


@dataclass(frozen=True, slots=True, eq=False)
class Requantizer:
    """The constants of one layer's requantization.

    Attributes:
        factors: ``m`` of each multiplier, ``(n,)``: per channel, per input of an add, or one.
        remainder: See the module, ``(n,)``; ``(1,)`` without biases.
        shift: ``k`` of the module, ``(n,)``; ``(1,)`` where one serves all.
        whole: See the module, as ``remainder``.
        limits: Smallest and largest integer of the output.
    """

    factors: NDArray[np.int64]
    remainder: NDArray[np.int64]
    shift: NDArray[np.int64]
    whole: NDArray[np.int64]
    limits: tuple[int, int]

    @classmethod
    def of(cls, layer: PackedLayer, output: TensorSpec) -> Self:
        """Prepare the constants of a layer that has multipliers."""
        factors, exponents = split_float16(layer.multipliers)
        exponents = exponents + layer.scale_exponent
        if layer.kind == "add":  # both products get the finer denominator
            factors = factors << (exponents - exponents.min())
            exponents = exponents.min(keepdims=True)
        factors = factors << np.maximum(exponents, 0)
        shift = np.maximum(-exponents, 0)
        shifts = shift.tolist()
        biases = layer.biases.tolist() or [0] * len(shifts)
        constants = [
            _constant(bias, layer.bias_exponent, k) for bias, k in zip(biases, shifts, strict=True)
        ]
        split = [(c >> k, c & ((1 << k) - 1)) for c, k in zip(constants, shifts, strict=True)]
        whole, remainder = np.array(split, dtype=np.int64).T
        return cls(factors, remainder, shift, whole, output.limits)

    def apply(self, sums: NDArray[Any]) -> NDArray[np.int64]:
        """Requantize the sums of a layer other than an add.

        Args:
            sums: Integers in any number type, ``(C, P)``.

        Returns:
            Integers inside the limits, ``(C, P)``.
        """
        products = sums.astype(np.int64)
        products *= self.factors[:, None]
        return self._finish(products)

    def apply_add(self, first: NDArray[Any], second: NDArray[Any]) -> NDArray[np.int64]:
        """Add two tensors of different scales.

        Args:
            first: Integers in any number type, ``(C, P)``.
            second: Integers in any number type, ``(C, P)``.

        Returns:
            Integers inside the limits, ``(C, P)``.
        """
        products = first.astype(np.int64)
        products *= self.factors[0]
        products += second.astype(np.int64) * self.factors[1]
        return self._finish(products)

    def _finish(self, products: NDArray[np.int64]) -> NDArray[np.int64]:
        products += self.remainder[:, None]
        products >>= self.shift[:, None]
        products += self.whole[:, None]
        return np.clip(products, *self.limits, out=products)


def _constant(bias: int, exponent: int, shift: int) -> int:
    """``floor((bias * 2**exponent + 1/2) * 2**shift)`` in integers of any size."""
    fraction_bits = max(-exponent, 0) + 1
    doubled = (bias << (exponent + fraction_bits)) + (1 << (fraction_bits - 1))
    return (doubled << shift) >> fraction_bits
