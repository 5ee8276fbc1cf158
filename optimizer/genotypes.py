"""Moves on gene vectors: one integer per gene, the index of its choice.

A genotype assigns all genes; those without effect in its network hold anything, and the space
drops them when it makes the candidate canonical.
"""

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import numpy.typing as npt

from search_space.genes import Gene, GeneValue

Places = npt.NDArray[np.int64]

_NEAR = 0.75
"""Share of an ordered gene's moves that go to the next choice; the others go anywhere."""


class HasGenes(Protocol):
    """A space, as far as this module needs it."""

    @property
    def genes(self) -> tuple[Gene, ...]:
        """Genes with more than one choice."""


class Genotypes:
    """Draws and varies genotypes of a space; ``d`` genes."""

    def __init__(self, space: HasGenes) -> None:
        self.genes = space.genes
        self.n_choices: Places = np.array([len(g.choices) for g in space.genes], dtype=np.int64)
        self._ordered = np.array([g.ordered for g in space.genes], dtype=np.bool_)

    def assignment(self, places: Places) -> dict[str, GeneValue]:
        """Return the gene values of one genotype, ``(d,)``."""
        return {g.name: g.choices[i] for g, i in zip(self.genes, places.tolist(), strict=True)}

    def places(self, genes: Mapping[str, GeneValue]) -> Places:
        """Return ``(d,)`` indices of a candidate's genes, -1 where it does not have the gene."""
        return np.array(
            [g.choices.index(genes[g.name]) if g.name in genes else -1 for g in self.genes],
            dtype=np.int64,
        )

    def places_of_other(self, genes: Mapping[str, GeneValue]) -> Places:
        """Return ``(d,)`` indices of a candidate of another space, -1 where they say nothing."""
        held = {g.name: genes[g.name] for g in self.genes if genes.get(g.name) in g.choices}
        return self.places(held)

    def uniform(self, rng: np.random.Generator, n: int) -> Places:
        """Draw ``(n, d)`` genotypes, every gene uniformly."""
        return rng.integers(0, self.n_choices, size=(n, len(self.genes)))

    def mutate(self, parents: Places, rng: np.random.Generator, most: int) -> Places:
        """Return children, ``(n, d)``, that differ from their parents in 1 to ``most`` live genes.

        Args:
            parents: ``(n, d)``, -1 where a gene has no effect; those are drawn uniformly.
            rng: Source of the draws.
            most: The number of changes is uniform in 1 to ``most``.
        """
        n, d = parents.shape
        live = parents >= 0
        # the genes to change are those with the smallest of random keys, live ones first
        keys = rng.random((n, d)) + ~live
        rank = keys.argsort(axis=1).argsort(axis=1)
        changed = live & (rank < rng.integers(1, most + 1, size=(n, 1)))
        children = np.where(live, parents, self.uniform(rng, n))
        moved = self._moved(children, rng)
        return np.where(changed, moved, children)

    def cross(self, mothers: Places, fathers: Places, rng: np.random.Generator) -> Places:
        """Return children, ``(n, d)``, that have each gene from either parent.

        Args:
            mothers: ``(n, d)``, -1 where a gene has no effect.
            fathers: Like ``mothers``.
            rng: Source of the draws; genes that neither parent has are drawn uniformly.
        """
        mixed = np.where(rng.random(mothers.shape) < 0.5, mothers, fathers)
        mixed = np.where(mixed < 0, np.maximum(mothers, fathers), mixed)
        return np.where(mixed < 0, self.uniform(rng, len(mixed)), mixed)

    def _moved(self, places: Places, rng: np.random.Generator) -> Places:
        """Return every gene at another choice, ``(n, d)``."""
        other = (places + rng.integers(1, self.n_choices, size=places.shape)) % self.n_choices
        step = np.where(rng.random(places.shape) < 0.5, -1, 1)
        # at either end the only neighbour is inwards
        step = np.where(places == 0, 1, np.where(places == self.n_choices - 1, -1, step))
        near = self._ordered & (rng.random(places.shape) < _NEAR)
        return np.where(near, places + step, other)
