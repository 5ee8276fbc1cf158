"""Genes: the named choices a search is made over."""

from collections.abc import Callable
from dataclasses import dataclass

GeneValue = int | float | str

Choose = Callable[[str], GeneValue]
"""Returns the value of the named gene. The space watches which genes are asked for: exactly these
have an effect on the network, all others do not exist in the candidate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gene:
    """One named choice.

    Attributes:
        name: Dotted place in the architecture, such as ``stage1.kernel``.
        choices: Allowed values; ascending when ``ordered``.
        ordered: Whether neighbouring choices are similar networks.
    """

    name: str
    choices: tuple[GeneValue, ...]
    ordered: bool = True
