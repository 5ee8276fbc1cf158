"""``/v1/datasets``: upload data sets of one's own; list, read, fetch and delete them."""

import json
from collections.abc import Iterator
from functools import partial
from typing import Annotated, Any, Final

from anyio.to_thread import run_sync
from fastapi import APIRouter, Header, Query, Response, status
from starlette.responses import StreamingResponse

from api.byte_ranges import range_of
from api.dataset_reader import ReadDataset
from api.deps import ArtifactReader, ArtifactsDep, DatasetReaderDep, NowDep, StoreDep
from api.errors import problem_responses
from api.etags import NOT_MODIFIED, IfNoneMatch, matches, tagged_response
from api.media_types import OCTETS, OCTETS_ONLY
from api.pages import DEFAULT_LIMIT, CursorQuery, LimitQuery, decode_cursor, encode_cursor
from api.request_keys import REPLAYED
from api.spooled_bodies import SpooledDep, SpooledOnceDep
from api.uploads import UploadQuery, dataset_of
from bitpareto import types as wire
from search.datasets import DATASETS, DatasetFacts, UploadedDataset
from search.errors import NotFoundError
from search.store import Store
from search.use_cases.datasets import ID_PREFIX, add_dataset, check_name, delete_dataset

router = APIRouter(prefix="/v1/datasets", tags=["datasets"])

_BINARY: Final = {"schema": {"type": "string", "format": "binary"}}
_BODY: Final[dict[str, Any]] = {"requestBody": {"required": True, "content": {OCTETS: _BINARY}}}
_PIECE_BYTES: Final = 4 << 20
_FOR_GOOD: Final = "private, max-age=31536000, immutable"


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    dependencies=[OCTETS_ONLY],  # the first of all: a form is not read to its end
    responses={
        200: {"description": "It was there already", "model": wire.Dataset},
        **problem_responses(400, 408, 409, 413, 422, 503),
    },
    openapi_extra=_BODY,
    summary="Upload a data set (npz, parquet, zip of class folders)",
)
async def upload(
    body: SpooledDep,
    options: Annotated[UploadQuery, Query()],
    store: StoreDep,
    artifacts: ArtifactsDep,
    reader: DatasetReaderDep,
    now: NowDep,
    once: SpooledOnceDep,
    response: Response,
) -> wire.Dataset:
    """Check the images and keep them in a form of ours, under their hash.

    What the file is, its first bytes tell. The same content uploaded again is the data set that is
    there, under the name it has. Splits that are missing are dealt from the training images, each
    class in proportion, always alike for the same seed. See `docs/guides/use-my-own-data.md`.
    """
    check_name(options.name)

    def keep(read: ReadDataset) -> UploadedDataset:
        artifacts.put_file(read.data, read.facts["sha256"])
        samples = artifacts.put(read.samples.read_bytes())
        made = dataset_of(read.facts, options.name, samples, now)
        with store.begin() as uow:
            kept = once.run(uow, partial(add_dataset, uow, made), uow.datasets.get)
        if kept.id != made.id and REPLAYED not in response.headers:
            response.status_code = status.HTTP_200_OK
        return kept

    def work() -> UploadedDataset:
        with reader.read(body.path, json.dumps(options.for_reader())) as read:
            return keep(read)

    dataset = await run_sync(work, limiter=reader.turn)
    response.headers["Location"] = f"/v1/datasets/{dataset.id}"
    return _to_wire(dataset)


@router.get("", responses=problem_responses(422, 503), summary="List data sets, newest first")
def list_datasets(
    store: StoreDep, limit: LimitQuery = DEFAULT_LIMIT, cursor: CursorQuery = None
) -> wire.Page[wire.Dataset]:
    """Return one page; those that come with the server are the last."""
    after = decode_cursor(cursor)
    found: list[UploadedDataset | DatasetFacts] = []
    if after is None or after.startswith(ID_PREFIX):
        with store.read() as uow:
            found += uow.datasets.page(limit + 1, after)
        after = ""
    found += [DATASETS[name] for name in sorted(DATASETS) if name > after]
    shown, has_more = [_to_wire(each) for each in found[:limit]], len(found) > limit
    next_cursor = encode_cursor(shown[-1].id) if has_more else None
    return wire.Page(data=shown, has_more=has_more, next_cursor=next_cursor)


@router.get(
    "/{dataset_id}",
    response_model=wire.Dataset,
    responses={**NOT_MODIFIED, **problem_responses(404, 503)},
    summary="Read a data set",
)
def get(dataset_id: str, store: StoreDep, if_none_match: IfNoneMatch = None) -> Response:
    """Return what is known of it, by id or name."""
    found = DATASETS.get(dataset_id) or _uploaded(store, dataset_id)
    return tagged_response(_to_wire(found), if_none_match)


