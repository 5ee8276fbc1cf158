"""A search's history as tensors of utilities: larger is better, accuracy comes first."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from optimizer.features import features
from optimizer.frontier import Option
from search.objectives import Objective
from search.pareto import losses
from search.ports import AskRequest, Observation
from search_space.space import Space


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known when an ask begins.

    Attributes:
        cost_names: The exact objectives, in the order of the columns after the first.
        ref_point: ``(m,)`` utilities.
        completed: Networks with a measured accuracy, ``n`` of them.
        x: Their features ``(n, d)``.
        measured: Their accuracy, which is its own utility ``(n,)``.
        cost_utilities: Their exact costs ``(n, m - 1)``.
        failed_x: Features of failed trials ``(k, d)``.
        pending: Networks on their way.
    """

    cost_names: tuple[str, ...]
    ref_point: Tensor
    completed: Sequence[Option]
    x: Tensor
    measured: Tensor
    cost_utilities: Tensor
    failed_x: Tensor
    pending: Sequence[Option]


def read_evidence(request: AskRequest) -> Evidence:
    """Turn an ask's history into tensors.

    A failed trial says nothing about accuracy and is kept apart. A completed one without a
    finite measurement (which no worker writes) counts as neither.
    """
    measured_name = measured_objective(request.objectives)
    cost_names = tuple(o.name for o in request.objectives if o.exact)
    completed = [
        o for o in request.history if math.isfinite(_values(o).get(measured_name, math.nan))
    ]
    space = request.space
    options = _options(request, completed)
    return Evidence(
        cost_names=cost_names,
        ref_point=utilities([request.ref_point], (measured_name, *cost_names))[0],
        completed=options,
        x=features_of(space, options),
        measured=utilities([_values(o) for o in completed], (measured_name,)).squeeze(-1),
        cost_utilities=cost_utilities(options, cost_names),
        failed_x=features_of(space, _options(request, _with_status(request, "failed"))),
        pending=_options(request, _with_status(request, "pending")),
    )


def measured_objective(objectives: Sequence[Objective]) -> str:
    """Return the name of the one objective that has to be measured.

    Raises:
        ValueError: If there is none or several.
    """
    (name,) = (o.name for o in objectives if not o.exact)
    return name


def utilities(values: Sequence[Mapping[str, float]], names: Sequence[str]) -> Tensor:
    """Return ``(n, len(names))`` utilities, on the scale of each objective."""
    rows = [[-loss for loss in losses(v, names)] for v in values]
    return torch.tensor(rows, dtype=torch.float64).reshape(len(values), len(names))


def cost_utilities(options: Sequence[Option], names: Sequence[str]) -> Tensor:
    """Return the exact costs as utilities ``(n, len(names))``."""
    return utilities([o.costs for o in options], names)


def features_of(space: Space, options: Sequence[Option]) -> Tensor:
    """Return the features ``(n, d)``."""
    return torch.from_numpy(features(space, options))


def _options(request: AskRequest, observations: Sequence[Observation]) -> list[Option]:
    return [Option.of(request.space.candidate(o.genes), request.hardware) for o in observations]


def _values(observation: Observation) -> Mapping[str, float]:
    return (observation.values or {}) if observation.status == "completed" else {}


def _with_status(request: AskRequest, status: str) -> list[Observation]:
    return [o for o in request.history if o.status == status]
