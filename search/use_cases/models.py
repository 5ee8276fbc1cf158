"""Keeping an uploaded network."""

import math
from collections.abc import Sequence
from datetime import datetime

from search.entities import Model
from search.errors import FieldProblem, InvalidRequestError
from search.ids import new_id
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
    name: str,
    sha256: str,
    weights_sha256: str,
    size_bytes: int,
    layers: LayerList,
    mean: Sequence[float] | None,
    std: Sequence[float] | None,
    now: datetime,
) -> Model:
    """Store a converted network whose weights are in the artifact store."""
    model = Model(
        id=new_id("mdl"),
        name=name,
        sha256=sha256,
        weights_sha256=weights_sha256,
        size_bytes=size_bytes,
        layers=layers,
        mean=None if mean is None else tuple(mean),
        std=None if std is None else tuple(std),
        created_at=now,
    )
    uow.models.add(model)
    return model