@router.delete(
    "/{dataset_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    response_class=Response,
    responses=problem_responses(404, 409, 503),
    summary="Delete a data set",
)
def delete(dataset_id: str, store: StoreDep) -> None:
    """Forget it; a 409 while a search that has not ended uses it.

    Searches that have ended stay whole, with their files; they cannot be extended any more.
    """
    with store.begin() as uow:
        delete_dataset(uow, dataset_id)


@router.get(
    "/{dataset_id}/samples",
    response_class=Response,
    responses={
        200: {"description": "A row of images for each class", "content": {"image/png": _BINARY}},
        304: {"description": "Not Modified"},
        **problem_responses(404, 503),
    },
    summary="Look at some images of a data set",
)
def samples(
    dataset_id: str, store: StoreDep, artifacts: ArtifactsDep, if_none_match: IfNoneMatch = None
) -> Response:
    """Return a picture of the first images of each class; of uploaded data sets alone."""
    found = _uploaded(store, dataset_id)
    etag = f'"{found.samples_sha256}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if matches(if_none_match, etag):
        return Response(status_code=304, headers=headers)
    content = artifacts.read(found.samples_sha256)
    return Response(content, headers=headers, media_type="image/png")


@router.get(
    "/{dataset_id}/content",
    response_class=Response,
    responses={
        200: {"description": "The whole file", "content": {OCTETS: _BINARY}},
        206: {"description": "The part asked for", "content": {OCTETS: _BINARY}},
        304: {"description": "Not Modified"},
        **problem_responses(404, 416, 503),
    },
    summary="Download the stored file of a data set",
)
def content(
    dataset_id: str,
    store: StoreDep,
    artifacts: ArtifactsDep,
    range_: Annotated[str | None, Header(alias="Range")] = None,
    if_range: Annotated[
        str | None, Header(description="An `ETag`: if it is not the file's, all of it comes.")
    ] = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Return pixels, labels and splits, a safetensors file; its `ETag` is its SHA-256."""
    found = _uploaded(store, dataset_id)
    etag = f'"{found.sha256}"'
    headers = {
        "ETag": etag,
        "Cache-Control": "private, no-cache",
        "Accept-Ranges": "bytes",
        "Content-Disposition": f'attachment; filename="{found.name}.safetensors"',
    }
    if matches(if_none_match, etag):
        return Response(status_code=304, headers=headers)
    part = range_of(range_, found.size_bytes) if if_range in (None, etag) else None
    start, stop = part or (0, found.size_bytes)
    headers["Content-Length"] = str(stop - start)
    if part is not None:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{found.size_bytes}"
    first = artifacts.read_range(found.sha256, start, min(start + _PIECE_BYTES, stop))
    pieces = _pieces(artifacts, found.sha256, first, start, stop)
    return StreamingResponse(pieces, 200 if part is None else 206, headers, OCTETS)


def _pieces(
    artifacts: ArtifactReader, sha256: str, first: bytes, start: int, stop: int
) -> Iterator[bytes]:
    yield first
    for at in range(start + _PIECE_BYTES, stop, _PIECE_BYTES):
        yield artifacts.read_range(sha256, at, min(at + _PIECE_BYTES, stop))


def _uploaded(store: Store, reference: str) -> UploadedDataset:
    with store.read() as uow:
        found = uow.datasets.find(reference)
    if found is None:
        raise NotFoundError("data set", reference)
    return found


def _to_wire(dataset: UploadedDataset | DatasetFacts) -> wire.Dataset:
    uploaded = dataset if isinstance(dataset, UploadedDataset) else None
    facts = dataset.facts if isinstance(dataset, UploadedDataset) else dataset
    shown = wire.Dataset(
        id=facts.id or facts.name,
        name=facts.name,
        built_in=uploaded is None,
        input_shape=facts.input_shape,
        n_classes=facts.n_classes,
        n_train=facts.n_train,
        n_validation=facts.n_validation,
        n_test=facts.n_test,
        mean=[*facts.mean],
        std=[*facts.std],
    )
    if uploaded is None:
        return shown
    more = {
        "class_names": [*uploaded.class_names],
        "layout": uploaded.layout,
        "dealt_splits": [*uploaded.dealt],
        "split_seed": uploaded.split_seed,
        "sha256": uploaded.sha256,
        "size_bytes": uploaded.size_bytes,
        "created_at": uploaded.created_at,
    }
    return shown.model_copy(update=more)
