"""What pydantic found wrong with a request, as field errors that name the allowed values."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic import BaseModel

from bitpareto.types import FieldError, SearchCreate

_QUOTED: Final = re.compile(r"'([^']*)'")
_BOUNDS: Final[Mapping[str, str]] = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}
_SHOWN: Final = 200


def field_errors(found: Iterable[Mapping[str, Any]]) -> list[FieldError]:
    """Translate ``RequestValidationError.errors()``."""
    return [
        FieldError(
            pointer=pointer_of(error["loc"]),
            code=str(error["type"]),
            detail=str(error["msg"]),
            allowed=_allowed(error),
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
        return {"query": "?", "header": "header:"}.get(where, f"{where}:") + "".join(path)
    # pydantic marks an error of a key, rather than of its value, by a last part "[key]"
    parts = [part for part in path if part != "[key]"]
    return "".join("/" + p[:_SHOWN].replace("~", "~0").replace("/", "~1") for p in parts)


def _allowed(error: Mapping[str, Any]) -> list[str]:
    context = error.get("ctx", {})
    if "expected" in context:
        return _QUOTED.findall(str(context["expected"]))
    if error["type"] == "extra_forbidden":
        return _fields_at(error["loc"][1:-1])
    return [f"{sign} {context[name]}" for name, sign in _BOUNDS.items() if name in context]


def _fields_at(path: Iterable[int | str]) -> list[str]:
    """Return the fields known at ``path`` in the only request body there is."""
    model: type[BaseModel] = SearchCreate
    for part in path:
        field = model.model_fields.get(str(part))
        inner = field.annotation if field else None
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return []
        model = inner
    return list(model.model_fields)
