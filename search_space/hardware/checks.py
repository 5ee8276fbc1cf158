"""Checks of single places of a written profile; each records what is wrong and goes on."""

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from search_space.bits import SUPPORTED_BITS
from search_space.hardware.document import Node
from search_space.hardware.errors import ProfileProblem
from search_space.hardware.profile import MAC_KINDS, MacKind, Pair

_MOST_PROBLEMS: Final = 100
"""Beyond them nobody reads on."""

_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,18}")
_NUMBER: Final = re.compile(
    r"[+-]?([0-9]{1,18}(\.[0-9]{0,18})?|\.[0-9]{1,18})([eE][+-]?[0-9]{1,2})?"
)


class Checks:
    """The problems found so far, in ``found``, and what finds them."""

    def __init__(self) -> None:
        self.found: list[ProfileProblem] = []

    def add(self, node: Node, code: str, detail: str, allowed: Sequence[str] = ()) -> None:
        """Record a problem."""
        if len(self.found) < _MOST_PROBLEMS:
            self.found.append(
                ProfileProblem(
                    line=node.line,
                    column=node.column,
                    pointer=node.pointer,
                    code=code,
                    detail=detail,
                    allowed=tuple(allowed),
                )
            )

    def is_mapping(self, node: Node, keys: Collection[str], required: Iterable[str] = ()) -> bool:
        """Whether it is a mapping; its keys are checked too, which does not change the answer."""
        if node.text is not None or node.is_list:
            self.add(node, "type", f"must be a mapping, not {node.kind}", tuple(keys))
            return False
        for key, value in node.fields.items():
            if key not in keys:
                self.add(value, "unknown_key", "is not a key here", tuple(keys))
        for key in required:
            if key not in node.fields:
                self.add(node, "missing", f"needs {key}")
        return True

    def items(self, node: Node) -> list[Node]:
        """Return the entries of a list that must have some."""
        if not node.is_list:
            self.add(node, "type", f"must be a list, not {node.kind}")
        elif not node.items:
            self.add(node, "empty", "needs at least one entry")
        return node.items

    def word(self, node: Node | None, allowed: Sequence[str], default: str | None) -> str | None:
        """Return one of some words; ``default`` where the place is absent, else ``None``."""
        if node is None:
            return default
        if node.text in allowed:
            return node.text
        self.add(node, "not_allowed", f"cannot be {node.kind}", allowed)
        return None

    def integer(self, node: Node, low: int, high: int) -> int | None:
        """Return an integer from ``low`` to ``high``."""
        value = _value(node, _INTEGER)
        if value is not None and low <= int(value) <= high:
            return int(value)
        allowed = (f"an integer from {low} to {high}",)
        self.add(node, "out_of_range", f"cannot be {node.kind}", allowed)
        return None

    def number(self, node: Node, low: float, high: float) -> float | None:
        """Return a number from ``low`` to ``high``."""
        value = _value(node, _NUMBER)
        if value is not None and low <= float(value) <= high:
            return float(value)
        allowed = (f"a number from {low:g} to {high:g}",)
        self.add(node, "out_of_range", f"cannot be {node.kind}", allowed)
        return None

    def bits(self, node: Node) -> int | None:
        """Return a width."""
        value = _value(node, _INTEGER)
        if value is not None and int(value) in SUPPORTED_BITS:
            return int(value)
        allowed = [str(bits) for bits in SUPPORTED_BITS]
        self.add(node, "not_allowed", f"cannot be {node.kind}", allowed)
        return None

    def pair(self, node: Node) -> Pair | None:
        """Return a pair of widths."""
        if not node.is_list or len(node.items) != 2:
            self.add(node, "type", f"must be [weight bits, activation bits], not {node.kind}")
            return None
        weight, activation = map(self.bits, node.items)
        return None if weight is None or activation is None else (weight, activation)

    def mac_kind(self, node: Node) -> MacKind | None:
        """Return a kind of layers that multiply."""
        for kind in MAC_KINDS:
            if node.text == kind:
                return kind
        self.add(node, "not_allowed", f"cannot be {node.kind}", MAC_KINDS)
        return None


def _value(node: Node, form: re.Pattern[str]) -> str | None:
    """Return the text of a scalar of a form; what has quotes is no number."""
    if node.text is None or not node.plain or not form.fullmatch(node.text):
        return None
    return node.text
