"""Quantizers by the name a recipe uses."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from quantization.errors import UnknownQuantizerError
from quantization.lsq import LearnedStepQuantizer


@dataclass(frozen=True, slots=True)
class QuantizerKind:
    """How to make the two quantizers of one method.

    Attributes:
        weight: From (bits, channels or None); the grid is signed.
        activation: From (bits, signed); one scale per tensor.
    """

    weight: Callable[[int, int | None], LearnedStepQuantizer]
    activation: Callable[[int, bool], LearnedStepQuantizer]


def _lsq_weight(bits: int, channels: int | None) -> LearnedStepQuantizer:
    return LearnedStepQuantizer(bits, signed=True, channels=channels, role="weight")


def _lsq_activation(bits: int, signed: bool) -> LearnedStepQuantizer:
    return LearnedStepQuantizer(bits, signed=signed, channels=None, role="activation")


QUANTIZERS: Final[Mapping[str, QuantizerKind]] = MappingProxyType(
    {"lsq": QuantizerKind(weight=_lsq_weight, activation=_lsq_activation)}
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
