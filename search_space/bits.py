"""Which gene holds the bit-widths of which layer, or of which of its channels."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from search_space.genes import Gene

BitsPer = Literal["layer", "stage", "network", "channel"]

SUPPORTED_BITS: Final = (1, 2, 3, 4, 5, 6, 7, 8, 32)
"""Widths of weights and activations that the quantizers train and the file packs; 32 stands for
tensors that are not quantized further than the file's integers need."""

WIDE_BITS: Final = 32

FIRST_LAYER: Final = "stem"
LAST_LAYER: Final = "classifier"
POOL: Final = "pool"

MOST_GROUPS: Final = 256
"""Groups of channels with weight bits of their own that a layer may have."""


_SUFFIXES: Final = ("weight_bits", "activation_bits")
_GROUP: Final = re.compile(r"\.group\d+\.weight_bits$")


def is_bit_gene(name: str) -> bool:
    """Whether a gene holds a width; all others are of the architecture."""
    return name.endswith(_SUFFIXES)


def is_group_gene(name: str) -> bool:
    """Whether a gene holds the width of one group of channels."""
    return bool(_GROUP.search(name))


@dataclass(frozen=True, slots=True, kw_only=True)
class BitPlan:
    """How bit-widths are searched.

    Attributes:
        weight_bits: Widths offered to weights, ascending.
        activation_bits: Widths offered to tensors between layers, ascending.
        bits_per: Whether each layer, each stage or the whole network has one gene of each kind, or
            each group of a layer's output channels one for its weights. The first convolution, the
            last 1x1 convolution, hidden linear layers and the classifier are stages of their own.
        channel_groups: Groups of a layer's output channels, fewer where there are fewer channels;
            ``None`` for one group per channel.
        first_layer_bits: Weight bits of the first convolution; ``None`` when searched.
        last_layer_bits: Weight bits of the classifier; ``None`` when searched.
        first_activation_bits: Width of the first convolution's output; ``None`` when searched.
        pool_bits: Width of the features that the classifier reads; ``None`` when searched.
        first_layer: Name of the first convolution.
        last_layer: Name of the layer that yields the logits.
    """

    weight_bits: tuple[int, ...]
    activation_bits: tuple[int, ...]
    bits_per: BitsPer = "layer"
    channel_groups: int | None = 4
    first_layer_bits: int | None = 8
    last_layer_bits: int | None = 8
    first_activation_bits: int | None = None
    pool_bits: int | None = 8
    first_layer: str = FIRST_LAYER
    last_layer: str = LAST_LAYER

    def weight_gene(self, layer: str) -> str:
        """Return the name of the gene with the weight bits of ``layer`` as a whole."""
        if self._weight_bits_given(layer) is not None:
            return f"{layer}.weight_bits"
        return f"{self._scope(layer)}weight_bits"

    def activation_gene(self, layer: str) -> str:
        """Return the name of the gene with the output bits of ``layer``."""
        if self._activation_bits_given(layer) is not None:
            return f"{layer}.activation_bits"
        return f"{self._scope(layer)}activation_bits"

    def group_gene(self, layer: str, group: int) -> str:
        """Return the name of the gene with the weight bits of one group of channels."""
        return f"{layer}.group{group}.weight_bits"

    def most_groups(self, layer: str) -> int | None:
        """Return the groups of channels of a layer; ``None`` where it has one width."""
        if self.bits_per != "channel" or self._weight_bits_given(layer) is not None:
            return None
        return self.channel_groups or MOST_GROUPS

    def genes(self, layers: Mapping[str, int]) -> tuple[Gene, ...]:
        """Return the genes of convolutions and linear layers, each once.

        The classifier has no activation gene, since logits are 32-bit integers.

        Args:
            layers: Most channels that each of them can have, by name.
        """
        genes: dict[str, Gene] = {}
        for layer, channels in layers.items():
            given = self._weight_bits_given(layer)
            choices = self.weight_bits if given is None else (given,)
            for name in self._weight_genes(layer, channels):
                genes[name] = Gene(name=name, choices=choices)
            tensor = POOL if layer == self.last_layer else layer
            given = self._activation_bits_given(tensor)
            choices = self.activation_bits if given is None else (given,)
            name = self.activation_gene(tensor)
            genes[name] = Gene(name=name, choices=choices)
        return tuple(genes.values())

    def _weight_genes(self, layer: str, channels: int) -> Iterator[str]:
        most = self.most_groups(layer)
        if most is None:
            yield self.weight_gene(layer)
            return
        for group in range(min(most, channels)):
            yield self.group_gene(layer, group)

    def _weight_bits_given(self, layer: str) -> int | None:
        if layer == self.first_layer:
            return self.first_layer_bits
        return self.last_layer_bits if layer == self.last_layer else None

    def _activation_bits_given(self, layer: str) -> int | None:
        if layer == self.first_layer:
            return self.first_activation_bits
        return self.pool_bits if layer == POOL else None

    def _scope(self, layer: str) -> str:
        match self.bits_per:
            case "layer" | "channel":
                return f"{layer}."
            case "stage":
                return f"{layer.partition('.')[0]}."
            case "network":
                return ""
