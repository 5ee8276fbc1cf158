"""What may still be proposed: candidates within budget that no trial has, each with its costs."""

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from optimizer.genotypes import Genotypes, Places
from search.entities import Proposal
from search.ports import AskRequest
from search_space.batch import CostsOf, batch_costs
from search_space.budgets import within
from search_space.hardware.batch import REFUSED, costs_on
from search_space.hardware.estimate import exact_costs, runs_every_layer
from search_space.hardware.profile import HardwareProfile
from search_space.sampling import draw_within
from search_space.space import Candidate

MAX_ENUMERATED = 4096
"""Assignments up to which a space is listed in full; about a second and a half."""
_PATIENCE, _LEAST_PATIENCE = 500, 20
"""Uniform draws without a new option before giving up, at first and at last."""
_AT_ONCE = 64
"""Assignments drawn together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A candidate with its exact costs."""

    candidate: Candidate
    costs: Mapping[str, float]

    @classmethod
    def of(cls, candidate: Candidate, profile: HardwareProfile | None = None) -> "Option":
        """Return a candidate with its costs, those on a device included."""
        return cls(candidate=candidate, costs=exact_costs(candidate.layers, profile))

    def propose(self, gen_method: str, gen_seconds: float) -> Proposal:
        """Return it as a proposal."""
        return Proposal(
            genes=self.candidate.genes,
            layers=self.candidate.layers,
            candidate_hash=self.candidate.hash,
            costs=self.costs,
            gen_method=gen_method,
            gen_seconds=gen_seconds,
        )


class Frontier:
    """The unexplored part of a search's space.

    Everything returned is canonical, within every budget, and not in the request's history. What
    was chosen during the ask is taken out with ``exclude``.
    """

    def __init__(self, request: AskRequest) -> None:
        self.space = request.space
        profile = request.hardware
        self._profile = profile
        self.bounds = dict(request.budgets)
        self._costs_of: CostsOf = lambda places: batch_costs(request.space, places)
        if profile is not None:
            self.bounds = {**profile.bounds(request.budgets), REFUSED: 1.0}
            self._costs_of = costs_on(request.space, profile)
        self.genotypes = Genotypes(request.space)
        self._patience = _PATIENCE
        self._drawn: list[Places] = []
        self._known = {o.candidate_hash for o in request.history}
        self._known_places = [self.genotypes.places(o.genes) for o in request.history]

    def exclude(self, option: Option) -> None:
        """Take a chosen option out."""
        self._known.add(option.candidate.hash)
        self._known_places.append(self.genotypes.places(option.candidate.genes))

    def option(self, places: Places) -> Option | None:
        """Return the option of a genotype ``(d,)``, ``None`` when known or over budget."""
        candidate = self.space.candidate(self.genotypes.assignment(places))
        if candidate.hash in self._known:
            return None
        if self._profile is not None and not runs_every_layer(candidate.layers, self._profile):
            return None
        option = Option.of(candidate, self._profile)
        bounds = {name: bound for name, bound in self.bounds.items() if name in option.costs}
        return option if within(option.costs, bounds) else None

    def uniform(self, rng: np.random.Generator) -> Option | None:
        """Return a new option drawn uniformly from all assignments within budget.

        ``None`` after many draws: the budget is tight, or little is left. Later calls then give up
        sooner.
        """
        for start in range(0, self._patience, _AT_ONCE):
            places = self.genotypes.uniform(rng, min(_AT_ONCE, self._patience - start))
            costs = self._costs_of(places)
            fits = np.ones(len(places), dtype=np.bool_)
            for name, bound in self.bounds.items():
                fits &= costs[name] <= bound
            option = next((o for row in places[fits] if (o := self.option(row))), None)
            if option is not None:
                return option
        self._patience = max(_LEAST_PATIENCE, self._patience // 4)
        return None

    def walk(self, rng: np.random.Generator) -> Option | None:
        """Return a new option within budget, for budgets that uniform draws miss.

        About uniform (``search_space.sampling``). ``None`` when many draws hold nothing new.
        """
        option = self._next_drawn()
        if option is None:
            drawn = draw_within(self.space, rng, self.bounds, _AT_ONCE, self._costs_of)
            self._drawn = list(drawn.places)
            option = self._next_drawn()
        return option

    def last_resort(self, rng: np.random.Generator) -> Option | None:
        """Return any new option, searching systematically; ``None`` when none is found.

        Small spaces are listed in full, so ``None`` is a proof there. In larger ones every single
        change of every known candidate is tried: ``None`` then says that the known ones fill
        everything that single changes within budget can reach from them.
        """
        size = math.prod(len(gene.choices) for gene in self.space.genes)
        genotypes = self._all() if size <= MAX_ENUMERATED else self._neighbours(rng)
        return next((o for places in genotypes if (o := self.option(places)) is not None), None)

    def _next_drawn(self) -> Option | None:
        while self._drawn:
            option = self.option(self._drawn.pop())
            if option is not None:
                return option
        return None

    def _all(self) -> Iterator[Places]:
        for places in itertools.product(*(range(len(g.choices)) for g in self.space.genes)):
            yield np.array(places, dtype=np.int64)

    def _neighbours(self, rng: np.random.Generator) -> Iterator[Places]:
        for known in reversed(self._known_places):
            here = np.where(known < 0, self.genotypes.uniform(rng, 1)[0], known)
            for gene in np.flatnonzero(known >= 0):
                for choice in range(self.genotypes.n_choices[gene]):
                    changed = here.copy()
                    changed[gene] = choice
                    yield changed


def request_rng(request: AskRequest) -> np.random.Generator:
    """Return the generator of an ask: the same request, the same draws."""
    return np.random.default_rng([request.seed % 2**63, len(request.history)])
