"""A search's history as tensors of utilities: larger is better, accuracy comes first."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from optimizer.accuracy_model import AccuracyModel
from optimizer.features import features
from optimizer.frontier import Frontier
from optimizer.lessons import Lessons, read_lessons
from search.objectives import Objective
from search.pareto import losses_of
from search.ports import PREDICTED, AskRequest, Observation, Rows

_OWN_ENOUGH = 8
"""Own trials from which on a model of them alone is worth fitting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known when an ask begins.

    Attributes:
        costs: The exact objectives, in the order of the columns after the first.
        lessons: What other searches measured; it teaches the model, and is on no front.
        completed: Candidates with a measured accuracy, ``n`` of them.
        x: Their features ``(n, d)``.
        measured: Their accuracy, which is its own utility ``(n,)``.
        cost_utilities: Their exact costs ``(n, m - 1)``.
        failed_x: Features of failed trials ``(k, d)``.
        pending: Candidates on their way.
        stopped_x: Features of trials stopped early ``(s, d)``.
        predicted: What their learning curves promised ``(s,)``; no measurement, and on no front.
    """

    costs: tuple[Objective, ...]
    lessons: Lessons
    completed: Rows
    x: Tensor
    measured: Tensor
    cost_utilities: Tensor
    failed_x: Tensor
    pending: Rows
    stopped_x: Tensor
    predicted: Tensor

    def fit(self, n_genes: int, timeout_s: float) -> tuple[AccuracyModel, bool]:
        """Return the accuracy model, and whether lessons are in it.

        They are while they help: once there are own trials enough, one model is fitted with the
        lessons and one without, and that with lessons has to predict each own trial from all the
        others better, by more than the standard error of the difference.

        Raises:
            ModelError: If there is nothing to fit, or the fit breaks down.
        """
        n_own = len(self.x)
        doubted = len(self.lessons) > 0 and n_own >= _OWN_ENOUGH
        share = timeout_s / 2 if doubted else timeout_s
        model, taught = self._fitted(self.lessons, n_genes, share), len(self.lessons) > 0
        if doubted:
            own = self._fitted(None, n_genes, share)
            gain = model.left_out(n_own) - own.left_out(n_own)
            if float(gain.mean()) <= float(gain.std()) / math.sqrt(n_own):
                model, taught = own, False
        if len(self.stopped_x):
            model.believe(self.stopped_x, self.predicted)
        return model, taught

    def _fitted(self, lessons: Lessons | None, n_genes: int, timeout_s: float) -> AccuracyModel:
        x, measured = self.x, self.measured
        if lessons is not None:
            x, measured = torch.cat([lessons.x, x]), torch.cat([lessons.measured, measured])
        n_summaries = x.shape[1] - n_genes
        return AccuracyModel(x, measured, n_summaries=n_summaries, timeout_s=timeout_s)


def read_evidence(request: AskRequest, frontier: Frontier) -> Evidence:
    """Turn an ask's history into tensors.

    A failed trial says nothing about accuracy and is kept apart. A completed one without a
    finite measurement (which no worker writes) counts as neither.
    """
    measured = measured_objective(request.objectives)
    costs = tuple(o for o in request.objectives if o.exact)
    completed = [
        o for o in request.history if math.isfinite(_values(o).get(measured.name, math.nan))
    ]

    def rows(observations: Sequence[Observation]) -> Rows:
        places = [frontier.genotypes.places(o.genes) for o in observations]
        n_genes = len(frontier.genotypes.genes)
        return frontier.terrain.rows(np.array(places, dtype=np.int64).reshape(-1, n_genes))

    done = rows(completed)
    x = features_of(frontier, done)
    failed = rows([o for o in request.history if o.status == "failed"])
    stopped = [o for o in request.history if o.status == "stopped" and o.values]
    predicted = [(o.values or {})[PREDICTED] for o in stopped]
    return Evidence(
        costs=costs,
        lessons=read_lessons(request, frontier, x.shape[1]),
        completed=done,
        x=x,
        measured=_utilities([_values(o) for o in completed], (measured,)).squeeze(-1),
        cost_utilities=cost_utilities(done, costs),
        failed_x=features_of(frontier, failed),
        pending=rows([o for o in request.history if o.status == "pending"]),
        stopped_x=features_of(frontier, rows(stopped)),
        predicted=torch.tensor(predicted, dtype=torch.float64),
    )


def measured_objective(objectives: Sequence[Objective]) -> Objective:
    """Return the one objective that has to be measured.

    Raises:
        ValueError: If there is none or several.
    """
    (objective,) = (o for o in objectives if not o.exact)
    return objective


def cost_utilities(rows: Rows, costs: Sequence[Objective]) -> Tensor:
    """Return exact costs as utilities ``(n, len(costs))``, on the scale of each objective."""
    columns = []
    for objective in costs:
        values = np.asarray(rows.costs[objective.name], np.float64)
        scaled = np.log2(values) if objective.scale == "log2" else values
        columns.append(scaled if objective.direction == "up" else -scaled)
    return torch.from_numpy(np.stack(columns, axis=1).reshape(len(rows.places), len(costs)))


def features_of(frontier: Frontier, rows: Rows) -> Tensor:
    """Return the features ``(n, d)``."""
    return torch.from_numpy(features(frontier.genotypes, rows))


def _utilities(values: Sequence[Mapping[str, float]], objectives: Sequence[Objective]) -> Tensor:
    """Return ``(n, len(objectives))`` utilities, on the scale of each objective."""
    rows = [[-loss for loss in losses_of(v, objectives)] for v in values]
    return torch.tensor(rows, dtype=torch.float64).reshape(len(values), len(objectives))


def _values(observation: Observation) -> Mapping[str, float]:
    return (observation.values or {}) if observation.status == "completed" else {}
