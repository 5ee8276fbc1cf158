"""What may still be proposed: candidates within budget that no trial has, each with its costs."""

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from optimizer.genotypes import Genotypes, Places
from search.entities import Proposal
from search.ports import AskRequest
from search_space.costs import cost_mapping
from search_space.preview import extreme_candidate, within
from search_space.space import Candidate

MAX_ENUMERATED = 4096
"""Assignments up to which a space is listed in full; about a second and a half."""
_PATIENCE, _LEAST_PATIENCE = 500, 20
"""Uniform draws without a new option before giving up, at first and at last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A candidate with its exact costs."""

    candidate: Candidate
    costs: Mapping[str, int]

    @classmethod
    def of(cls, candidate: Candidate) -> "Option":
        """Return a candidate with its costs."""
        return cls(candidate=candidate, costs=cost_mapping(candidate.layers))

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
        self.budgets = dict(request.budgets)
        self.genotypes = Genotypes(request.space)
        self._patience = _PATIENCE
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
        option = Option.of(candidate)
        return option if within(option.costs, self.budgets) else None

    def uniform(self, rng: np.random.Generator) -> Option | None:
        """Return a new option drawn uniformly from all assignments within budget.

        ``None`` after many draws: the budget is tight, or little is left. Later calls then give up
        sooner.
        """
        for _ in range(self._patience):
            option = self.option(self.genotypes.uniform(rng, 1)[0])
            if option is not None:
                return option
        self._patience = max(_LEAST_PATIENCE, self._patience // 4)
        return None

    def walk(self, rng: np.random.Generator, n_steps: int) -> Option | None:
        """Return where a random walk within budget ends, for budgets that uniform draws miss.

        It starts at the smallest candidate that meets every budget and takes single-gene steps
        that stay within; not uniform. ``None`` when it ends on a known candidate.
        """
        here = self._smallest
        if here is None:
            return None
        for _ in range(n_steps):
            step = self.genotypes.mutate(here[None], rng, most=1)[0]
            candidate = self.space.candidate(self.genotypes.assignment(step))
            if within(cost_mapping(candidate.layers), self.budgets):
                here = self.genotypes.places(candidate.genes)
        return self.option(np.where(here < 0, self.genotypes.uniform(rng, 1)[0], here))

    def last_resort(self, rng: np.random.Generator) -> Option | None:
        """Return any new option, searching systematically; ``None`` when none is found.

        Small spaces are listed in full, so ``None`` is a proof there. In larger ones every single
        change of every known candidate is tried: ``None`` then says that the known ones fill
        everything that single changes within budget can reach from them.
        """
        size = math.prod(len(gene.choices) for gene in self.space.genes)
        genotypes = self._all() if size <= MAX_ENUMERATED else self._neighbours(rng)
        return next((o for places in genotypes if (o := self.option(places)) is not None), None)

    @cached_property
    def _smallest(self) -> Places | None:
        for cost in self.budgets:
            candidate = extreme_candidate(self.space, cost, "smallest")
            if within(cost_mapping(candidate.layers), self.budgets):
                return self.genotypes.places(candidate.genes)
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
