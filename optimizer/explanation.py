"""What the accuracy model has learned: which genes matter, what a bit changes, where the front is.

The model is fitted anew from the history, as for an ask; costs are exact throughout.
"""

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch

from optimizer.accuracy_model import AccuracyModel
from optimizer.deadline import Deadline
from optimizer.errors import ModelError
from optimizer.evidence import Evidence, features_of, read_evidence
from optimizer.frontier import Frontier, request_rng
from optimizer.genotypes import Places
from optimizer.measured import Floats, undominated
from optimizer.pool import Pool, vary
from optimizer.terrain import joined, select
from search.explanations import (
    MIN_EXPLAINED,
    BitStep,
    Explanation,
    GeneImportance,
    PredictedPoint,
)
from search.ports import AskRequest, Rows
from search_space.bits import is_bit_gene

logger = logging.getLogger(__name__)

_FIT_SHARE = 0.3
_IMPORTANCE_SHARE = 0.5
"""Of the time that the fit leaves."""
_LEAST_NETWORKS, _MOST_NETWORKS = 3, 32
"""Measured networks over which importance is averaged."""
_FRONT_NETWORKS = 8
"""Networks of the front over which the steps of widths are averaged."""
_MOST_POINTS = 64
"""Of the predicted front."""


@dataclass(frozen=True, slots=True)
class _Fitted:
    """What every part of an explanation is read from."""

    request: AskRequest
    frontier: Frontier
    evidence: Evidence
    model: AccuracyModel

    def mean(self, rows: Rows) -> Floats:
        """Return the predicted accuracy of each row, ``(n,)``."""
        mean, _ = self.model.predict(features_of(self.frontier, rows))
        return np.asarray(mean.numpy())


def explain(request: AskRequest, made_at: datetime) -> Explanation | None:
    """Explain a history; ``None`` when too little was measured or the model breaks down.

    Takes at most about the request's deadline: the average over networks becomes coarser, and the
    steps of the least important widths are left out.
    """
    began, deadline = time.monotonic(), Deadline.after(request.deadline_s)
    frontier = Frontier(request)
    evidence = read_evidence(request, frontier)
    if len(evidence.measured) < MIN_EXPLAINED or not request.space.genes:
        return None
    try:
        timeout_s = _FIT_SHARE * deadline.remaining()
        model, _ = evidence.fit(len(frontier.genotypes.genes), timeout_s)
        fitted = _Fitted(request, frontier, evidence, model)
        importance = _importance(fitted, Deadline.after(_IMPORTANCE_SHARE * deadline.remaining()))
        front = _front(fitted, deadline)
        steps = list(_bit_steps(fitted, [each.gene for each in importance], deadline))
    except ModelError as error:
        logger.warning("the accuracy model broke down; the search is not explained: %s", error)
        return None
    return Explanation(
        n_measured=len(evidence.measured),
        made_at=made_at,
        seconds=time.monotonic() - began,
        importance=importance,
        bit_steps=tuple(steps),
        front=front,
    )


def _importance(fitted: _Fitted, deadline: Deadline) -> tuple[GeneImportance, ...]:
    genotypes = fitted.frontier.genotypes
    owner = np.repeat(np.arange(len(genotypes.genes)), genotypes.n_choices)
    choice = np.concatenate([np.arange(n) for n in genotypes.n_choices])
    measured = fitted.evidence.completed.places
    variance = np.zeros(len(genotypes.genes))
    for n_seen, network in enumerate(measured[_spread(len(measured), _MOST_NETWORKS)]):
        if n_seen >= _LEAST_NETWORKS and deadline.passed():
            break
        variants = np.tile(network, (len(owner), 1))
        variants[np.arange(len(owner)), owner] = choice
        mean = fitted.mean(fitted.frontier.terrain.rows(variants))
        # a gene without effect on this network changes nothing, and so adds nothing
        variance += [float(mean[owner == gene].var()) for gene in range(len(variance))]
    total = float(variance.sum())
    shares = variance / total if total > 0 else np.full(len(variance), 1 / len(variance))
    order = np.argsort(-shares, kind="stable").tolist()
    return tuple(
        GeneImportance(gene=genotypes.genes[i].name, share=float(shares[i])) for i in order
    )


def _bit_steps(fitted: _Fitted, genes: Sequence[str], deadline: Deadline) -> Iterator[BitStep]:
    """Yield the steps of each width, in the order of ``genes``, while time lasts."""
    front = _measured_front(fitted)
    networks = front[_spread(len(front), _FRONT_NETWORKS)]
    index = {gene.name: i for i, gene in enumerate(fitted.frontier.genotypes.genes)}
    for name in genes:
        if deadline.passed():
            return
        if is_bit_gene(name):
            for direction in ("wider", "narrower"):
                step = _bit_step(fitted, networks, index[name], direction)
                if step is not None:
                    yield step


