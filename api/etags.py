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
    said = body.model_dump_json(exclude=set(untagged)).encode()
    etag = f'W/"{hashlib.sha256(said).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    if matches(if_none_match, etag):
        return Response(status_code=304, headers=headers)
    return Response(body.model_dump_json(), headers=headers, media_type="application/json")


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
