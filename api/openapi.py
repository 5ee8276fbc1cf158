"""The API's description: FastAPI's, less what it never sends, plus what it cannot know."""

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from bitpareto.types import Problem, SearchEvent

_REFERENCE: Final = "#/components/schemas/{model}"
_NEVER_SENT: Final = ("HTTPValidationError", "ValidationError")


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of ``app``, made once."""
    if app.openapi_schema is None:
        app.openapi_schema = _describe(app)
    return app.openapi_schema


def _describe(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    schemas = document["components"]["schemas"]
    for name in _NEVER_SENT:
        schemas.pop(name, None)
    # every error is a Problem; where FastAPI put its own body, nothing can be invalid
    for operations in document["paths"].values():
        for operation in operations.values():
            if "application/json" in operation["responses"].get("422", {}).get("content", {}):
                del operation["responses"]["422"]
    models = [(Problem, "serialization"), (SearchEvent, "serialization")]
    _, extra = models_json_schema(models, ref_template=_REFERENCE)  # type: ignore[arg-type]  # list is invariant
    schemas |= extra["$defs"]
    return document
