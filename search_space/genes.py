"""Genes: the named choices a search is made over."""

from dataclasses import dataclass

GeneValue = int | float | str


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
