"""What pydantic found wrong with a request, as field errors that name the allowed values."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeGuard

from pydantic import BaseModel

from bitpareto.types import FieldError

_QUOTED: Final = re.compile(r"'([^']*)'")
_BOUNDS: Final[Mapping[str, str]] = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}
_SHOWN: Final = 200


def field_errors(found: Iterable[Mapping[str, Any]], body: object) -> list[FieldError]:
    """Translate ``RequestValidationError.errors()``.

    Args:
        found: The errors.
        body: Type of the body that the path takes.
    """
    return [
        FieldError(
            pointer=pointer_of(error["loc"]),
            code=str(error["type"]),
            detail=_detail(error),
            allowed=_allowed(error, body),
        )
        for error in found
    ]


def pointer_of(location: Iterable[int | str]) -> str:
    """Return the JSON pointer of a place in the body, or ``?name`` for a query parameter.

    Example:
        >>> pointer_of(("body", "limits", "max_trials"))
        '/limits/max_trials'
        >>> pointer_of(("query", "limit"))
        '?limit'
    """
    where, *path = (str(part) for part in location)
    if where != "body":
        return {"query": "?", "header": "header:"}.get(where, f"{where}:") + "/".join(path)
    # pydantic marks an error of a key, rather than of its value, by a last part "[key]"
    parts = [part for part in path if part != "[key]"]
    return "".join("/" + p[:_SHOWN].replace("~", "~0").replace("/", "~1") for p in parts)


def _detail(error: Mapping[str, Any]) -> str:
    """Say it in the words of our own checks; ``allowed`` has what else could stand there."""
    kind, name = str(error["type"]), str(error["loc"][-1])
    if kind == "extra_forbidden":
        return "is no field here"
    if kind in {"literal_error", "enum"} and isinstance(error["input"], str):
        return f"cannot be {error['input'][:_SHOWN]!r}"
    if kind in {"float_parsing", "int_parsing"} and name.endswith("_bytes"):
        return "must be a number of bytes, such as 65536 for 64 KiB"
    return str(error["msg"])


def _allowed(error: Mapping[str, Any], body: object) -> list[str]:
    context = error.get("ctx", {})
    if "expected" in context:
        return _QUOTED.findall(str(context["expected"]))
    if error["type"] == "extra_forbidden":
        return _fields_at(error["loc"][1:-1], body)
    return [f"{sign} {context[name]}" for name, sign in _BOUNDS.items() if name in context]


def _fields_at(path: Iterable[int | str], body: object) -> list[str]:
    """Return the fields known at ``path`` in a request body."""
    model = body
    for part in path:
        field = model.model_fields.get(str(part)) if _is_model(model) else None
        model = field.annotation if field else None
    return list(model.model_fields) if _is_model(model) else []


def _is_model(type_: object) -> TypeGuard[type[BaseModel]]:
    return isinstance(type_, type) and issubclass(type_, BaseModel)
