"""What a family hands over: the genes of an architecture, and how chosen values become layers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from search_space.assembly import Assembly, Shape
from search_space.bits import BitPlan
from search_space.conditions import Condition
from search_space.genes import Gene, GeneValue

Choices = Mapping[str, Sequence[GeneValue]]
"""What is left of each architecture gene once ``fixed`` is applied, ascending."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blueprint:
    """One declared architecture.

    Attributes:
        shape: Of the data.
        bits: How bit-widths are searched.
        genes: Genes of the architecture, also those with a single choice.
        weighted_layers: The convolutions and linear layers that can exist with these choices, in
            execution order, each with the most channels it can have; they decide which bit genes
            there are.
        build: Writes the layers behind the image, asking for a gene only where its value matters.
        aliases: Per gene, declared values that mean the same network as one of its choices; width
            multipliers that round to the same number of channels, for example.
        conditions: Of the genes that are a choice beside some values of others only.
    """

    shape: Shape
    bits: BitPlan
    genes: tuple[Gene, ...]
    weighted_layers: Callable[[Choices], Mapping[str, int]]
    build: Callable[[Assembly], None]
    aliases: Mapping[str, Mapping[GeneValue, GeneValue]] = field(default_factory=dict)
    conditions: Mapping[str, Condition] = field(default_factory=dict)
