"""Which gene holds the bit-widths of which layer."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from search_space.genes import Gene

BitsPer = Literal["layer", "stage", "network"]

SUPPORTED_BITS: Final = (2, 3, 4, 5, 6, 7, 8)
"""Widths of weights and activations that the quantizers train and the file packs."""

FIRST_LAYER: Final = "stem"
LAST_LAYER: Final = "classifier"


@dataclass(frozen=True, slots=True, kw_only=True)
class BitPlan:
    """How bit-widths are searched.

    Attributes:
        weight_bits: Widths offered to weights, ascending.
        activation_bits: Widths offered to tensors between layers, ascending.
        bits_per: Whether each layer, each stage or the whole network has one gene of each kind.
            The first convolution, the last 1x1 convolution and the classifier are stages of
            their own.
        first_layer_bits: Weight bits of the first convolution; ``None`` when searched.
        last_layer_bits: Weight bits of the classifier; ``None`` when searched.
    """

    weight_bits: tuple[int, ...]
    activation_bits: tuple[int, ...]
    bits_per: BitsPer
    first_layer_bits: int | None
    last_layer_bits: int | None

    def weight_gene(self, layer: str) -> str:
        """Return the name of the gene with the weight bits of ``layer``."""
        if self._weight_bits_given(layer) is not None:
            return f"{layer}.weight_bits"
        return f"{self._scope(layer)}weight_bits"

    def activation_gene(self, layer: str) -> str:
        """Return the name of the gene with the output bits of ``layer``."""
        return f"{self._scope(layer)}activation_bits"

    def genes(self, layers: Iterable[str]) -> tuple[Gene, ...]:
        """Return the genes of all the named convolutions and the classifier, each once.

        The classifier has no activation gene, since logits are 32-bit integers.
        """
        genes: dict[str, Gene] = {}
        for layer in layers:
            given = self._weight_bits_given(layer)
            name = self.weight_gene(layer)
            choices = self.weight_bits if given is None else (given,)
            genes[name] = Gene(name=name, choices=choices)
            if layer != LAST_LAYER:
                name = self.activation_gene(layer)
                genes[name] = Gene(name=name, choices=self.activation_bits)
        return tuple(genes.values())

    def _weight_bits_given(self, layer: str) -> int | None:
        if layer == FIRST_LAYER:
            return self.first_layer_bits
        return self.last_layer_bits if layer == LAST_LAYER else None

    def _scope(self, layer: str) -> str:
        match self.bits_per:
            case "layer":
                return f"{layer}."
            case "stage":
                return f"{layer.partition('.')[0]}."
            case "network":
                return ""
