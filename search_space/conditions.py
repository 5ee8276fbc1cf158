"""Genes that a declaration makes conditional: choices that exist beside some others only."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from search_space.bits import is_bit_gene, is_group_gene
from search_space.fields import Fields
from search_space.genes import Gene, GeneValue

_KEYS: Final = ("when", "otherwise")


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Where a gene is a choice.

    Attributes:
        when: Per other gene, 1 for each of its values beside which the gene is a choice, else 0;
            it must be 1 for all of them.
        otherwise: What the gene is where it is none; it then has no effect.
    """

    when: Mapping[str, Mapping[GeneValue, int]]
    otherwise: GeneValue


def read_conditions(
    root: Fields, genes: Sequence[Gene], aliases: Mapping[str, Mapping[GeneValue, GeneValue]]
) -> dict[str, Condition]:
    """Read ``conditions`` of a declaration: per gene what it depends on.

    Args:
        root: The declaration; problems found are recorded there.
        genes: All genes of the space, also those with a single choice.
        aliases: As in ``Blueprint``.
    """
    declared = root.mapping("conditions")
    known = {gene.name: gene for gene in genes}
    offered = {
        gene.name: {**{choice: choice for choice in gene.choices}, **aliases.get(gene.name, {})}
        for gene in genes
    }
    # one choice per channel group is weighed without looking at each, see ``TableAssembly``
    children = [name for name in known if not is_group_gene(name)]
    parents = [name for name in known if not is_bit_gene(name)]
    conditions = {}
    for name, value in declared.items():
        if name not in children:
            pointer = root.pointer("conditions", name)
            root.problems.add(pointer, "unknown_gene", "cannot be conditional", tuple(children))
            continue
        fields = Fields(value, root.pointer("conditions", name), root.problems)
        fields.only(_KEYS)
        others = [parent for parent in parents if parent != name]
        when = {
            parent: _beside(fields, parent, values, offered[parent])
            for parent, values in _parents(fields, others)
        }
        conditions[name] = Condition(when=when, otherwise=_otherwise(fields, offered[name]))
    for name in _in_circles(conditions):
        pointer = root.pointer("conditions", name)
        root.problems.add(pointer, "circular", "depends on itself, by what it depends on")
    return {} if root.problems.found else conditions


def _parents(fields: Fields, others: Sequence[str]) -> Iterator[tuple[str, Any]]:
    when = fields.mapping("when")
    if not when:
        fields.problems.add(
            fields.pointer("when"), "missing", "names at least one gene", tuple(others)
        )
    for parent, values in when.items():
        if parent in others:
            yield parent, values
        else:
            fields.problems.add(
                fields.pointer("when", parent),
                "unknown_gene",
                "is not a gene that another can depend on",
                tuple(others),
            )


def _beside(
    fields: Fields, parent: str, values: object, offered: Mapping[GeneValue, GeneValue]
) -> Mapping[GeneValue, int]:
    """Return 1 for each value of the parent that is named, else 0."""
    pointer = fields.pointer("when", parent)
    allowed = tuple(str(value) for value in offered)
    named = set()
    if not isinstance(values, list | tuple) or not values:
        fields.problems.add(pointer, "type", "must be a list of values", allowed)
        return {}
    for value in values:
        if not _is_offered(value, offered):
            fields.problems.add(pointer, "not_allowed", "is not offered by this gene", allowed)
            return {}
        named.add(offered[value])
    return {choice: int(choice in named) for choice in offered.values()}


def _otherwise(fields: Fields, offered: Mapping[GeneValue, GeneValue]) -> GeneValue:
    value = fields.value("otherwise")
    if _is_offered(value, offered):
        return offered[value]
    allowed = tuple(str(choice) for choice in offered)
    fields.problems.add(
        fields.pointer("otherwise"), "not_allowed", "must be a value that the gene offers", allowed
    )
    return allowed[0]


def _is_offered(value: Any, offered: Mapping[GeneValue, GeneValue]) -> bool:
    # bool is a subclass of int, and a list or an object cannot be looked up
    plain = isinstance(value, int | float | str) and not isinstance(value, bool)
    return plain and value in offered


def _in_circles(conditions: Mapping[str, Condition]) -> list[str]:
    """Return the genes that depend on themselves."""
    below = {name: set(condition.when) for name, condition in conditions.items()}
    for _ in below:
        for name in below:
            below[name] = below[name].union(*(below.get(parent, ()) for parent in below[name]))
    return [name for name in below if name in below[name]]
