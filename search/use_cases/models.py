"""Keeping uploaded networks, and taking them away."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from search.entities import Model, Search
from search.errors import (
    FieldProblem,
    InvalidRequestError,
    ModelGoneError,
    ModelInUseError,
    NotFoundError,
)
from search.models import reference_of
from search.store import UnitOfWork
from search_space.layers import LayerList


def check_normalisation(
    mean: Sequence[float] | None, std: Sequence[float] | None, n_channels: int
) -> None:
    """Check how the images of an upload are normalised.

    Raises:
        InvalidRequestError: If one of the two is missing, has another number of channels, or holds
            a number that cannot be meant.
    """
    problems = []
    for name, values in (("mean", mean), ("std", std)):
        pointer = f"?{name}"
        if values is None:
            if (mean, std) != (None, None):
                detail = "mean and std are stated together or not at all"
                problems.append(FieldProblem(pointer, "missing", detail))
        elif len(values) != n_channels:
            detail = f"has {len(values)} numbers; the network's images have {n_channels} channels"
            problems.append(FieldProblem(pointer, "length", detail, (f"{n_channels} numbers",)))
        elif not all(math.isfinite(x) for x in values) or (name == "std" and min(values) <= 0):
            detail = "must be finite numbers, and std above zero"
            problems.append(FieldProblem(pointer, "out_of_range", detail))
    if problems:
        raise InvalidRequestError(problems)


def create_model(
    uow: UnitOfWork,
    *,
    model_id: str,
    name: str,
    sha256: str,
    weights_sha256: str,
    size_bytes: int,
    layers: LayerList,
    mean: Sequence[float] | None,
    std: Sequence[float] | None,
    now: datetime,
) -> Model:
    """Store a converted network whose weights are in the artifact store.

    Returns:
        It, or the one that was made of the same file under the same name, with the same statistics.
    """
    model = Model(
        id=model_id,
        name=name,
        sha256=sha256,
        weights_sha256=weights_sha256,
        size_bytes=size_bytes,
        layers=layers,
        mean=None if mean is None else tuple(mean),
        std=None if std is None else tuple(std),
        created_at=now,
    )
    uow.models.lock_uploads()  # of two alike at once, the second sees the first
    for known in uow.models.named(name):
        if known.content == model.content:
            return known
    uow.models.add(model)
    return model


def delete_model(uow: UnitOfWork, model_id: str) -> Model:
    """Take a network away; its weights go with the next collection of the sweeper.

    Searches that have ended stay whole, for their trials hold the layers and their files the
    weights. They cannot be extended any more, and nor can their trials be replicated.

    Raises:
        NotFoundError: If there is none with this id.
        ModelInUseError: If a search that has not ended uses it.
    """
    found = uow.models.lock(model_id)
    if found is None or found.id != model_id:
        raise NotFoundError("model", model_id)
    if at_work := uow.models.unfinished_searches(found):
        raise ModelInUseError(found.id, found.name, at_work)
    uow.models.remove(found.id)
    return found


def hold_model(uow: UnitOfWork, space: Mapping[str, Any]) -> None:
    """Keep the network that a declared space names, if any, until the transaction ends.

    Raises:
        InvalidRequestError: If it was deleted since the request was checked.
    """
    reference = reference_of(space)
    if reference is not None and uow.models.lock(reference) is None:
        detail = "the network was deleted just now"
        raise InvalidRequestError([FieldProblem("/space/model", "unknown_model", detail)])


def require_model(uow: UnitOfWork, search: Search) -> None:
    """Make sure that trials of a search have weights to begin with, and hold its network.

    Raises:
        ModelGoneError: If its network was deleted.
    """
    reference = reference_of(search.space)
    if reference is not None and uow.models.lock(reference) is None:
        raise ModelGoneError(search.id, reference)
