"""YAML as a tree of places, within bounds and without ever making an object of its choosing.

Only what the parser yields is looked at: no tags are resolved, and anchors, which let a short text
stand for a huge tree, are refused.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import yaml  # type: ignore[import-untyped]  # ships no types

from search_space.hardware.errors import HardwareProfileError, ProfileProblem

MOST_BYTES: Final = 256 * 1024
MOST_NODES: Final = 50_000
MOST_DEPTH: Final = 12
_MOST_SHOWN: Final = 40


@dataclass(slots=True, kw_only=True)
class Node:
    """One value of a document and where it stands.

    Attributes:
        line: From 1.
        column: From 1.
        pointer: JSON pointer.
        text: Of a scalar; ``None`` for lists and mappings.
        plain: Whether the scalar has no quotes; only then is it a number or null.
        items: Of a list.
        fields: Of a mapping.
        is_list: Whether it is a list.
    """

    line: int
    column: int
    pointer: str
    text: str | None = None
    plain: bool = False
    items: list["Node"] = field(default_factory=list)
    fields: dict[str, "Node"] = field(default_factory=dict)
    is_list: bool = False

    @property
    def kind(self) -> str:
        """What it is, as people call it."""
        if self.text is None:
            return "a list" if self.is_list else "a mapping"
        return repr(self.text if len(self.text) <= _MOST_SHOWN else f"{self.text[:_MOST_SHOWN]}...")


def read_document(text: str | bytes, duplicates: list[Node]) -> Node:
    """Return the root of a YAML document.

    Args:
        text: At most ``MOST_BYTES`` as UTF-8.
        duplicates: Takes the keys that stand in a mapping a second time.

    Raises:
        HardwareProfileError: If it is too large or no YAML, has another encoding, several
            documents, anchors or tags, or is too deep.
    """
    decoded = _decoded(text)
    try:
        events = yaml.parse(decoded, Loader=yaml.SafeLoader)
        return _Builder(duplicates).build(events)
    except HardwareProfileError:  # a ValueError too
        raise
    except yaml.reader.ReaderError as error:
        before = decoded[: error.position]
        line, column = before.count("\n"), len(before) - before.rfind("\n") - 1
        raise _refused(
            line, column, "not_yaml", "is a character that YAML does not allow"
        ) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        raise _refused(line, column, "not_yaml", f"is no YAML: {error.problem}") from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        # an escape or a version beyond all numbers, of which the parser knows no place
        raise _refused(0, 0, "not_yaml", f"is no YAML: {error}") from None


def _decoded(text: str | bytes) -> str:
    data = text.encode(errors="surrogatepass") if isinstance(text, str) else text
    if len(data) > MOST_BYTES:
        detail = f"has {len(data)} bytes, at most {MOST_BYTES} fit"
        raise _refused(0, 0, "too_long", detail)
    try:
        return data.decode().removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line, column = before.count(b"\n"), len(before) - before.rfind(b"\n") - 1
        raise _refused(line, column, "not_utf8", "is not UTF-8") from None


class _Builder:
    """Makes nodes of parser events, without recursion."""

    def __init__(self, duplicates: list[Node]) -> None:
        self._duplicates = duplicates
        self._open: list[Node] = []
        self._keys: list[Node | None] = []
        self._root: Node | None = None
        self._n_nodes = 0

    def build(self, events: Iterable[yaml.Event]) -> Node:
        """Return the root."""
        for event in events:
            mark = event.start_mark
            match event:
                case yaml.DocumentStartEvent() if self._root is not None:
                    raise _refused(mark.line, mark.column, "not_yaml", "is a second document")
                case yaml.AliasEvent():
                    detail = "is an alias; these are not read"
                    raise _refused(mark.line, mark.column, "not_allowed", detail)
                case yaml.NodeEvent():
                    self._start(event)
                case yaml.CollectionEndEvent():
                    self._open.pop()
                    self._keys.pop()
        if self._root is None:
            raise _refused(0, 0, "empty", "is empty")
        return self._root

    def _start(self, event: yaml.NodeEvent) -> None:
        mark = event.start_mark
        line, column = mark.line, mark.column
        if event.anchor is not None or event.tag is not None:
            raise _refused(
                line, column, "not_allowed", "has an anchor or a tag; these are not read"
            )
        self._n_nodes += 1
        if self._n_nodes > MOST_NODES or len(self._open) >= MOST_DEPTH:
            detail = f"is beyond {MOST_NODES} values or {MOST_DEPTH} levels"
            raise _refused(line, column, "too_long", detail)
        node = Node(line=line + 1, column=column + 1, pointer=self._pointer())
        if isinstance(event, yaml.ScalarEvent):
            node.text, node.plain = event.value, event.style is None
        else:
            node.is_list = isinstance(event, yaml.SequenceStartEvent)
        self._put(node)
        if node.text is None:
            self._open.append(node)
            self._keys.append(None)

    def _pointer(self) -> str:
        if not self._open:
            return ""
        parent, key = self._open[-1], self._keys[-1]
        if parent.is_list:
            return f"{parent.pointer}/{len(parent.items)}"
        if key is None:
            return parent.pointer
        step = (key.text or "")[:_MOST_SHOWN].replace("~", "~0").replace("/", "~1")
        # half of a surrogate pair, which an escape can make, could not be sent
        return f"{parent.pointer}/{step}".encode(errors="backslashreplace").decode()

    def _put(self, node: Node) -> None:
        if not self._open:
            self._root = node
            return
        parent, key = self._open[-1], self._keys[-1]
        if parent.is_list:
            parent.items.append(node)
        elif key is None:
            if node.text is None:
                raise _refused(node.line - 1, node.column - 1, "type", "cannot be a key")
            self._keys[-1] = node
        else:
            name = key.text or ""
            if name in parent.fields:
                self._duplicates.append(key)
            parent.fields.setdefault(name, node)
            self._keys[-1] = None


def _refused(line: int, column: int, code: str, detail: str) -> HardwareProfileError:
    shown = detail.encode(errors="backslashreplace").decode()
    problem = ProfileProblem(line=line + 1, column=column + 1, pointer="", code=code, detail=shown)
    return HardwareProfileError([problem])
