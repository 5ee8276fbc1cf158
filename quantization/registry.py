"""Quantizers by the name a recipe uses; ``docs/quantizers.md`` compares them.

``search.recipe.QUANTIZERS`` lists the same names for processes that load no torch.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from quantization.dorefa import FixedRangeQuantizer, TanhWeightQuantizer
from quantization.errors import UnknownQuantizerError
from quantization.ewgs import EwgsActivationQuantizer, EwgsWeightQuantizer
from quantization.grids import WIDE_BITS
from quantization.lsq import LearnedStepQuantizer
from quantization.lsq_plus import OffsetQuantizer
from quantization.pact import ClippingQuantizer
from quantization.quantizer import Bits, Quantizer, kind_of_sign
from quantization.wide import WideQuantizer


@dataclass(frozen=True, slots=True)
class QuantizerKind:
    """How to make the two quantizers of one method, for 1 to 8 bits.

    Attributes:
        narrow_weight: From (bits or one width per channel, channels or None).
        narrow_activation: From (bits, signed); one step per tensor.
    """

    narrow_weight: Callable[[Bits, int | None], Quantizer]
    narrow_activation: Callable[[int, bool], Quantizer]

    def weight(self, bits: Bits, channels: int | None) -> Quantizer:
        """A quantizer of weights.

        Args:
            bits: 1 to 8 or 32; or one width from 1 to 8 for each channel.
            channels: Number of output channels, each with its own step; None for one step.

        Raises:
            BitwidthError: If there is no such width.
        """
        if bits == WIDE_BITS:
            return WideQuantizer("signed", channels=channels, role="weight")
        return self.narrow_weight(bits, channels)

    def activation(self, bits: int, signed: bool) -> Quantizer:
        """A quantizer of activations, one step per tensor.

        Args:
            bits: 1 to 8 or 32.
            signed: Whether the tensor has both signs.

        Raises:
            BitwidthError: If there is no such width.
        """
        if bits == WIDE_BITS:
            return WideQuantizer(kind_of_sign(signed), channels=None, role="activation")
        return self.narrow_activation(bits, signed)


def _lsq_weight(bits: Bits, channels: int | None) -> Quantizer:
    return LearnedStepQuantizer(bits, signed=True, channels=channels, role="weight")


def _lsq_activation(bits: int, signed: bool) -> Quantizer:
    return LearnedStepQuantizer(bits, signed=signed, channels=None, role="activation")


def _lsq_plus_weight(bits: Bits, channels: int | None) -> Quantizer:
    return LearnedStepQuantizer(bits, signed=True, channels=channels, method="three_sigma")


def _lsq_plus_activation(bits: int, signed: bool) -> Quantizer:
    # behind a relu the offset is zero; at 1 bit a grid with an offset has no second sign
    if signed and bits > 1:
        return OffsetQuantizer(bits)
    return _lsq_activation(bits, signed)


QUANTIZERS: Final[Mapping[str, QuantizerKind]] = MappingProxyType(
    {
        "lsq": QuantizerKind(_lsq_weight, _lsq_activation),
        "lsq_plus": QuantizerKind(_lsq_plus_weight, _lsq_plus_activation),
        # the paper quantizes weights as DoReFa does
        "pact": QuantizerKind(TanhWeightQuantizer, ClippingQuantizer),
        "dorefa": QuantizerKind(TanhWeightQuantizer, FixedRangeQuantizer),
        "ewgs": QuantizerKind(EwgsWeightQuantizer, EwgsActivationQuantizer),
    }
)


def quantizer_kind(name: str) -> QuantizerKind:
    """Look a method up.

    Raises:
        UnknownQuantizerError: If no method has this name; the error lists those that exist.
    """
    try:
        return QUANTIZERS[name]
    except KeyError:
        raise UnknownQuantizerError(name, tuple(QUANTIZERS)) from None
