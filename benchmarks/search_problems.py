"""Problems for search benchmarks, and the interface for problems from outside.

``--problem package.module:factory`` names a function without arguments that returns a ``Problem``:
its parameters, its exact objectives, how one assignment is measured, and the reference point.
Assignments are rows of indices: ``places[i]`` is the index of the choice of ``parameters[i]``.

Between seeds the problem is ``disguised``: parameters change places, and the choices of about half
of them are turned round, so that no method profits from optima in a corner or in the middle.
"""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from search.objectives import OBJECTIVES, Objective
from search.ports import Rows
from search_space.genes import Gene, GeneValue
from search_space.space import Candidate, Places

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is searched and how it is judged.

    Attributes:
        parameters: Each with its choices; ``ordered`` where neighbours are alike.
        objectives: ``accuracy`` first, then the exact ones, each with direction and scale.
        costs: Exact objectives of assignments ``(n, d)`` by name, each ``(n,)``, above zero where
            the scale is log2.
        measure: One noisy accuracy in 0 to 1 of an assignment ``(d,)``.
        accuracy: Accuracy without noise of assignments ``(n, d)``, ``(n,)``, by which methods are
            judged; the mean of ``measure``.
        ref_point: The worst value per objective.
        summaries: Further exact facts that say how big or coarse a candidate is, ``(n, k)``.
        canonical: Assignments with -1 for parameters without effect; ``None`` where all have one.
    """

    name: str
    parameters: tuple[Gene, ...]
    objectives: tuple[Objective, ...]
    costs: Callable[[Places], Mapping[str, npt.NDArray[Any]]]
    measure: Callable[[Places, np.random.Generator], float]
    accuracy: Callable[[Places], Floats]
    ref_point: Mapping[str, float]
    summaries: Callable[[Places], Floats] | None = None
    canonical: Callable[[Places], Places] | None = None


def external(address: str) -> Problem:
    """Return the problem that ``package.module:factory`` makes."""
    module, _, factory = address.partition(":")
    problem: Problem = getattr(importlib.import_module(module), factory)()
    return problem


def objectives(*costs: str) -> tuple[Objective, ...]:
    """Return accuracy and known costs."""
    return tuple(OBJECTIVES[name] for name in ("accuracy", *costs))


def disguised(problem: Problem, seed: int) -> Problem:
    """Return the problem with parameters moved and choices turned round."""
    rng = np.random.default_rng([seed, 5])
    d = len(problem.parameters)
    order, turned = rng.permutation(d), rng.random(d) < 0.5
    n_choices = np.array([len(gene.choices) for gene in problem.parameters])
    back = np.argsort(order)

    def original(places: Places) -> Places:
        restored = places[..., back]
        meant = np.where(turned, n_choices - 1 - restored, restored)
        return np.where(restored < 0, -1, meant)

    def canonical(places: Places) -> Places:
        plain = original(places)
        rows = plain if problem.canonical is None else problem.canonical(plain)
        return np.where(rows < 0, -1, np.where(turned, n_choices - 1 - rows, rows))[:, order]

    def of(function: Callable[[Places], Any]) -> Callable[[Places], Any]:
        return lambda places: function(original(places))

    genes = [
        replace(gene, choices=gene.choices[::-1]) if turn else gene
        for gene, turn in zip(problem.parameters, turned, strict=True)
    ]
    return replace(
        problem,
        parameters=tuple(genes[i] for i in order),
        costs=of(problem.costs),
        accuracy=of(problem.accuracy),
        measure=lambda places, rng: problem.measure(original(places), rng),
        summaries=None if problem.summaries is None else of(problem.summaries),
        canonical=canonical,
    )


class ProblemTerrain:
    """A problem as our optimizer sees a space; see ``search.ports.Terrain``."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem

    @property
    def genes(self) -> tuple[Gene, ...]:
        """The parameters."""
        return self._problem.parameters

    def rows(self, places: Places) -> Rows:
        """Look at assignments ``(n, d)``; parameters without effect may hold -1."""
        chosen, problem = np.maximum(places, 0), self._problem
        costs = problem.costs(chosen)
        log_costs = [np.log2(np.asarray(v, np.float64)) for v in costs.values()]
        summaries = np.stack(log_costs, axis=1)
        if problem.summaries is not None:
            summaries = np.concatenate([summaries, problem.summaries(chosen)], axis=1)
        return Rows(
            places=chosen if problem.canonical is None else problem.canonical(chosen),
            costs=costs,
            summaries=summaries,
        )

    def candidate(self, places: Places) -> Candidate:
        """Return one assignment ``(d,)`` as a candidate that is no network."""
        row = self.rows(places[None]).places[0]
        genes: dict[str, GeneValue] = {
            gene.name: gene.choices[i]
            for gene, i in zip(self.genes, row.tolist(), strict=True)
            if i >= 0
        }
        return Candidate(genes=genes, layers=(), hash=row.tobytes().hex())

    def costs(self, candidate: Candidate) -> Mapping[str, float]:
        """Return its exact objectives."""
        genes = candidate.genes
        places = [g.choices.index(genes[g.name]) if g.name in genes else 0 for g in self.genes]
        costs = self._problem.costs(np.array([places], dtype=np.int64))
        return {name: float(values[0]) for name, values in costs.items()}
