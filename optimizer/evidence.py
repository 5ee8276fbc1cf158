"""A search's history as tensors of utilities: larger is better, accuracy comes first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from optimizer.features import features
from search.objectives import Objective
from search.pareto import losses
from search.ports import AskRequest, Observation
from search_space.costs import cost_mapping
from search_space.space import Candidate, Space


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known when an ask begins.

    Attributes:
        cost_names: The exact objectives, in the order of the columns after the first.
        ref_point: ``(m,)`` utilities.
        completed: Candidates with a measured accuracy, ``n`` of them.
        x: Their features ``(n, d)``.
        measured: Their accuracy as a utility ``(n,)``.
        cost_utilities: Their exact costs ``(n, m - 1)``.
        failed_x: Features of failed trials ``(k, d)``.
        pending: Candidates on their way.
    """

    cost_names: tuple[str, ...]
    ref_point: Tensor
    completed: Sequence[Candidate]
    x: Tensor
    measured: Tensor
    cost_utilities: Tensor
    failed_x: Tensor
    pending: Sequence[Candidate]


def read_evidence(request: AskRequest) -> Evidence:
    """Turn an ask's history into tensors.

    A failed trial says nothing about accuracy and is kept apart. A completed one without the
    measured value (which no worker writes) counts as neither.
    """
    measured_name = measured_objective(request.objectives)
    cost_names = tuple(o.name for o in request.objectives if o.exact)
    completed = [o for o in request.history if measured_name in _values(o)]
    space = request.space
    candidates = candidates_of(space, completed)
    return Evidence(
        cost_names=cost_names,
        ref_point=utilities([request.ref_point], (measured_name, *cost_names))[0],
        completed=candidates,
        x=features_of(space, candidates),
        measured=utilities([_values(o) for o in completed], (measured_name,)).squeeze(-1),
        cost_utilities=cost_utilities(candidates, cost_names),
        failed_x=features_of(space, candidates_of(space, _with_status(request, "failed"))),
        pending=candidates_of(space, _with_status(request, "pending")),
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


def cost_utilities(candidates: Sequence[Candidate], names: Sequence[str]) -> Tensor:
    """Return the exact costs of candidates as utilities ``(n, len(names))``."""
    return utilities([cost_mapping(c.layers) for c in candidates], names)


def features_of(space: Space, candidates: Sequence[Candidate]) -> Tensor:
    """Return the features of candidates ``(n, d)``."""
    return torch.from_numpy(features(space, candidates))


def candidates_of(space: Space, observations: Sequence[Observation]) -> list[Candidate]:
    """Return the candidates of trials."""
    return [space.candidate(o.genes) for o in observations]


def _values(observation: Observation) -> Mapping[str, float]:
    return (observation.values or {}) if observation.status == "completed" else {}


def _with_status(request: AskRequest, status: str) -> list[Observation]:
    return [o for o in request.history if o.status == status]
