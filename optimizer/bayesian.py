"""The default strategy: Sobol spread over sizes, then expected hypervolume improvement."""

import time

from optimizer import random_search
from optimizer.ax_adapter import MIN_MEASURED, SOBOL, AxStudy
from optimizer.deadline import Deadline
from optimizer.errors import ExhaustedError
from optimizer.frontier import Frontier, Option, request_rng
from optimizer.initial_design import SOBOL_POINTS, InitialDesign
from optimizer.interest import Interest, inside_of
from optimizer.model_based import ModelBased
from optimizer.random_search import draw
from search.entities import Proposal
from search.ports import AskRequest

DEFAULT_INITIAL = 8


def ask(request: AskRequest) -> list[Proposal]:
    """Propose candidates.

    Ax's generation strategy decides which phase it is; see ``ModelBased.method`` for the values of
    ``gen_method``, to which ``sobol`` comes in the initial phase. ``gen_seconds`` is the time from
    the proposal before, or from the start of the ask. Fewer than ``n`` come back when nothing is
    left. Deterministic unless the deadline interferes, which ``gen_method`` then says.

    Run it with one torch thread: the matrices are small, and threads that wait for a busy core
    make it many times slower. Setting that is the caller's business.
    """
    if not request.space.genes:
        # one network, and nothing for Ax to hold
        return random_search.ask(request)
    return _Session(request).proposals()


class _Session:
    """The state of one ask."""

    def __init__(self, request: AskRequest) -> None:
        self._request = request
        self._clock = time.monotonic()
        self._frontier = Frontier(request)
        self._rng = request_rng(request)
        self._earlier = [self._frontier.genotypes.places(o.genes) for o in request.history]
        n_initial = DEFAULT_INITIAL if request.n_initial is None else request.n_initial
        deadline = Deadline.after(request.deadline_s)
        self._model = ModelBased(request, self._frontier, self._rng, deadline, n_initial)
        # a model that others have taught needs no trials of its own to begin with
        self._last_phase = self._model.n_lessons >= max(n_initial, MIN_MEASURED)
        self._study = AxStudy(request, self._frontier.genotypes, self._model, n_initial)
        self._design: InitialDesign | None = None

    def proposals(self) -> list[Proposal]:
        proposals: list[Proposal] = []
        while len(proposals) < self._request.n:
            option, method, gain = self._next()
            if option is None:
                break
            self._start(option)
            proposals.append(option.propose(method, self._lap(), gain))
        return proposals

    def _next(self) -> tuple[Option | None, str, float | None]:
        """Return an option, how it was found, and its expected gain where the model says so."""
        if not self._last_phase and self._study.phase() == SOBOL:
            option, method = self._initial_design().choose(len(self._earlier), self._earlier), SOBOL
            if option is None:
                option, method = draw(self._frontier, self._rng)
            return option, method, None
        try:
            # the last phase stays: for the rest of a batch Ax would look through all trials again
            places = self._model.propose() if self._last_phase else self._study.generate(1)[0]
            self._last_phase = True
        except ExhaustedError:
            return None, "", None
        return self._frontier.take(places), self._model.method, self._model.gain

    def _initial_design(self) -> InitialDesign:
        if self._design is None:
            costs = [o for o in self._request.objectives if o.exact]
            region, inside = self._request.region, None
            spread = next(o.name for o in costs if region is None or o.name in region.bounds)
            if region is not None:
                inside = inside_of(self._frontier, Interest(self._request), costs)
            points = self._study.generate(SOBOL_POINTS)
            self._design = InitialDesign(self._frontier, points, spread, inside)
        return self._design

    def _start(self, option: Option) -> None:
        places = self._frontier.genotypes.places(option.candidate.genes)
        self._frontier.exclude(option)
        self._earlier.append(places)
        self._model.expect(option)
        if not self._last_phase:
            self._study.start(places)

    def _lap(self) -> float:
        now = time.monotonic()
        seconds, self._clock = now - self._clock, now
        return seconds
