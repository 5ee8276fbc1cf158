"""Choices that nothing a search has begun with contains: tried early, since no model knows them.

A random phase tries every choice in passing. A search that begins with trials of others, or with
given candidates, has none, and its model is sure of what it extrapolates to choices it has never
seen. So while there are such choices, every third trial contains at least half of them; half, so
that a handful of trials covers all genes and yet tells them apart.
"""

import numpy as np
import numpy.typing as npt

from optimizer.genotypes import Genotypes, Places
from optimizer.initial_design import van_der_corput
from optimizer.seeds import n_seeds
from search.ports import AskRequest

_TRIALS = 2
"""After so many trials a choice is no longer untried."""

_EVERY = 3
"""One trial of so many. Every second one halved the head start of the landscape in the tests."""

Flags = npt.NDArray[np.bool_]


class Untried:
    """Choices that no lesson, no seed and hardly any trial has; ``d`` genes, at most ``c`` each."""

    def __init__(
        self, request: AskRequest, genotypes: Genotypes, learned: Places, most: int
    ) -> None:
        """Look at what the search has begun with.

        Args:
            request: The ask; without lessons and seeds nothing counts as untried.
            genotypes: Of its space.
            learned: What its lessons have chosen ``(n, d)``, -1 where they say nothing.
            most: Trials that may be spent on untried choices.
        """
        seeds = n_seeds(request)
        warm = bool(seeds or len(learned))
        trials = [genotypes.places(o.genes) for o in request.history] if warm else []
        begun_with = np.concatenate([learned, np.reshape(trials[:seeds], (-1, learned.shape[1]))])
        news = _news(genotypes, begun_with.astype(np.int64))
        self._missing: Places = np.where(news & warm, _TRIALS, 0)  # (d, c)
        self._begin, self._end = seeds, seeds + _EVERY * most
        self._number = 0
        for row in trials:
            self.note(row)

    def note(self, places: Places) -> None:
        """Count a trial ``(d,)``, -1 where a gene has no effect."""
        self._number += 1
        live = np.flatnonzero(places >= 0)
        held = (live, places[live])
        self._missing[held] = np.maximum(self._missing[held] - 1, 0)

    @property
    def due(self) -> bool:
        """Whether the next trial should try some."""
        now = self._begin <= self._number < self._end
        return (
            now and (self._number - self._begin) % _EVERY == _EVERY - 1 and bool(self._left.any())
        )

    @property
    def level(self) -> float:
        """Which cost the next of these trials should have, 0 to 1 of what is possible."""
        return van_der_corput((self._number - self._begin) // _EVERY + 1)

    def enough(self, places: Places) -> Flags:
        """Return which of genotypes ``(n, d)`` have half of the untried genes, or else most."""
        genes = np.arange(places.shape[1])
        counts = (self._left[genes, np.maximum(places, 0)] & (places >= 0)).sum(axis=1)  # (n,)
        half = (int(self._left.any(axis=1).sum()) + 1) // 2
        return np.asarray((counts > 0) & (counts >= min(half, counts.max(initial=0))))

    def put_into(self, parents: Places, rng: np.random.Generator) -> Places:
        """Return the genotypes ``(n, d)`` with untried choices in two thirds of the genes."""
        keys = rng.random((*parents.shape, self._left.shape[1])) * self._left  # (n, d, c)
        chosen = keys.argmax(axis=2)
        put = self._left.any(axis=1) & (rng.random(parents.shape) < 2 / 3)
        return np.where(put, chosen, parents)

    @property
    def _left(self) -> Flags:
        return self._missing > 0


def _news(genotypes: Genotypes, begun_with: Places) -> Flags:
    """Return which choices are no row's ``(n, d)``, nor between those of an ordered gene."""
    choices = np.arange(int(genotypes.n_choices.max(initial=1)))
    news: Flags = choices < genotypes.n_choices[:, None]  # (d, c)
    for column, gene in enumerate(genotypes.genes):
        seen = begun_with[begun_with[:, column] >= 0, column]
        news[column, seen] = False
        if gene.ordered and len(seen):
            news[column, seen.min() : seen.max()] = False
    return news
