"""What may still be proposed: candidates within budget that no trial has, each with its costs."""

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from optimizer.genotypes import Genotypes, Places
from optimizer.leaning import Leaning
from optimizer.terrain import Networks, select, terrain_of
from search.entities import Proposal
from search.ports import AskRequest, Rows
from search_space.hardware.batch import REFUSED
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

    def propose(
        self, gen_method: str, gen_seconds: float, expected_gain: float | None = None
    ) -> Proposal:
        """Return it as a proposal."""
        return Proposal(
            genes=self.candidate.genes,
            layers=self.candidate.layers,
            candidate_hash=self.candidate.hash,
            costs=self.costs,
            gen_method=gen_method,
            gen_seconds=gen_seconds,
            expected_gain=expected_gain,
        )


class Frontier:
    """The unexplored part of a search's space.

    Everything returned is canonical, within every budget, and not in the request's history. What
    was chosen during the ask is taken out with ``exclude``.
    """

    def __init__(self, request: AskRequest) -> None:
        self.terrain = terrain_of(request)
        self.bounds = dict(request.budgets)
        if request.hardware is not None:
            self.bounds = {**request.hardware.bounds(request.budgets), REFUSED: 1.0}
        self.genotypes = Genotypes(self.terrain)
        self.leaning = Leaning(self.terrain, [o for o in request.objectives if o.exact])
        self._patience = _PATIENCE
        self._drawn: list[Places] = []
        self._known = {o.candidate_hash for o in request.history}
        self._history = request.history
        self._chosen: list[Places] = []
        self._chosen_rows: set[bytes] = set()

    def exclude(self, option: Option) -> None:
        """Take a chosen option out."""
        places = self.genotypes.places(option.candidate.genes)
        self._known.add(option.candidate.hash)
        self._chosen.append(places)
        self._chosen_rows.add(places.tobytes())

    def fresh(self, places: Places) -> Rows:
        """Return those of the genotypes ``(n, d)`` that are new and within budget, each once.

        Two different rows can still be one network; ``option`` tells.
        """
        rows = self._within_budget(places)
        known = (self._known_rows, self._chosen_rows)
        new = [not any(row.tobytes() in some for some in known) for row in rows.places]
        return select(rows, np.array(new, dtype=np.bool_))

    def _within_budget(self, places: Places) -> Rows:
        rows = self.terrain.rows(places)
        keep = np.ones(len(places), dtype=np.bool_)
        for name, bound in self.bounds.items():
            keep &= rows.costs[name] <= bound
        seen: set[bytes] = set()
        for i in np.flatnonzero(keep):
            row = rows.places[i].tobytes()
            keep[i] = row not in seen
            seen.add(row)
        return select(rows, keep)

    def option(self, places: Places) -> Option | None:
        """Return the option of a genotype ``(d,)``, ``None`` when known or over budget."""
        fresh = self.fresh(places[None])
        return self.take(fresh.places[0]) if len(fresh.places) else None

    def take(self, places: Places) -> Option | None:
        """Return the option of a row ``(d,)`` of ``fresh``, ``None`` when the network is known."""
        candidate = self.terrain.candidate(np.maximum(places, 0))
        if candidate.hash in self._known:
            return None
        return Option(candidate=candidate, costs=self.terrain.costs(candidate))

    def uniform(self, rng: np.random.Generator) -> Option | None:
        """Return a new option drawn uniformly from all assignments within budget.

        ``None`` after many draws: the budget is tight, or little is left. Later calls then give up
        sooner.
        """
        for start in range(0, self._patience, _AT_ONCE):
            places = self.genotypes.uniform(rng, min(_AT_ONCE, self._patience - start))
            # at first hardly anything drawn is known, and knowing it costs a look at every trial
            rows = (self.fresh if start else self._within_budget)(places).places
            option = next((o for row in rows if (o := self.take(row))), None)
            if option is not None:
                return option
        self._patience = max(_LEAST_PATIENCE, self._patience // 4)
        return None

    def walk(self, rng: np.random.Generator) -> Option | None:
        """Return a new option within budget, for budgets that uniform draws miss.

        About uniform (``search_space.sampling``). ``None`` when many draws hold nothing new, and
        in a space that is not of networks.
        """
        option = self._next_drawn()
        terrain = self.terrain
        if option is None and isinstance(terrain, Networks):
            drawn = draw_within(terrain.space, rng, self.bounds, _AT_ONCE, terrain.costs_of)
            self._drawn = list(drawn.places)
            option = self._next_drawn()
        return option

    def last_resort(self, rng: np.random.Generator) -> Option | None:
        """Return any new option, searching systematically; ``None`` when none is found.

        Small spaces are listed in full, so ``None`` is a proof there. In larger ones every single
        change of every known candidate is tried: ``None`` then says that the known ones fill
        everything that single changes within budget can reach from them.
        """
        size = math.prod(len(gene.choices) for gene in self.genotypes.genes)
        genotypes = self._all() if size <= MAX_ENUMERATED else self._neighbours(rng)
        while chunk := list(itertools.islice(genotypes, _AT_ONCE)):
            rows = self.fresh(np.stack(chunk)).places
            option = next((o for row in rows if (o := self.take(row))), None)
            if option is not None:
                return option
        return None

    @cached_property
    def _known_places(self) -> list[Places]:
        return [self.genotypes.places(o.genes) for o in self._history]

    @cached_property
    def _known_rows(self) -> set[bytes]:
        return {row.tobytes() for row in self._known_places}

    def _next_drawn(self) -> Option | None:
        while self._drawn:
            option = self.option(self._drawn.pop())
            if option is not None:
                return option
        return None

    def _all(self) -> Iterator[Places]:
        for places in itertools.product(*(range(len(g.choices)) for g in self.genotypes.genes)):
            yield np.array(places, dtype=np.int64)

    def _neighbours(self, rng: np.random.Generator) -> Iterator[Places]:
        for known in reversed([*self._known_places, *self._chosen]):
            here = np.where(known < 0, self.genotypes.uniform(rng, 1)[0], known)
            for gene in np.flatnonzero(known >= 0):
                for choice in range(self.genotypes.n_choices[gene]):
                    changed = here.copy()
                    changed[gene] = choice
                    yield changed


def request_rng(request: AskRequest) -> np.random.Generator:
    """Return the generator of an ask: the same request, the same draws."""
    return np.random.default_rng([request.seed % 2**63, len(request.history)])
