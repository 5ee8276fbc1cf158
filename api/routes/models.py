"""``/v1/models``: upload networks of one's own; list, read and delete them."""

import hashlib
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Body, Query, Response, status

from api.deps import ArtifactsDep, ConverterDep, NowDep, StoreDep
from api.errors import problem_responses
from api.etags import NOT_MODIFIED, IfNoneMatch, tagged_response
from api.mapping import layer_rows
from api.media_types import OCTETS, OCTETS_ONLY
from api.pages import DEFAULT_LIMIT, CursorQuery, LimitQuery, decode_cursor, encode_cursor
from api.request_keys import REPLAYED, OnceDep
from bitpareto import types as wire
from search.entities import Model
from search.ids import new_id
from search.use_cases.models import check_normalisation, create_model, delete_model
from search_space.costs import costs

router = APIRouter(prefix="/v1/models", tags=["models"])

NumbersQuery = Annotated[
    list[float] | None,
    Query(description="One per channel, of pixels / 255; the data set's when left out."),
]


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    dependencies=[OCTETS_ONLY],
    responses={
        200: {"description": "It was there already", "model": wire.Model},
        **problem_responses(400, 408, 413, 422, 503),
    },
    summary="Upload a network: an exported program (.pt2)",
)
def upload(
    program: Annotated[bytes, Body(media_type=OCTETS)],
    store: StoreDep,
    artifacts: ArtifactsDep,
    converter: ConverterDep,
    now: NowDep,
    once: OnceDep,
    response: Response,
    name: Annotated[str, Query(max_length=200)] = "",
    mean: NumbersQuery = None,
    std: NumbersQuery = None,
) -> wire.Model:
    """Read the program without executing it; keep its layers and float weights, not the file.

    A program that is malformed, unsafe, or uses an operator that is not supported is refused with
    every problem and its place, and nothing is stored. The same file under the same name, with the
    same `mean` and `std`, is the network that is there.
    """
    converted = converter.convert(program)
    check_normalisation(mean, std, converted.layers[0].out_channels)
    weights_sha256, model_id = artifacts.put(converted.weights), new_id("mdl")
    with store.begin() as uow:
        create = partial(
            create_model,
            uow,
            model_id=model_id,
            name=name,
            sha256=hashlib.sha256(program).hexdigest(),
            weights_sha256=weights_sha256,
            size_bytes=len(program),
            layers=converted.layers,
            mean=mean,
            std=std,
            now=now,
        )
        model = once.run(uow, create, uow.models.get)
    if model.id != model_id and REPLAYED not in response.headers:
        response.status_code = status.HTTP_200_OK
    response.headers["Location"] = f"/v1/models/{model.id}"
    return _to_wire(model, with_layers=True)


@router.get("", responses=problem_responses(422, 503), summary="List networks, newest first")
def list_models(
    store: StoreDep, limit: LimitQuery = DEFAULT_LIMIT, cursor: CursorQuery = None
) -> wire.Page[wire.Model]:
    """Return one page."""
    with store.read() as uow:
        found = uow.models.page(limit + 1, decode_cursor(cursor))
    shown = found[:limit]
    has_more = len(found) > limit
    return wire.Page(
        data=[_to_wire(model) for model in shown],
        has_more=has_more,
        next_cursor=encode_cursor(shown[-1].id) if has_more else None,
    )


@router.get(
    "/{model_id}",
    response_model=wire.Model,
    responses={**NOT_MODIFIED, **problem_responses(404, 503)},
    summary="Read a network",
)
def get(model_id: str, store: StoreDep, if_none_match: IfNoneMatch = None) -> Response:
    """Return the network with its layers."""
    with store.read() as uow:
        model = uow.models.get(model_id)
    return tagged_response(_to_wire(model, with_layers=True), if_none_match)


@router.delete(
    "/{model_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    response_class=Response,
    responses=problem_responses(404, 409, 503),
    summary="Delete a network",
)
def delete(model_id: str, store: StoreDep) -> None:
    """Forget it; a 409 while a search that has not ended uses it.

    Searches that have ended stay whole, with their files; they cannot be extended any more.
    """
    with store.begin() as uow:
        delete_model(uow, model_id)


def _to_wire(model: Model, *, with_layers: bool = False) -> wire.Model:
    found = costs(model.layers)
    image, logits = model.layers[0], model.layers[-1]
    return wire.Model(
        id=model.id,
        name=model.name,
        sha256=model.sha256,
        size_bytes=model.size_bytes,
        input_shape=(image.out_channels, image.out_height, image.out_width),
        n_classes=logits.out_channels,
        mean=None if model.mean is None else list(model.mean),
        std=None if model.std is None else list(model.std),
        n_parameters=found.parameters,
        macs=found.macs,
        layers=layer_rows(model.layers) if with_layers else None,
        created_at=model.created_at,
    )