def _bit_step(
    fitted: _Fitted, networks: Places, column: int, direction: Literal["wider", "narrower"]
) -> BitStep | None:
    """Return the mean effect of one step, ``None`` where no network of the front can make it."""
    frontier = fitted.frontier
    gene = frontier.genotypes.genes[column]
    widths = np.array(gene.choices, dtype=np.float64)
    ranks = np.argsort(widths, kind="stable")
    place_of, rank_of = ranks, np.argsort(ranks)
    here = networks[networks[:, column] >= 0]
    wanted = rank_of[here[:, column]] + (1 if direction == "wider" else -1)
    possible = (wanted >= 0) & (wanted < len(widths))
    here, wanted = here[possible], wanted[possible]
    n = len(here)
    if not n:
        return None
    there = here.copy()
    there[:, column] = place_of[wanted]
    rows = frontier.terrain.rows(np.concatenate([here, there]))
    mean, covariance = fitted.model.joint(features_of(frontier, rows))
    weights = torch.cat([torch.full((n,), -1 / n), torch.full((n,), 1 / n)]).to(mean)  # (2n,)
    return BitStep(
        gene=gene.name,
        direction=direction,
        bits=float((widths[there[:, column]] - widths[here[:, column]]).mean()),
        n_networks=n,
        accuracy=float(weights @ mean),
        accuracy_sd=float((weights @ covariance @ weights).clamp_min(0.0).sqrt()),
        costs={
            name: float(np.mean(values[n:].astype(np.float64) - values[:n]))
            for name, values in _shown_costs(fitted, rows)
        },
    )


def _front(fitted: _Fitted, deadline: Deadline) -> tuple[PredictedPoint, ...]:
    """Return what the model takes for undominated, of the measured networks and variations."""
    frontier, evidence = fitted.frontier, fitted.evidence
    finished = [i for i, o in enumerate(fitted.request.history) if o.status == "completed"]
    number_of = {fitted.request.history[i].candidate_hash: i + 1 for i in reversed(finished)}
    pool = Pool(frontier, evidence.costs)
    varied = vary(frontier, list(_measured_front(fitted)), request_rng(fitted.request))
    pool.add(varied, deadline)
    rows = joined([evidence.completed, frontier.terrain.rows(pool.places)])
    mean, sd = fitted.model.predict(features_of(frontier, rows))
    costs = torch.cat([evidence.cost_utilities, pool.cost_utilities])
    front = _by_cost(-torch.cat([mean[:, None], costs], dim=1).numpy())
    points: list[PredictedPoint] = []
    for i in front[_spread(len(front), _MOST_POINTS)].tolist():
        candidate = frontier.terrain.candidate(np.maximum(rows.places[i], 0))
        points.append(
            PredictedPoint(
                number=number_of.get(candidate.hash),
                candidate_hash=candidate.hash,
                genes=candidate.genes,
                costs={
                    name: float(values[0])
                    for name, values in _shown_costs(fitted, select(rows, np.array([i])))
                },
                accuracy=float(mean[i]),
                accuracy_sd=float(sd[i]),
            )
        )
    return tuple(points)


def _measured_front(fitted: _Fitted) -> Places:
    """Return the genotypes ``(n, d)`` of the trials that nothing dominates, as measured."""
    evidence = fitted.evidence
    points = torch.cat([evidence.measured[:, None], evidence.cost_utilities], dim=1)
    chosen: Places = evidence.completed.places[_by_cost(-points.numpy())]
    return chosen


def _by_cost(losses: Floats) -> npt.NDArray[np.int64]:
    """Return the indices of the front of ``(n, m)`` losses, by cost."""
    front = undominated(losses)
    return front[np.lexsort(losses[front, :0:-1].T)]


def _shown_costs(fitted: _Fitted, rows: Rows) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    """Yield the size, where there is one, and the exact objectives."""
    objectives = [objective.name for objective in fitted.evidence.costs]
    for name in dict.fromkeys(("size_bytes", *objectives)):
        if name in rows.costs:
            yield name, rows.costs[name]


def _spread(n: int, most: int) -> list[int]:
    """Return at most ``most`` of ``n`` indices, evenly spread, both ends among them."""
    return sorted({round(i) for i in np.linspace(0, n - 1, min(n, most)).tolist()})
