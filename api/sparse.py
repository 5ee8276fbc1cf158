"""Sparse answers: ``?fields=id,metrics.accuracy`` keeps what a client needs."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel
from starlette.responses import Response

from bitpareto.types import Page
from search.errors import FieldProblem, InvalidRequestError

FieldsQuery = Annotated[
    str | None,
    Query(
        max_length=1000,
        description="Only these fields of each item, with commas between them; a dot goes into "
        "an object, such as `metrics.accuracy`. What an item has not got is absent.",
    ),
]


def parse_fields(fields: str | None, model: type[BaseModel]) -> list[str] | None:
    """Return the paths asked for, ``None`` for all.

    Raises:
        InvalidRequestError: If the model has no such field.
    """
    if fields is None:
        return None
    paths = [path.strip() for path in fields.split(",")]
    known = list(model.model_fields)
    wrong = [path for path in paths if path.partition(".")[0] not in known]
    if wrong:
        detail = f"no such field: {', '.join(map(repr, wrong))}"
        raise InvalidRequestError([FieldProblem("?fields", "unknown_field", detail, tuple(known))])
    return paths


def page_response(
    items: Sequence[BaseModel], paths: Sequence[str] | None, next_cursor: str | None
) -> Response:
    """Return a page of items, whole or sparse."""
    data = [item.model_dump(mode="json") for item in items]
    page = Page[dict[str, Any]](
        data=data if paths is None else [sparse(item, paths) for item in data],
        has_more=next_cursor is not None,
        next_cursor=next_cursor,
    )
    return Response(page.model_dump_json(), media_type="application/json")


def sparse(item: Mapping[str, Any], paths: Iterable[str]) -> dict[str, Any]:
    """Return an item with these fields alone, nested as they were.

    Example:
        >>> sparse({"id": 1, "costs": {"macs": 2, "bops": 3}}, ["id", "costs.macs", "costs.x"])
        {'id': 1, 'costs': {'macs': 2}}
    """
    kept: dict[str, Any] = {}
    for path in paths:
        field, _, inside = path.partition(".")  # names of genes have dots of their own
        value = item.get(field)
        if not inside:
            kept[field] = value
        elif isinstance(value, Mapping):
            target = kept.setdefault(field, {})
            target |= {inside: value[inside]} if inside in value else {}
    return kept
