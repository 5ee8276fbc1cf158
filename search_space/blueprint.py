"""What a family hands over: the genes of an architecture, and how chosen values become layers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from search_space.genes import Gene, GeneValue
from search_space.layers import LayerList

Choose = Callable[[str], GeneValue]
"""Returns the value of the named gene. The space watches which genes are asked for: exactly these
have an effect on the network, all others do not exist in the candidate."""

Choices = Mapping[str, Sequence[GeneValue]]
"""What is left of each architecture gene once ``fixed`` is applied, ascending."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blueprint:
    """One declared architecture.

    Attributes:
        genes: Genes of the architecture, also those with a single choice.
        weighted_layers: Names of all convolutions and linear layers that can exist with these
            choices, in execution order; they decide which bit genes there are.
        build: Makes the layer list, asking for a gene only where its value matters.
        aliases: Per gene, declared values that mean the same network as one of its choices; width
            multipliers that round to the same number of channels, for example.
    """

    genes: tuple[Gene, ...]
    weighted_layers: Callable[[Choices], Sequence[str]]
    build: Callable[[Choose], LayerList]
    aliases: Mapping[str, Mapping[GeneValue, GeneValue]] = field(default_factory=dict)
