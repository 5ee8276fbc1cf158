"""From a written profile to ``HardwareProfile``, collecting every problem with its line."""

import re
from collections.abc import Mapping
from itertools import product
from typing import Final

from search_space.hardware.checks import Checks
from search_space.hardware.cost_reader import ReadCost, for_every_kind, read_cost
from search_space.hardware.document import Node, read_document
from search_space.hardware.errors import HardwareProfileError
from search_space.hardware.profile import MAC_KINDS, HardwareProfile, MacKind, Pair

SCHEMA: Final = 1
MOST_DESCRIPTION: Final = 4000
_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?")
_MOST_MEMORY: Final = 2**40


def read_profile(text: str | bytes) -> HardwareProfile:
    """Read a profile; ``docs/hardware-profiles.md`` describes the schema.

    Args:
        text: YAML of at most ``document.MOST_BYTES``.

    Raises:
        HardwareProfileError: With every problem found, each at its line; nothing else, whatever
            the text.
    """
    checks = Checks()
    duplicates: list[Node] = []
    root = read_document(text, duplicates)
    for key in duplicates:
        checks.add(key, "duplicate", f"has {key.kind} twice")
    profile = _profile(root, checks)
    if profile is None or checks.found:
        found = sorted(checks.found, key=lambda problem: (problem.line, problem.column))
        raise HardwareProfileError(found)
    return profile


def _profile(root: Node, checks: Checks) -> HardwareProfile | None:
    keys = ("schema", "name", "description", "flash_bytes", "ram_bytes", "pairs", "cost")
    if not checks.is_mapping(root, keys, required=("schema", "name", "cost")):
        return None
    fields = root.fields
    if "schema" in fields:
        checks.integer(fields["schema"], SCHEMA, SCHEMA)
    name = _name(fields["name"], checks) if "name" in fields else ""
    description = _text(fields["description"], checks) if "description" in fields else ""
    flash, ram = (
        checks.integer(fields[key], 1, _MOST_MEMORY) if key in fields else None
        for key in ("flash_bytes", "ram_bytes")
    )
    named = _pairs(fields["pairs"], checks) if "pairs" in fields else None
    cost = read_cost(fields["cost"], checks) if "cost" in fields else None
    if cost is None:
        return None
    return HardwareProfile(
        name=name,
        description=description,
        pairs=cost.pairs if named is None else _checked(fields["pairs"], named, cost, checks),
        flash_bytes=flash,
        ram_bytes=ram,
        cost=cost.model,
        other=cost.other,
    )


def _name(node: Node, checks: Checks) -> str:
    if node.text is None or not _NAME.fullmatch(node.text):
        allowed = ("1 to 64 of a-z, 0-9 and -, no - first or last",)
        checks.add(node, "not_allowed", f"cannot be {node.kind}", allowed)
    return node.text or ""


def _text(node: Node, checks: Checks) -> str:
    text = node.text or ""
    if node.text is None:
        checks.add(node, "type", f"must be a text, not {node.kind}")
    elif len(text) > MOST_DESCRIPTION:
        detail = f"has {len(text)} characters, at most {MOST_DESCRIPTION} fit"
        checks.add(node, "too_long", detail)
    elif not all(c.isprintable() or c == "\n" for c in text):
        checks.add(node, "not_allowed", "has characters that cannot be shown")
    return text


def _pairs(node: Node, checks: Checks) -> dict[MacKind, frozenset[Pair]]:
    """Return the allowed pairs of the kinds that are named."""
    if not checks.is_mapping(node, MAC_KINDS, required=("conv",)):
        return {}
    return {
        kind: _pairs_of_kind(node.fields[kind], checks) for kind in MAC_KINDS if kind in node.fields
    }


def _pairs_of_kind(node: Node, checks: Checks) -> frozenset[Pair]:
    """Return pairs listed one by one, or all of some widths with some others."""
    if node.is_list or node.text is not None:
        pairs = [checks.pair(item) for item in checks.items(node)]
        return frozenset(pair for pair in pairs if pair is not None)
    keys = ("weight_bits", "activation_bits")
    if not checks.is_mapping(node, keys, required=keys):
        return frozenset()
    weights, activations = (
        [checks.bits(item) for item in checks.items(node.fields[key])] if key in node.fields else []
        for key in keys
    )
    return frozenset(
        (weight, activation)
        for weight, activation in product(weights, activations)
        if weight is not None and activation is not None
    )


def _checked(
    node: Node, named: Mapping[MacKind, frozenset[Pair]], cost: ReadCost, checks: Checks
) -> Mapping[MacKind, frozenset[Pair]]:
    """Return the pairs of every kind after making sure that each has a cost."""
    none: frozenset[Pair] = frozenset()
    pairs = dict.fromkeys(MAC_KINDS, none) | for_every_kind(named)
    for kind, allowed in pairs.items():
        without = sorted(allowed - cost.pairs[kind])
        if without:
            shown = ", ".join(str(list(pair)) for pair in without)
            known = [str(list(pair)) for pair in sorted(cost.pairs[kind])]
            detail = f"allows {shown} to {kind} layers, of which cost says nothing"
            checks.add(node.fields.get(kind, node), "no_cost", detail, known)
    return pairs
