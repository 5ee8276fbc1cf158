"""Packed files."""

from typing import Annotated

from fastapi import APIRouter, Header, Response

from api.byte_ranges import range_of
from api.deps import ArtifactsDep, StoreDep
from api.errors import problem_responses
from api.etags import matches

router = APIRouter(prefix="/v1/artifacts", tags=["artifacts"])

MEDIA_TYPE = "application/octet-stream"
_BINARY = {"schema": {"type": "string", "format": "binary"}}


@router.get(
    "/{artifact_id}",
    response_class=Response,
    responses={
        200: {"description": "The whole file", "content": {MEDIA_TYPE: _BINARY}},
        206: {"description": "The part asked for", "content": {MEDIA_TYPE: _BINARY}},
        304: {"description": "Not Modified"},
        **problem_responses(404, 416, 503),
    },
    summary="Download a packed file",
)
def get(
    artifact_id: str,
    store: StoreDep,
    artifacts: ArtifactsDep,
    range_: Annotated[str | None, Header(alias="Range")] = None,
    if_range: Annotated[
        str | None, Header(description="An `ETag`: if it is not the file's, all of it comes.")
    ] = None,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Return the file; its `ETag` is its SHA-256, and it never changes."""
    with store.read() as uow:
        artifact = uow.artifacts.get(artifact_id)
    etag = f'"{artifact.sha256}"'
    headers = {
        "ETag": etag,
        "Cache-Control": "private, max-age=31536000, immutable",
        "Accept-Ranges": "bytes",
        "Content-Disposition": f'attachment; filename="{artifact_id}.bpar"',
    }
    if matches(if_none_match, etag):
        return Response(status_code=304, headers=headers)
    content = artifacts.read(artifact.sha256)
    part = range_of(range_, len(content)) if if_range in (None, etag) else None
    if part is None:
        return Response(content, headers=headers, media_type=MEDIA_TYPE)
    start, end = part
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(content)}"
    return Response(content[start:end], 206, headers, media_type=MEDIA_TYPE)
