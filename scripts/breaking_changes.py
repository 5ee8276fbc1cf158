"""Compares docs/openapi.json with what was promised, and names what would break a client.

docs/openapi.frozen.json is the contract of the last release: the document without its prose.
Without arguments this prints every breaking change since and fails if there is one; `--freeze`
writes the file anew, which a release does, and refuses while something is broken.

What breaks, as schemas of requests must go on taking what they took, and schemas of answers must
not answer what they did not: an operation, parameter, media type, status, field or enum value that
is gone; a new required field or parameter; a type, bound or pattern of a request that takes less;
a type of an answer that may be something else; a field of an answer that may be missing. New enum
values and fields of answers do not: clients ignore what they do not know.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent.parent / "docs"
CURRENT, FROZEN = DOCS / "openapi.json", DOCS / "openapi.frozen.json"
PROSE = {"description", "summary", "title", "example", "examples", "links", "tags", "info"}
LOWER_TAKES_LESS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")
HIGHER_TAKES_LESS = ("minimum", "exclusiveMinimum", "minLength", "minItems")


class Comparison:
    """Two documents, and the pairs of their schemas that have been compared."""

    def __init__(self, old: dict[str, Any], new: dict[str, Any]) -> None:
        self._old, self._new = old, new
        self._seen: set[tuple[str, str, bool]] = set()

    def changes(self) -> Iterator[str]:
        """Yield every breaking change in words."""
        for path, methods in self._old["paths"].items():
            for method, old in methods.items():
                name = f"{method.upper()} {path}"
                new = self._new["paths"].get(path, {}).get(method)
                if new is None:
                    yield f"{name} is gone"
                    continue
                if new["operationId"] != old["operationId"]:
                    yield f"{name} has another operation id"
                yield from self._parameters(name, old, new)
                yield from self._body(name, old.get("requestBody"), new.get("requestBody"))
                yield from self._answers(name, old["responses"], new["responses"])

    def _parameters(self, name: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
        before, after = (
            {(each["in"], each["name"].lower()): each for each in told.get("parameters", ())}
            for told in (old, new)
        )
        for key in before.keys() - after.keys():
            yield f"{name}: {key[0]} parameter {key[1]} is gone"
        for key, told in after.items():
            was_required = before.get(key, {}).get("required", False)
            if told.get("required", False) and not was_required:
                yield f"{name}: {key[0]} parameter {key[1]} is required"
            if key in before:
                where = f"{name}: {key[0]} parameter {key[1]}"
                yield from self._schema(where, before[key]["schema"], told["schema"], sent=True)

    def _body(
        self, name: str, old: dict[str, Any] | None, new: dict[str, Any] | None
    ) -> Iterator[str]:
        if new is None:
            if old is not None:
                yield f"{name} takes no body"
            return
        if new.get("required", False) and not (old or {}).get("required", False):
            yield f"{name}: the body is required"
        if old is not None:
            yield from self._contents(f"{name}: body", old, new, sent=True)

    def _answers(self, name: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
        for status, answer in old.items():
            if status not in new:
                yield f"{name}: status {status} is gone"
            else:
                yield from self._contents(f"{name}: {status}", answer, new[status], sent=False)

    def _contents(
        self, where: str, old: dict[str, Any], new: dict[str, Any], *, sent: bool
    ) -> Iterator[str]:
        after = new.get("content", {})
        for kind, told in old.get("content", {}).items():
            if kind not in after:
                yield f"{where}: {kind} is gone"
            else:
                schemas = told.get("schema", {}), after[kind].get("schema", {})
                yield from self._schema(where, *schemas, sent=sent)

    def _schema(self, where: str, old: Any, new: Any, *, sent: bool) -> Iterator[str]:
        pair = (json.dumps(old, sort_keys=True), json.dumps(new, sort_keys=True), sent)
        if pair in self._seen:  # said once, and a schema that holds itself ends
            return
        self._seen.add(pair)
        olds, news = _alternatives(self._old, old), _alternatives(self._new, new)
        if len(olds) == len(news) == 1:
            yield from self._plain(where, olds[0], news[0], sent=sent)
            return
        # a request takes every alternative that it took; an answer is one that it was
        for one in olds if sent else news:
            tried = [
                (other, list(self._trial(where, one, other, sent=sent)))
                for other in (news if sent else olds)
            ]
            if all(found for _, found in tried):
                alike = [found for other, found in tried if _types(other) == _types(one)]
                what = "does not take" if sent else "may now be"
                yield from alike[0] if alike else (f"{where} {what} {_said(one)}",)

    def _trial(self, where: str, one: Any, other: Any, *, sent: bool) -> Iterator[str]:
        """Compare with a memory of its own: what does not fit here may fit elsewhere."""
        old, new = (one, other) if sent else (other, one)
        return Comparison(self._old, self._new)._plain(where, old, new, sent=sent)

    def _plain(
        self, where: str, old: dict[str, Any], new: dict[str, Any], *, sent: bool
    ) -> Iterator[str]:
        wide, narrow = (new, old) if sent else (old, new)
        if not _types(narrow) <= _types(wide):
            yield f"{where} was {_said(old)} and is {_said(new)}"
            return
        if gone := [value for value in _values(old) if "enum" in new and value not in _values(new)]:
            yield f"{where}: {', '.join(map(json.dumps, gone))} is gone"
        elif sent and _values(new) and not _values(old):
            yield f"{where} takes only {', '.join(map(json.dumps, _values(new)))}"
        if sent:
            yield from _tighter(where, old, new)
        yield from self._fields(where, old, new, sent=sent)
        for part in ("items", "additionalProperties"):
            if isinstance(old.get(part), dict) and isinstance(new.get(part), dict):
                yield from self._schema(f"{where}/*", old[part], new[part], sent=sent)

    def _fields(
        self, where: str, old: dict[str, Any], new: dict[str, Any], *, sent: bool
    ) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        needed_before, needed = set(old.get("required", ())), set(new.get("required", ()))
        for field, told in before.items():
            if field in after:
                yield from self._schema(f"{where}/{field}", told, after[field], sent=sent)
            else:
                yield f"{where}/{field} is gone"
        if sent:
            yield from (f"{where}/{field} is required" for field in sorted(needed - needed_before))
        else:
            missing = sorted((needed_before - needed) & after.keys())
            yield from (f"{where}/{field} may be missing" for field in missing)


def _alternatives(document: dict[str, Any], schema: Any) -> list[dict[str, Any]]:
    """Return what a schema may be, each without a reference at its top."""
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return [each for part in schema[key] for each in _alternatives(document, part)]
    return [schema]


def _types(schema: dict[str, Any]) -> set[str]:
    """Return the JSON types that a schema allows."""
    told = schema.get("type")
    if told is None:
        values = _values(schema)
        return {"string"} if values and all(isinstance(one, str) for one in values) else _ALL
    types = {told} if isinstance(told, str) else set(told)
    return types | {"integer"} if "number" in types else types


_ALL = {"string", "integer", "number", "boolean", "null", "object", "array"}


def _values(schema: dict[str, Any]) -> list[Any]:
    return [schema["const"]] if "const" in schema else list(schema.get("enum", ()))


def _said(schema: dict[str, Any]) -> str:
    return "/".join(sorted(_types(schema))) if "type" in schema else "anything"


def _tighter(where: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    for sign, keys in ((1, LOWER_TAKES_LESS), (-1, HIGHER_TAKES_LESS)):
        for key in keys:
            if key in new and (key not in old or sign * new[key] < sign * old[key]):
                yield f"{where}: {key} is {new[key]}"
    for key in ("pattern", "format", "multipleOf"):
        if key in new and new[key] != old.get(key):
            yield f"{where}: {key} is {new[key]}"
    if new.get("additionalProperties", True) is False and old.get("additionalProperties", True):
        yield f"{where} takes no other fields"


def breaking_changes(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Return what a client of ``old`` would miss in ``new``."""
    return list(Comparison(old, new).changes())


def contract_of(node: Any, *, names: bool = False) -> Any:
    """Return a document without what is for people; ``names`` are kept, whatever they are."""
    if isinstance(node, list):
        return [contract_of(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: contract_of(value, names=not names and key in ("properties", "schemas", "paths"))
        for key, value in node.items()
        if names or key not in PROSE
    }


def main() -> int:
    """Compare, or freeze; returns the exit status."""
    current = json.loads(CURRENT.read_text())
    found = breaking_changes(json.loads(FROZEN.read_text()), current) if FROZEN.exists() else []
    for line in found:
        print(f"breaks clients: {line}")
    if not found and "--freeze" in sys.argv[1:]:
        FROZEN.write_text(json.dumps(contract_of(current), indent=1, sort_keys=True) + "\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
