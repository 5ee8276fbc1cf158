"""Packed files in the formats of others."""

import hashlib
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Header, Path, Response

from api.deps import ArtifactsDep, ExportsDep, StoreDep
from api.errors import problem_responses
from api.etags import matches
from exports.formats import FORMATS

router = APIRouter(prefix="/v1/artifacts", tags=["artifacts"])


class ExportName(StrEnum):
    """The formats, for the schema."""

    ONNX = "onnx"
    C_HEADER = "c-header"


_CONTENT = {
    found.media_type: {"schema": {"type": "string", "format": "binary"}}
    for found in FORMATS.values()
}


@router.get(
    "/{artifact_id}/exports/{format}",
    response_class=Response,
    responses={
        200: {"description": "The exported file", "content": _CONTENT},
        304: {"description": "Not Modified"},
        **problem_responses(404, 422, 503),
    },
    summary="Export a packed file: ONNX, or a C header",
)
def export(
    artifact_id: str,
    name: Annotated[ExportName, Path(alias="format")],
    store: StoreDep,
    artifacts: ArtifactsDep,
    exports: ExportsDep,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Return the packed network as a file of another format, made on demand.

    The `ETag` is the SHA-256 of the export. It is the same as long as the server's version is.
    """
    with store.read() as uow:
        artifact = uow.artifacts.get(artifact_id)
    content = exports.get(artifact.sha256, name, lambda: artifacts.read(artifact.sha256))
    found = FORMATS[name]
    etag = f'"{hashlib.sha256(content).hexdigest()}"'
    headers = {
        "ETag": etag,
        "Cache-Control": "private, no-cache",
        "Content-Disposition": f'attachment; filename="{artifact_id}{found.suffix}"',
    }
    if matches(if_none_match, etag):
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type=found.media_type)
