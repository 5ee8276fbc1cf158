"""Real numbers as the artifact stores them: float16 multipliers and int16 biases with exponents.

A layer's multipliers share one exponent, ``M = float16 * 2**scale_exponent``, chosen so that the
largest lies in float16's [2**14, 2**15]: everything down to 2**-28 of it stays a normal number
with 11 bits of mantissa. A layer's biases share another, ``b = int16 * 2**bias_exponent``, chosen
so that the largest needs all 15 bits: the rounding error is at most 2**-15 of the largest bias.

The ranges of both exponents are limits of the format, narrow enough that the integer runtime never
overflows 64 bits (``integer_requantize.py`` has the proof).
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quantization.errors import FixedPointError

MIN_SCALE_EXPONENT: Final = -38
MAX_SCALE_EXPONENT: Final = 12
MIN_BIAS_EXPONENT: Final = -62
MAX_BIAS_EXPONENT: Final = 24


@dataclass(frozen=True, slots=True, eq=False)
class FixedPoint:
    """Multipliers and biases of one layer, field names as in ``PackedLayer``.

    Attributes:
        multipliers: float16, ``(n,)``.
        scale_exponent: Multiply by 2 to the power of this.
        biases: int16, ``(n,)`` or ``(0,)``.
        bias_exponent: Multiply by 2 to the power of this.
    """

    multipliers: NDArray[np.float16]
    scale_exponent: int
    biases: NDArray[np.int16]
    bias_exponent: int


def to_fixed_point(multipliers: ArrayLike, biases: ArrayLike = ()) -> FixedPoint:
    """Round a layer's multipliers and biases to what the artifact can hold.

    Args:
        multipliers: Output units per unit of the integer sum, ``(n,)``: ``n`` channels of an input,
            conv or linear layer, two inputs of an add, one for a global_avg_pool.
        biases: Output units added, ``(n,)``; empty where the kind has none.

    Returns:
        The stored numbers.

    Raises:
        FixedPointError: If a value is not finite or too large.
    """
    multiplier_array, scale_exponent = split_multipliers(multipliers)
    bias_array, bias_exponent = split_biases(biases)
    return FixedPoint(multiplier_array, scale_exponent, bias_array, bias_exponent)


def split_multipliers(values: ArrayLike) -> tuple[NDArray[np.float16], int]:
    """Split multipliers into float16 numbers and their common power of two.

    Args:
        values: Multipliers, ``(n,)``.

    Returns:
        float16 ``(n,)`` and the exponent; exponent 0 if all are zero.

    Raises:
        FixedPointError: If a value is not finite or its magnitude reaches 2**27.
    """
    array = np.asarray(values, dtype=np.float64).reshape(-1)
    exponent = _exponent("multiplier", array, 15, MIN_SCALE_EXPONENT, MAX_SCALE_EXPONENT)
    return np.ldexp(array, -exponent).astype(np.float16), exponent


def split_biases(values: ArrayLike) -> tuple[NDArray[np.int16], int]:
    """Split biases into int16 numbers and their common power of two.

    Args:
        values: Biases in units of the layer's output, ``(n,)``.

    Returns:
        int16 ``(n,)`` and the exponent; exponent 0 if there are none or all are zero.

    Raises:
        FixedPointError: If a value is not finite or its magnitude reaches 2**39.
    """
    array = np.asarray(values, dtype=np.float64).reshape(-1)
    exponent = _exponent("bias", array, 15, MIN_BIAS_EXPONENT, MAX_BIAS_EXPONENT)
    rounded = np.rint(np.ldexp(array, -exponent))
    # the largest may round up to 2**15, one unit beyond int16
    return np.clip(rounded, -32768, 32767).astype(np.int16), exponent


def _exponent(
    what: str, array: NDArray[Any], n_bits: int, min_exponent: int, max_exponent: int
) -> int:
    """The exponent that moves the largest magnitude into ``[2**(n_bits-1), 2**n_bits)``."""
    largest = float(np.abs(array).max(initial=0.0))
    limit = 2.0 ** (n_bits + max_exponent)
    if not largest < limit:  # also catches nan, which is not less than anything
        raise FixedPointError(what, largest, limit)
    if largest == 0.0:
        return 0
    return max(int(np.frexp(largest)[1]) - n_bits, min_exponent)
