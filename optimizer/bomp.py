"""The baseline BOMP-NAS: Gaussian-process upper confidence bound on one scalar score.

Accuracy and the logarithm of the size become one number ([vanSon2023]_; the exchange rate is ours:
half the size is worth three points of accuracy), and a Gaussian process on it is searched the way
of KerasTuner (``optimizer.confidence_bound``), on which that work is built.

Two of its traps are closed, and ``gen_method`` says where:

- KerasTuner draws the first ``3 d`` trials at random, so at 34 genes and 100 trials the model never
  starts. Here at most ``MOST_INITIAL``, unless ``n_initial`` says otherwise: ``bomp_initial`` (so
  many as KerasTuner would) or ``bomp_initial_capped``.
- Its optimum may be a candidate that is known already, which KerasTuner measures again. Here the
  next optimum follows (``bomp``), and when all are known or over budget the best by the same bound
  among their neighbours and fresh draws: ``bomp_repeated``.

``bomp_deadline``: no time for a climb. What ``random_search.draw`` says comes behind ``bomp_`` when
nothing else was new.

Sources:
    [vanSon2023] van Son et al., "BOMP-NAS: Bayesian optimization mixed precision NAS", DATE 2023,
        arXiv 2301.11810. Its constants for the score are not published; see above.
"""

import math
import time
from collections.abc import Sequence

import numpy as np

from optimizer import random_search
from optimizer.confidence_bound import ConfidenceBound
from optimizer.deadline import Deadline
from optimizer.frontier import Frontier, Option, request_rng
from optimizer.genotypes import Places
from optimizer.measured import Floats, read_measured
from optimizer.random_search import draw
from search.entities import Proposal
from search.objectives import Objective
from search.ports import AskRequest

MOST_INITIAL = 20
SIZE_REF = 10.0
"""``score = accuracy - sum(log10(cost)) / SIZE_REF``."""
_FIT_SHARE = 0.5
_NEIGHBOURS = 256


def ask(request: AskRequest) -> list[Proposal]:
    """Propose optima of the bound, each as if those before it had come out badly.

    Fewer than ``n`` come back when nothing is left. See the module for ``gen_method``.
    """
    if not request.space.genes:
        # one network, and nothing to fit
        return random_search.ask(request)
    return _Session(request).proposals()


class _Session:
    """The state of one ask."""

    def __init__(self, request: AskRequest) -> None:
        self._request = request
        self._frontier, self._rng = Frontier(request), request_rng(request)
        self._deadline = Deadline.after(request.deadline_s)
        self._n_choices = self._frontier.genotypes.n_choices
        self._measured = read_measured(request, self._frontier)
        self._waiting = [
            self._frontier.genotypes.places(o.genes)
            for o in request.history
            if o.status == "pending"
        ]
        textbook = 3 * len(self._n_choices)
        self._n_initial = request.n_initial or min(textbook, MOST_INITIAL)
        self._initial = "bomp_initial" + ("_capped" if self._n_initial < textbook else "")
        self._bound: ConfidenceBound | None = None

    def proposals(self) -> list[Proposal]:
        proposals: list[Proposal] = []
        while len(proposals) < self._request.n:
            began = time.monotonic()
            starting = len(self._request.history) + len(proposals) < self._n_initial
            option, method = None, self._initial
            if not starting and len(self._measured):
                option, method = self._best()
            if option is None:
                option, drawn = draw(self._frontier, self._rng)
                method = method if starting and drawn == "random" else f"bomp_{drawn}"
            if option is None:
                break
            self._frontier.exclude(option)
            self._expect(self._frontier.genotypes.places(option.candidate.genes))
            proposals.append(option.propose(method, time.monotonic() - began))
        return proposals

    def _best(self) -> tuple[Option | None, str]:
        bound = self._fitted()
        points = bound.optima(self._rng, len(self._n_choices), self._deadline)
        optima = np.minimum((points * self._n_choices).astype(np.int64), self._n_choices - 1)
        for places in optima:
            option = self._frontier.option(places)
            if option is not None:
                return option, "bomp"
        genotypes = self._frontier.genotypes
        around = optima if len(optima) else np.maximum(self._measured.places, 0)
        parents = around[self._rng.integers(0, len(around), _NEIGHBOURS)]
        near = genotypes.mutate(parents, self._rng, most=3)
        drawn = genotypes.uniform(self._rng, _NEIGHBOURS)
        rows = self._frontier.fresh(np.concatenate([near, drawn])).places
        method = "bomp_repeated" if len(optima) else "bomp_deadline"
        if len(rows):
            for i in np.argsort(-bound(self._encoded(rows)), kind="stable"):
                option = self._frontier.take(rows[i])
                if option is not None:
                    return option, method
        return None, method

    def _fitted(self) -> ConfidenceBound:
        if self._bound is None:
            fit = Deadline.after(_FIT_SHARE * self._deadline.remaining())
            x, score = (
                self._encoded(self._measured.places),
                scores(self._measured.losses, self._request.objectives),
            )
            self._bound = ConfidenceBound(x, score, self._request.seed % 2**31, fit)
            if self._waiting:
                self._bound.believe_worst(self._encoded(np.stack(self._waiting)))
        return self._bound

    def _expect(self, places: Places) -> None:
        self._waiting.append(places)
        # behind the deadline the bound stays what it is: each update solves for all trials anew
        if self._bound is not None and not self._deadline.passed():
            self._bound.believe_worst(self._encoded(places[None]))

    def _encoded(self, places: Places) -> Floats:
        """Return points ``(n, d)`` in [0, 1]; a gene without effect sits at its first choice."""
        return (np.maximum(places, 0) + 0.5) / self._n_choices


def scores(losses: Floats, objectives: Sequence[Objective]) -> Floats:
    """Return accuracy less the weighted logarithms of the costs, ``(n,)``.

    Args:
        losses: ``(n, m)``, costs on a log2 scale.
        objectives: In the order of the columns.
    """
    per_octave = math.log10(2) / SIZE_REF
    weights = [-per_octave if objective.exact else -1.0 for objective in objectives]
    return np.asarray(losses @ np.array(weights))
