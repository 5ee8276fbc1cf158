"""Model-based proposals: a Gaussian process on accuracy, exact costs, a discrete search."""

import logging

import numpy as np
import torch
from torch import Tensor

from optimizer.accuracy_model import AccuracyModel, WatchedAccuracy
from optimizer.acquisition import Boxes, expected_hypervolume_improvement, non_dominated_boxes
from optimizer.deadline import Deadline
from optimizer.errors import ExhaustedError, ModelError
from optimizer.evidence import Evidence, cost_utilities, features_of, read_evidence
from optimizer.feasibility import probability_of_success
from optimizer.frontier import Frontier, Option
from optimizer.genotypes import Places
from optimizer.interest import Interest, levels_near
from optimizer.leaning import Floats
from optimizer.pool import Pool, vary
from optimizer.random_search import draw
from optimizer.terrain import joined
from optimizer.untried import Untried
from search.pareto import non_dominated
from search.ports import AskRequest, Rows

logger = logging.getLogger(__name__)

_FIT_SHARE = 0.4
"""Of the time left, what the fit may take."""
_LEAST = 32
"""Genotypes tried for the pool however late it is; some hundredths of a second."""
_FIRST_SEARCH = (3, 8, 12)
_NEXT_SEARCH = (1, 4, 8)
"""Local search for the first proposal of an ask and for those after it: rounds, best options per
round, children of each. It ends early without progress."""
_N_UNTRIED = 200
"""Variations of the front made of choices that no trial has, where one of those is due."""
_N_NEAR = 24
"""Of these, so many are weighed whose cost is nearest the wanted one."""
_MOST_PARENTS = 8
"""Of a region that holds fewer members of the front, so many are varied."""


