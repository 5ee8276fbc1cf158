"""What every family shares: the shape of the data, the bit genes, pinned genes."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, cast

from search_space.bits import SUPPORTED_BITS, BitPlan, BitsPer
from search_space.blueprint import Blueprint
from search_space.fields import Fields
from search_space.genes import Gene

COMMON_KEYS: Final = (
    "family",
    "weight_bits",
    "activation_bits",
    "bits_per",
    "first_layer_bits",
    "last_layer_bits",
    "fixed",
)

FEWEST_BITS: Final = SUPPORTED_BITS[0]
MOST_BITS: Final = SUPPORTED_BITS[-1]

MOST_CHANNELS: Final = 4096
"""Keeps six-fold expanded channels and groups within the 16 bits they have in the packed file."""
MOST_STAGES: Final = 16
MOST_BLOCKS: Final = 32
MOST_STRIDE: Final = 4


@dataclass(frozen=True, slots=True)
class Shape:
    """What goes in and what comes out: ``(channels, height, width)`` bytes, logits."""

    channels: int
    height: int
    width: int
    n_classes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One kind of architecture.

    Attributes:
        keys: Declaration keys of this family, next to ``COMMON_KEYS``.
        declare: Reads those keys and returns the architecture's genes and how to build it.
    """

    keys: tuple[str, ...]
    declare: Callable[[Fields, Shape, BitPlan], Blueprint]


def bit_plan(root: Fields) -> BitPlan:
    """Read the keys about bit-widths.

    Defaults: a coarse set of widths, one gene per layer, first and last layer at 8 bits as the
    quantization literature has it.
    """

    def edge(key: str) -> int | None:
        return root.integer_or_word(key, 8, FEWEST_BITS, MOST_BITS, "searched")

    return BitPlan(
        weight_bits=root.integers("weight_bits", (2, 3, 4, 6, 8), FEWEST_BITS, MOST_BITS),
        activation_bits=root.integers("activation_bits", (4, 6, 8), FEWEST_BITS, MOST_BITS),
        bits_per=cast("BitsPer", root.word("bits_per", "layer", ("layer", "stage", "network"))),
        first_layer_bits=edge("first_layer_bits"),
        last_layer_bits=edge("last_layer_bits"),
    )


def pinned_genes(blueprint: Blueprint, bits: BitPlan, root: Fields) -> tuple[Gene, ...]:
    """Return all genes of a space, those named under ``fixed`` narrowed to their one value.

    The architecture is pinned first: layers it rules out have no bit genes. Names and values are
    judged only when everything else is right: before that, the genes are not the ones that were
    meant.
    """
    fixed = root.mapping("fixed")
    if root.problems.found:
        return ()

    def pinned(gene: Gene) -> Gene:
        if gene.name not in fixed:
            return gene
        value = fixed[gene.name]
        offered = {choice: choice for choice in gene.choices}
        offered |= blueprint.aliases.get(gene.name, {})
        # bool is a subclass of int, and a list or an object cannot be looked up
        if (
            isinstance(value, (int, float, str))
            and not isinstance(value, bool)
            and value in offered
        ):
            return replace(gene, choices=(offered[value],))
        pointer = root.pointer("fixed", gene.name)
        allowed = tuple(str(choice) for choice in offered)
        root.problems.add(pointer, "not_allowed", "is not offered by this gene", allowed)
        return gene

    genes = [pinned(gene) for gene in blueprint.genes]
    layers = blueprint.weighted_layers({gene.name: gene.choices for gene in genes})
    genes += [pinned(gene) for gene in bits.genes(layers)]
    names = tuple(gene.name for gene in genes)
    for name in fixed:
        if name not in names:
            pointer = root.pointer("fixed", name)
            root.problems.add(pointer, "unknown_gene", "is not a gene of this space", names)
    return tuple(genes)
