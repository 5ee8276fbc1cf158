"""Descriptions of fields in OpenAPI: the texts that stand below them in the wire models.

Pydantic's ``use_attribute_docstrings`` does the same whenever a model is made, at a cost of a tenth
of a second to every program that imports the client. Here they are read when they are asked for.
"""

import ast
import inspect
import re
import textwrap
from itertools import pairwise
from typing import Any

from pydantic import BaseModel

from bitpareto import types as wire


def add_field_texts(schemas: dict[str, Any]) -> None:
    """Add to each schema of a wire model what is said of its fields, in place."""
    models = _models(BaseModel)
    for name, schema in schemas.items():
        model = models.get(name)
        for cls in model.__mro__ if model is not None else ():
            if cls.__module__.startswith(wire.__name__):
                for field, text in _texts(cls).items():
                    if field in schema.get("properties", {}):
                        _describe(schema["properties"][field], text)


def _models(base: type[BaseModel]) -> dict[str, type[BaseModel]]:
    """Return every model below ``base`` by name."""
    found = {}
    for cls in base.__subclasses__():
        if cls.__module__.startswith(wire.__name__):
            found[cls.__name__] = cls
        found |= _models(cls)
    return found


def _texts(cls: type) -> dict[str, str]:
    """Return the text below each annotated name of a class."""
    source = ast.parse(textwrap.dedent(inspect.getsource(cls)))
    body = [line for part in source.body if isinstance(part, ast.ClassDef) for line in part.body]
    return {
        field.target.id: inspect.cleandoc(text.value.value)
        for field, text in pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }


def _describe(schema: dict[str, Any], text: str) -> None:
    schema["description"] = re.sub(r"``(.+?)``", r"`\1`", text)