class ModelBased:
    """Proposes one candidate at a time, each as if those before it were already on their way.

    ``method`` says how the last one was found: ``ehvi``; ``ehvi_warm`` where trials of other
    searches have taught the model; ``ehvi_untried`` where it had to have choices that no trial has
    (``optimizer.untried``); ``ehvi_deadline`` when time ran out before
    the pool was complete or locally improved; ``mutation_deadline`` when none was left for a fit;
    ``mutation_fallback`` when the model broke down; what ``random_search.draw`` says when the pool
    held nothing new. ``gain`` is the expected gain of hypervolume of that proposal, ``None`` where
    no model has chosen it.
    """

    def __init__(
        self,
        request: AskRequest,
        frontier: Frontier,
        rng: np.random.Generator,
        deadline: Deadline,
        n_initial: int,
    ) -> None:
        self._evidence = read_evidence(request, frontier)
        self._usual = self.method = "ehvi"
        learned = self._evidence.lessons.chosen
        self._untried = Untried(request, frontier.genotypes, learned, n_initial)
        self.gain: float | None = None
        self._request = request
        self._frontier, self._rng, self._deadline = frontier, rng, deadline
        self._interest = Interest(request)
        self._pool = Pool(frontier, self._evidence.costs)
        self._expected = self._evidence.pending
        self._model: AccuracyModel | None = None
        self._at_trials: WatchedAccuracy | None = None
        self._at_pool: WatchedAccuracy | None = None
        self._success = torch.empty(0, dtype=torch.float64)  # (n,) of the pool's rows
        self._boxes: Boxes | None = None
        self._search = _FIRST_SEARCH
        self._last_scores: Tensor | None = None
        self._started = False

    @property
    def n_lessons(self) -> int:
        """How many trials of other searches have something to say."""
        return len(self._evidence.lessons)

    def expect(self, option: Option) -> None:
        """Count an option chosen during this ask as on its way."""
        places = self._frontier.genotypes.places(option.candidate.genes)
        rows = self._frontier.terrain.rows(places[None])
        self._untried.note(rows.places[0])
        self._expected = joined([self._expected, rows])
        if self._started and self._final_scores is None:
            self._guarded_update(rows)

    def prepare(self) -> None:
        """Fit the model and fill the pool, once; later calls do nothing."""
        if self._started:
            return
        self._started = True
        evidence = self._evidence
        if self._deadline.passed():
            self.method = "mutation_deadline"
        else:
            self._guarded_fit(evidence)
        varied = vary(self._frontier, self._parents(evidence), self._rng, self._levels())
        genotypes = np.concatenate([evidence.lessons.here.places, varied])
        in_time = self._pool.add(genotypes, self._deadline, least=_LEAST)
        if not in_time and self._model is not None:
            self.method = "ehvi_deadline"

    def propose(self) -> Places:
        """Return the genotype ``(d,)`` of the next proposal; ``expect`` it before asking again.

        Raises:
            ExhaustedError: If no new candidate is left.
        """
        self.prepare()
        while (places := self._next()) is not None:
            if self._frontier.take(places) is not None:
                return np.maximum(places, 0)
        (option, self.method), self.gain = draw(self._frontier, self._rng), None
        if option is None:
            raise ExhaustedError
        return np.maximum(self._frontier.genotypes.places(option.candidate.genes), 0)

    def _next(self) -> Places | None:
        """Take the best of the pool out of it; ``None`` when the pool is empty."""
        self.gain = None
        if self.method == "ehvi_untried":
            self.method = self._usual
        if self._model is not None:
            try:
                if self._untried.due and (places := self._explore(self._model)) is not None:
                    return places
                return self._maximize(self._model)
            except ModelError as error:
                self._give_up_model(error)
        # the pool is in random order, so its first row is a random variation of the front
        return self._pool.take(0) if len(self._pool) else None

    def _guarded_fit(self, evidence: Evidence) -> None:
        try:
            timeout_s = _FIT_SHARE * self._deadline.remaining()
            self._model, taught = evidence.fit(len(self._frontier.genotypes.genes), timeout_s)
            self._usual = self.method = "ehvi_warm" if taught else "ehvi"
        except ModelError as error:
            self._give_up_model(error)
        self._guarded_update(self._expected)

    def _guarded_update(self, expected: Rows) -> None:
        """Take trials on their way into the model and into the front."""
        if self._model is None:
            return
        try:
            if len(expected.places):
                self._model.believe(features_of(self._frontier, expected))
            self._boxes = self._undominated(self._model)
        except ModelError as error:
            self._give_up_model(error)

    def _give_up_model(self, error: ModelError) -> None:
        logger.warning("the accuracy model broke down; proposing without it: %s", error)
        self._model, self.method = None, "mutation_fallback"

    def _undominated(self, model: AccuracyModel) -> Boxes:
        """Return where a new point would gain, given all trials at their predicted accuracy.

        Predictions instead of measurements, since one lucky measurement would otherwise stand in
        the way of everything near it.
        """
        evidence = self._evidence
        expected = self._expected
        x = torch.cat([evidence.x, features_of(self._frontier, expected)])
        costs = torch.cat([evidence.cost_utilities, cost_utilities(expected, evidence.costs)])
        if self._at_trials is None:
            self._at_trials = model.watch(x)
        self._at_trials.add(x[len(self._at_trials) :])
        mean, _ = self._at_trials.predict()
        counted = self._interest.counted(costs)
        points = torch.cat([mean[:, None], counted], dim=1)
        return non_dominated_boxes(points, self._interest.ref_point)

    def _maximize(self, model: AccuracyModel) -> Places | None:
        pool = self._pool
        final = self._final_scores
        scores = self._scores(model, 0) if final is None else final
        rounds, n_best, n_children = self._search
        for _ in range(rounds):
            if not len(scores) or self._deadline.passed():
                break
            best = scores.max()
            top = scores.topk(min(n_best, len(scores))).indices.tolist()
            parents = pool.places[top]
            children = self._frontier.genotypes.mutate(
                parents.repeat(n_children, axis=0), self._rng, most=1
            )
            before = len(pool)
            pool.add(children, self._deadline)
            scores = torch.cat([scores, self._scores(model, before)])
            if scores.max() <= best:
                break
        if self._deadline.passed():
            self.method = "ehvi_deadline"
        self._search = _NEXT_SEARCH
        return self._take(int(scores.argmax()), scores) if len(scores) else None

    def _explore(self, model: AccuracyModel) -> Places | None:
        """Take the best that has untried choices; ``None`` if time is over or nothing new has.

        The best of those around the cost that is their turn: the model's own choice would be the
        cheapest of them, next to what it knows.
        """
        if self._deadline.passed() or self._boxes is None:
            return None
        genotypes = self._frontier.genotypes
        parents = self._parents(self._evidence) or [*genotypes.uniform(self._rng, _N_UNTRIED)]
        some = np.stack(parents)[self._rng.integers(0, len(parents), _N_UNTRIED)]
        self._pool.add(self._untried.put_into(some, self._rng), self._deadline)
        scores = self._scores(model, 0)
        enough = self._untried.enough(self._pool.places)
        inside = enough & (scores >= 0).numpy()
        allowed = np.flatnonzero(inside if inside.any() else enough)
        if not len(allowed):
            return None
        costs = self._pool.cost_utilities[allowed, 0].numpy()
        wanted = np.interp(self._untried.level, (0.0, 1.0), (costs.min(), costs.max()))
        near = allowed[np.argsort(np.abs(costs - wanted), kind="stable")[:_N_NEAR]]
        self.method = "ehvi_untried"
        return self._take(int(near[int(scores[near].argmax())]), scores)

    def _take(self, chosen: int, scores: Tensor) -> Places:
        self.gain = max(0.0, float(scores[chosen]))
        self._last_scores = scores[torch.arange(len(scores)) != chosen]
        if self._at_pool is not None:
            self._at_pool.drop(chosen)
        self._success = self._success[torch.arange(len(self._success)) != chosen]
        return self._pool.take(chosen)

    @property
    def _final_scores(self) -> Tensor | None:
        """The pool's scores behind the deadline, where each update would take seconds more."""
        return self._last_scores if self._deadline.passed() else None

    def _scores(self, model: AccuracyModel, first: int) -> Tensor:
        """Score the pool's options from ``first`` on; ``(n,)``.

        Outside of a region the score is below 0, the further away the lower.
        """
        if self._boxes is None or len(self._pool) <= first:
            return torch.empty(0, dtype=torch.float64)
        if self._at_pool is None:
            self._at_pool = model.watch(self._pool.x[:0])
        new = self._pool.x[len(self._at_pool) :]
        self._at_pool.add(new)
        self._success = torch.cat([self._success, self._success_of(new)])
        mean, sd = self._at_pool.predict(first)
        costs = self._pool.cost_utilities[first:]
        distance = self._interest.distance(costs)
        gain = expected_hypervolume_improvement(
            mean, sd, self._interest.counted(costs), self._boxes
        )
        return torch.where(distance > 0, -distance, gain * self._success[first:])

    def _success_of(self, x: Tensor) -> Tensor:
        n_genes = len(self._frontier.genotypes.genes)
        evidence = self._evidence
        return probability_of_success(
            x[:, :n_genes], evidence.x[:, :n_genes], evidence.failed_x[:, :n_genes]
        )

    def _levels(self) -> Floats | None:
        if self._request.region is None:
            return None
        return levels_near(self._frontier, self._interest, self._evidence.costs)

    def _parents(self, evidence: Evidence) -> list[Places]:
        """Return the genotypes to vary: the front, or what of it a region is closest to.

        Networks of other searches that this space holds too are among them.
        """
        here = evidence.lessons.here
        places = np.concatenate([evidence.completed.places, here.places])
        measured = torch.cat([evidence.measured, evidence.lessons.measured_here])
        costs = torch.cat([evidence.cost_utilities, cost_utilities(here, evidence.costs)])
        points = torch.cat([measured[:, None], costs], dim=1)
        keys = non_dominated({str(i): tuple(p) for i, p in enumerate((-points).tolist())})
        front = [int(i) for i in keys]
        if self._request.region is None:
            return list(places[front])
        distance = self._interest.distance(costs)
        if self._interest.scalar:
            inside = (distance == 0).nonzero().squeeze(-1)
            best = measured[inside].argsort(descending=True, stable=True)
            chosen = inside[best].tolist()[:_MOST_PARENTS]
        else:
            chosen = [i for i in front if distance[i] == 0]
        nearest = sorted(front, key=lambda i: float(distance[i]))
        chosen += [i for i in nearest if i not in chosen][: max(0, _MOST_PARENTS - len(chosen))]
        return list(places[chosen])
