"""The API's description: FastAPI's, less what it never sends, plus what it cannot know."""

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from api.access_control import COOKIE
from api.access_table import need_of
from api.documented_errors import add_errors, error_examples
from api.errors import PROBLEM_MEDIA_TYPE
from api.examples import add_example
from api.field_texts import add_field_texts
from api.links import add_links
from bitpareto.types import Problem, SearchEvent

_REFERENCE: Final = "#/components/schemas/{model}"
_KEY: Final = "api_key"
_SESSION: Final = "session"
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
            _add_access(operation)
            if "application/json" in operation["responses"].get("422", {}).get("content", {}):
                del operation["responses"]["422"]
            if "requestBody" in operation:
                operation["responses"]["415"] = {"description": "", "content": _problem()}
            add_errors(operation)
            add_example(operation)
    add_links(document)
    models = [(Problem, "serialization"), (SearchEvent, "serialization")]
    _, extra = models_json_schema(models, ref_template=_REFERENCE)  # type: ignore[arg-type]  # list is invariant
    schemas |= extra["$defs"]
    add_field_texts(schemas)
    _say_tuples_as_lists(schemas)
    document["components"]["examples"] = error_examples()
    document["components"]["securitySchemes"] = {
        _KEY: {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key. A server that listens on this machine alone needs none "
            "from it.",
        },
        _SESSION: {
            "type": "apiKey",
            "in": "cookie",
            "name": COOKIE,
            "description": "Of a browser that is signed in (`POST /v1/session`).",
        },
    }
    return document


def _add_access(operation: dict[str, Any]) -> None:
    """Say what scope an operation takes, and how it refuses who has not got it."""
    try:
        need = need_of(operation["operationId"])
    except LookupError:  # added by somebody else's application, which asks for nothing
        return
    if not need.is_probe:
        operation["responses"]["429"] = {"description": "A problem", "content": _problem()}
    if need.scope is None:
        operation["security"] = []
        return
    operation["security"] = [{}, {_KEY: []}, {_SESSION: []}]
    project = ", in the project `default`" if need.runs_deployment else ""
    operation["description"] = (
        f"{operation.get('description', '')}\n\nTakes a key of scope `{need.scope}`{project}."
    ).strip()
    operation["responses"] |= {
        str(status): {"description": "A problem", "content": _problem()} for status in (401, 403)
    }


def _say_tuples_as_lists(node: object) -> None:
    """Write tuples of equal items as lists of that length, which more readers know, in place."""
    if isinstance(node, dict):
        parts = node.get("prefixItems")
        if isinstance(parts, list) and all(part == parts[0] for part in parts):
            node["items"] = node.pop("prefixItems")[0]
    for value in (
        node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    ):
        _say_tuples_as_lists(value)


def _problem() -> dict[str, Any]:
    return {PROBLEM_MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
