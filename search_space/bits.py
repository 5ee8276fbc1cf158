"""Which gene, if any, decides a layer's bit-widths."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from search_space.genes import Gene, GeneValue

SUPPORTED_BITS = (2, 3, 4, 5, 6, 7, 8)
"""Widths of weights and activations that the quantizers train and the file packs."""

BitsPer = Literal["layer", "stage", "network"]
Read = Callable[[str], GeneValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class BitPlan:
    """How bit-widths are assigned.

    Attributes:
        weight_bits: Choices for weights.
        activation_bits: Choices for activations.
        bits_per: Whether a gene covers a layer, a stage or the whole network.
        first_layer_bits: Weight bits of the first convolution; ``None`` means searched.
        last_layer_bits: Weight bits of the classifier; ``None`` means searched.
    """

    weight_bits: tuple[int, ...]
    activation_bits: tuple[int, ...]
    bits_per: BitsPer
    first_layer_bits: int | None
    last_layer_bits: int | None

    def weight_gene(self, layer: str) -> str:
        """Return the name of the gene that holds ``layer``'s weight bits."""
        return f"{self._scope(layer)}weight_bits"

    def activation_gene(self, layer: str) -> str:
        """Return the name of the gene that holds the bits of ``layer``'s output."""
        return f"{self._scope(layer)}activation_bits"

    def genes(self, layers: Sequence[str], first: str, last: str) -> list[Gene]:
        """Return the bit genes of a network whose weighted layers may be ``layers``.

        Args:
            layers: Names of all weighted layers that may exist, in order.
            first: Name of the first convolution.
            last: Name of the classifier, whose logits have no activation gene.
        """
        genes: dict[str, Gene] = {}
        for layer in layers:
            if self.fixed_bits(layer, first, last) is None:
                name = self.weight_gene(layer)
                genes[name] = Gene(name=name, choices=self.weight_bits)
            if layer != last:
                name = self.activation_gene(layer)
                genes[name] = Gene(name=name, choices=self.activation_bits)
        return list(genes.values())

    def fixed_bits(self, layer: str, first: str, last: str) -> int | None:
        """Return the conventional width of a first or last layer, ``None`` where searched."""
        if layer == first:
            return self.first_layer_bits
        return self.last_layer_bits if layer == last else None

    def _scope(self, layer: str) -> str:
        match self.bits_per:
            case "layer":
                return f"{layer}."
            case "stage":
                return f"{layer.split('.')[0]}."
            case "network":
                return ""
