"""From integer sums to the integers of the next tensor, exactly.

The format defines ``out = clamp(floor(acc * M + b + 1/2), q_min, q_max)`` over the real numbers,
with ``M = m * 2**e`` and ``b`` exact binary fractions. For an integer ``n = acc * m`` and any real
``x``, ``floor((n + x) / 2**k) == floor((n + floor(x)) / 2**k)``. So the constant ``b + 1/2`` is
brought to the denominator of ``M`` once per channel, rounded down, and split into a whole part and
a remainder below one; each element then costs one multiplication, addition and arithmetic shift::

    out = whole + ((acc * m + remainder) >> k)

On the grid {-1, 1} the output is the sign of ``acc * M + b``, 1 for zero: the constant is then
``b`` alone, and the sign of the floor decides.

**Nothing overflows int64.** The format bounds ``|acc| < 2**51`` and the exponents, and a float16 is
``m * 2**e`` with ``|m| < 2**11``, ``-24 <= e <= 5``. With the layer's exponent, ``k`` is at most
``24 + 38``, so ``|acc * m| < 2**62`` and ``remainder < 2**62``. Where the sum of the exponents is
positive, at most 17, ``k`` is 0 and the product is multiplied by a power of two; before that it is
clamped to ``2**41``, which changes nothing: such a product exceeds every int32 by more than any
``b``, of magnitude at most ``2**39``, can take back. An add brings two products of
``|acc| < 2**20`` to one denominator, a shift of at most 29, which gives ``2**60`` each.

**Doubles instead**, three times as fast, where they are exact too: with ``|acc| * |m| + |K| <
2**53`` for the constant ``K = floor((b + 1/2) * 2**k)``, both ``acc * (m / 2**k)`` and
``K / 2**k`` and their sum are multiples of ``2**-k`` with at most 53 bits, so no operation before
the floor rounds. This is decided for each layer from the largest sum that its weights can form.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from quantization.packed_layer import PackedLayer
from quantization.tensor_spec import TensorSpec

_ENOUGH: Final = 1 << 41
"""Products that are multiplied by a power of two may be clamped to this magnitude; see above."""

_FLOAT16_BIAS: Final = 25  # exponent bias 15 plus 10 bits of mantissa


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
        raised: Exponent of the power of two that multiplies products, ``(n,)``.
        remainder: See the module, ``(n,)``; ``(1,)`` without biases.
        shift: ``k`` of the module, ``(n,)``; ``(1,)`` where one serves all.
        whole: See the module, as ``remainder``.
        limits: Smallest and largest integer of the output.
        is_sign: Whether the output is -1 or 1.
        doubles: Factors and constants for doubles, ``(n,)`` each; None where they could round.
    """

    factors: NDArray[np.int64]
    raised: NDArray[np.int64]
    remainder: NDArray[np.int64]
    shift: NDArray[np.int64]
    whole: NDArray[np.int64]
    limits: tuple[int, int]
    is_sign: bool
    doubles: tuple[NDArray[np.float64], NDArray[np.float64]] | None

    @classmethod
    def of(cls, layer: PackedLayer, output: TensorSpec, largest_sum: int) -> Self:
        """Prepare the constants of a layer that has multipliers.

        Args:
            layer: The layer.
            output: What it produces.
            largest_sum: No ``acc`` of the layer is larger in magnitude.
        """
        factors, exponents = split_float16(layer.multipliers)
        exponents = exponents + layer.scale_exponent
        raised = np.maximum(exponents, 0)
        if layer.kind == "add":  # both products get the finer denominator
            raised = exponents - min(int(exponents.min()), 0)
            exponents = exponents.min(keepdims=True)
        shift = np.maximum(-exponents, 0)
        shifts = shift.tolist()
        biases = layer.biases.tolist() or [0] * len(shifts)
        halves = 0 if output.is_sign else 1
        constants = [
            _constant(bias, layer.bias_exponent, halves, k)
            for bias, k in zip(biases, shifts, strict=True)
        ]
        split = [(c >> k, c & ((1 << k) - 1)) for c, k in zip(constants, shifts, strict=True)]
        whole, remainder = np.array(split, dtype=np.int64).T
        return cls(
            factors,
            raised,
            remainder,
            shift,
            whole,
            output.limits,
            output.is_sign,
            _doubles(factors.tolist(), raised.tolist(), constants, shifts, largest_sum),
        )

    def apply(self, sums: NDArray[Any]) -> NDArray[Any]:
        """Requantize the sums of a layer other than an add.

        Args:
            sums: Integers in any number type, ``(C, P)``.

        Returns:
            Integers inside the limits in int64 or float64, ``(C, P)``.
        """
        if self.doubles is not None:
            factors, constants = self.doubles
            return self._finish_doubles(np.multiply(sums, factors[:, None]), constants)
        products = sums.astype(np.int64)
        products *= self.factors[:, None]
        if self.raised.any():
            bound = np.where(self.raised > 0, _ENOUGH, np.iinfo(np.int64).max)[:, None]
            np.clip(products, -bound, bound, out=products)
            products <<= self.raised[:, None]
        return self._finish(products)

    def apply_add(self, first: NDArray[Any], second: NDArray[Any]) -> NDArray[Any]:
        """Add two tensors of different scales.

        Args:
            first: Integers in any number type, ``(C, P)``.
            second: Integers in any number type, ``(C, P)``.

        Returns:
            Integers inside the limits in int64 or float64, ``(C, P)``.
        """
        if self.doubles is not None:
            factors, constants = self.doubles
            real = np.multiply(first, factors[:1])
            real += np.multiply(second, factors[1:])
            return self._finish_doubles(real, constants)
        multipliers = self.factors << self.raised
        products = first.astype(np.int64)
        products *= multipliers[0]
        products += second.astype(np.int64) * multipliers[1]
        return self._finish(products)

    def _finish_doubles(
        self, real: NDArray[np.float64], constants: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        real += constants[:, None]
        if self.is_sign:
            return np.where(real >= 0, 1.0, -1.0)
        np.floor(real, out=real)
        return np.clip(real, *self.limits, out=real)

    def _finish(self, products: NDArray[np.int64]) -> NDArray[np.int64]:
        products += self.remainder[:, None]
        products >>= self.shift[:, None]
        products += self.whole[:, None]
        if self.is_sign:
            return np.where(products >= 0, 1, -1)
        return np.clip(products, *self.limits, out=products)


def _constant(bias: int, exponent: int, halves: int, shift: int) -> int:
    """``floor((bias * 2**exponent + halves / 2) * 2**shift)`` in integers of any size."""
    fraction_bits = max(-exponent, 0) + 1
    exact = (bias << (exponent + fraction_bits)) + (halves << (fraction_bits - 1))
    return (exact << shift) >> fraction_bits


def _doubles(
    factors: Sequence[int],
    raised: Sequence[int],
    constants: Sequence[int],
    shifts: Sequence[int],
    largest_sum: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Factors and constants in doubles; None where a result could need more than 53 bits."""
    products = [abs(m << r) * largest_sum for m, r in zip(factors, raised, strict=True)]
    if len(factors) > len(constants):  # an add
        products = [sum(products)]
    if any(p + abs(c) >= 1 << 53 for p, c in zip(products, constants, strict=True)):
        return None
    powers = np.ldexp(1.0, np.negative(shifts))
    exact = np.ldexp(np.array(factors, dtype=np.float64), raised) * powers
    return exact, np.array(constants, dtype=np.float64) * powers
