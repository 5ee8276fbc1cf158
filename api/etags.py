"""Conditional requests (RFC 9110, section 13)."""

import hashlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final

from fastapi import Header, Response
from pydantic import BaseModel

IfNoneMatch = Annotated[str | None, Header(description="An `ETag` of an earlier answer.")]
NOT_MODIFIED: Final[Mapping[int | str, dict[str, Any]]] = MappingProxyType(
    {304: {"description": "Not Modified"}}
)


def tagged_response(
    body: BaseModel, if_none_match: str | None, *, untagged: frozenset[str] = frozenset()
) -> Response:
    """Return an answer with its weak ``ETag``, or 304 without a body if the client has that one.

    Args:
        body: What is asked for.
        if_none_match: The header of the request.
        untagged: Fields whose change is none of the answer.
    """
    etag = etag_of(body, untagged=untagged)
    if matches(if_none_match, etag):
        return json_response(None, etag)
    return json_response(body.model_dump_json().encode(), etag)


def etag_of(body: BaseModel, *, untagged: frozenset[str] = frozenset()) -> str:
    """Return the weak ``ETag`` of an answer, by all its fields but those ``untagged``."""
    said = body.model_dump_json(exclude=set(untagged)).encode()
    return f'W/"{hashlib.sha256(said).hexdigest()[:32]}"'


def json_response(content: bytes | None, etag: str) -> Response:
    """Return JSON with its ``ETag``, or 304 where there is nothing to send."""
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    if content is None:
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type="application/json")


def matches(if_none_match: str | None, etag: str) -> bool:
    """Whether ``If-None-Match`` holds ``etag``; compares weakly, as that header does.

    Example:
        >>> matches('"a", W/"b"', '"b"')
        True
    """
    if if_none_match is None:
        return False
    held = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return "*" in held or etag.removeprefix("W/") in held
