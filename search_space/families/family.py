"""What every family shares: the shape of the data, the bit genes, pinned genes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, cast

from search_space.assembly import Shape
from search_space.bits import MOST_GROUPS, SUPPORTED_BITS, WIDE_BITS, BitPlan, BitsPer
from search_space.blueprint import Blueprint
from search_space.fields import Fields
from search_space.genes import Gene

COMMON_KEYS: Final = (
    "family",
    "weight_bits",
    "activation_bits",
    "bits_per",
    "channel_groups",
    "first_layer_bits",
    "last_layer_bits",
    "first_activation_bits",
    "last_activation_bits",
    "fixed",
    "conditions",
)

MOST_CHANNELS: Final = 4096
"""Keeps six-fold expanded channels and groups within the 16 bits they have in the packed file."""
MOST_GROUP_GENES: Final = 16384
"""Genes for groups of channels in a space: a candidate is still made in a fraction of a second."""
MOST_STAGES: Final = 16
MOST_BLOCKS: Final = 32
MOST_STRIDE: Final = 4


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

    def edge(key: str, default: int | None) -> int | None:
        return root.integer_or_word(key, default, SUPPORTED_BITS, "searched")

    words = ("layer", "stage", "network", "channel")
    bits_per = cast("BitsPer", root.word("bits_per", "layer", words))
    weight_bits = root.integers_among("weight_bits", (2, 3, 4, 6, 8), SUPPORTED_BITS)
    if bits_per == "channel" and WIDE_BITS in weight_bits:
        allowed = tuple(str(bits) for bits in SUPPORTED_BITS if bits != WIDE_BITS)
        detail = f"cannot hold {WIDE_BITS} with bits per channel: it is for whole layers"
        root.problems.add(root.pointer("weight_bits"), "not_allowed", detail, allowed)
    return BitPlan(
        weight_bits=weight_bits,
        activation_bits=root.integers_among("activation_bits", (4, 6, 8), SUPPORTED_BITS),
        bits_per=bits_per,
        channel_groups=root.integer_or_word("channel_groups", 4, range(1, MOST_GROUPS + 1), "all"),
        first_layer_bits=edge("first_layer_bits", 8),
        last_layer_bits=edge("last_layer_bits", 8),
        first_activation_bits=edge("first_activation_bits", None),
        pool_bits=edge("last_activation_bits", 8),
    )


def pinned_genes(blueprint: Blueprint, root: Fields) -> tuple[Gene, ...]:
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
    if not _groups_fit(blueprint.bits, layers, root):
        return ()
    genes += [pinned(gene) for gene in blueprint.bits.genes(layers)]
    names = tuple(gene.name for gene in genes)
    for name in fixed:
        if name not in names:
            pointer = root.pointer("fixed", name)
            root.problems.add(pointer, "unknown_gene", "is not a gene of this space", names)
    return tuple(genes)


def _groups_fit(bits: BitPlan, layers: Mapping[str, int], root: Fields) -> bool:
    """Record a problem when groups of channels make more genes than a layer or a space may have."""
    counts = {name: n for name, n in layers.items() if bits.most_groups(name) is not None}
    most = max(counts.values(), default=0)
    n_genes = sum(min(bits.channel_groups or n, n) for n in counts.values())
    pointer = root.pointer("channel_groups")
    if bits.channel_groups is None and most > MOST_GROUPS:
        detail = f"cannot be 'all': a layer may have {most} channels"
        root.problems.add(pointer, "out_of_range", detail, (f"1 to {MOST_GROUPS}",))
        return False
    if n_genes > MOST_GROUP_GENES:
        detail = f"makes {n_genes} genes, at most {MOST_GROUP_GENES} fit"
        root.problems.add(pointer, "out_of_range", detail)
        return False
    return True
