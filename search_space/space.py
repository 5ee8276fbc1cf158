"""Spaces: from gene values to one canonical candidate, and from JSON to a space."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from search_space.assembly import Shape
from search_space.blueprint import Blueprint
from search_space.conditions import read_conditions
from search_space.errors import GeneError, SpaceError
from search_space.families import FAMILIES, imported
from search_space.families.family import COMMON_KEYS, bit_plan, pinned_genes
from search_space.fields import Fields, Problems
from search_space.genes import Gene, GeneValue
from search_space.identity import candidate_hash
from search_space.layers import LayerList
from search_space.list_assembly import ListAssembly

Places = npt.NDArray[np.int64]
"""Index of each gene's choice, in the order of ``Space.genes``; ``(n_genes,)`` or a row each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One quantized network.

    Two candidates are equal when their layer lists have the same normal form (names ignored),
    however they were encoded.

    Attributes:
        genes: The genes with effect, sorted by name; nothing without effect is in here.
        layers: The network.
        hash: sha256 of the layer list's normal form, 64 hexadecimal digits.
    """

    genes: Mapping[str, GeneValue] = field(compare=False)
    layers: LayerList = field(compare=False)
    hash: str


class Space:
    """All networks a search may propose.

    Attributes:
        family: Name of the architecture family.
        input_shape: ``(C, H, W)`` of one image.
        n_classes: Number of logits.
        genes: All genes with more than one choice, whether or not they have an effect everywhere.
        single: The only value of each gene that leaves no choice. These are known (an assignment
            may name them) but are not genes of a candidate.
        blueprint: How values become layers.
    """

    def __init__(
        self,
        *,
        family: str,
        input_shape: tuple[int, int, int],
        n_classes: int,
        genes: Sequence[Gene],
        blueprint: Blueprint,
    ) -> None:
        self.family = family
        self.input_shape = input_shape
        self.n_classes = n_classes
        self.blueprint = blueprint
        self.genes: tuple[Gene, ...] = tuple(g for g in genes if len(g.choices) > 1)
        self.single: Mapping[str, GeneValue] = {
            g.name: g.choices[0] for g in genes if len(g.choices) == 1
        }
        self._column = {g.name: column for column, g in enumerate(self.genes)}
        self._choices = np.array([len(g.choices) for g in self.genes], dtype=np.int64)
        # per gene: every accepted value -> index of the choice it stands for
        self._index: dict[str, dict[GeneValue, int]] = {}
        self._all_choices = {g.name: g.choices for g in genes}
        for gene in genes:
            index: dict[GeneValue, int] = {value: i for i, value in enumerate(gene.choices)}
            for alias, value in blueprint.aliases.get(gene.name, {}).items():
                # an alias of a choice that was pinned away is no longer offered
                if value in index:
                    index[alias] = index[value]
            self._index[gene.name] = index

    def candidate(self, values: Mapping[str, GeneValue]) -> Candidate:
        """Return the canonical candidate of an assignment.

        Args:
            values: Gene values. Genes without effect may be missing; when present they are checked
                and dropped. ``candidate(c.genes)`` is ``c``.

        Raises:
            GeneError: A gene is unknown, lacks a value or has one that is not offered.
        """
        canonical = {}
        for name, value in values.items():
            place = self._place(name, value)
            canonical[name] = self._all_choices[name][place]
        return self._assemble(canonical)

    def sample(self, rng: np.random.Generator) -> Candidate:
        """Draw uniformly over assignments; genes without effect are drawn too, then dropped.

        Networks with more genes are therefore not preferred, as they would be if every distinct
        network had the same probability.
        """
        return self._assemble(self._draw(rng))

    def sample_places(self, rng: np.random.Generator, n: int) -> Places:
        """Draw ``n`` assignments uniformly, ``(n, n_genes)``; see ``search_space.batch``."""
        return rng.integers(0, self._choices, size=(n, len(self.genes)))

    def at_places(self, places: Places) -> Candidate:
        """Return the candidate of one assignment, ``(n_genes,)``.

        A gene without effect may hold anything within its choices, or -1.
        """
        return self._assemble(self._values(places))

    def encode(self, genes: Mapping[str, GeneValue]) -> npt.NDArray[np.float64]:
        """Return genes as a point, ``(n_genes,)``, in the order of ``self.genes``.

        A choice with ``n`` options is one coordinate ``(index + 0.5) / n``, so the order of
        choices defines distance (as in KerasTuner). A gene without a value (no effect in this
        candidate) sits in the middle, at 0.5, as the middle choice of an odd number does.

        Raises:
            GeneError: A gene is unknown or has a value that is not offered.
        """
        point = np.full(len(self.genes), 0.5)
        for name, value in genes.items():
            place = self._place(name, value)
            if name in self._column:
                column = self._column[name]
                point[column] = (place + 0.5) / self._choices[column]
        return point

    def decode(self, point: npt.NDArray[np.float64]) -> Candidate:
        """Return the candidate whose cell holds ``point``, ``(n_genes,)`` in [0, 1].

        Coordinate ``u`` of a gene with ``n`` choices means choice ``floor(u * n)``, capped at the
        last; ``decode(encode(c.genes))`` is ``c``.
        """
        places = np.clip((point * self._choices).astype(np.int64), 0, self._choices - 1)
        return self._assemble(self._values(places))

    def mutate(
        self, candidate: Candidate, rng: np.random.Generator, n_changes: int = 1
    ) -> Candidate:
        """Return ``candidate`` with ``n_changes`` of its active genes moved to another choice.

        Fewer change when fewer are active. Genes that gain an effect are drawn uniformly.
        """
        active = list(candidate.genes)
        n_changes = min(n_changes, len(active))
        values = self._draw(rng) | dict(candidate.genes)
        for position in rng.choice(len(active), size=n_changes, replace=False) if active else ():
            name = active[position]
            choices = self._all_choices[name]
            # a step of 1..n-1 around the circle of choices reaches every other one equally often
            step = int(rng.integers(1, len(choices)))
            values[name] = choices[(self._place(name, values[name]) + step) % len(choices)]
        return self._assemble(values)

    def neighbours(self, candidate: Candidate, rng: np.random.Generator) -> Iterator[Candidate]:
        """Yield every candidate that differs in the choice of one active gene.

        Genes that gain an effect by the change are drawn uniformly, once for all neighbours.
        """
        values = self._draw(rng) | dict(candidate.genes)
        for name, current in candidate.genes.items():
            for choice in self._all_choices[name]:
                if choice != current:
                    yield self._assemble(values | {name: choice})

    def _place(self, name: str, value: GeneValue) -> int:
        """Return the index of the choice that ``value`` stands for."""
        index = self._index.get(name)
        if index is None:
            raise GeneError(name, "does not exist in this space")
        # True == 1 and hashes alike, but a truth value is no number of blocks
        if not isinstance(value, bool) and (place := index.get(value)) is not None:
            return place
        raise GeneError(
            name, f"cannot be {value!r}", tuple(str(choice) for choice in self._all_choices[name])
        )

    def _draw(self, rng: np.random.Generator) -> dict[str, GeneValue]:
        return self._values(rng.integers(0, self._choices))

    def _values(self, places: Places) -> dict[str, GeneValue]:
        """Return the assignment with choice ``places[i]`` of gene ``i``; ``(n_genes,)``."""
        return {
            gene.name: gene.choices[place]
            for gene, place in zip(self.genes, places.tolist(), strict=True)
        }

    def _assemble(self, values: Mapping[str, GeneValue]) -> Candidate:
        """Build the layers of checked values, keeping the genes that were asked for."""
        single = self.single
        used: dict[str, GeneValue] = {}

        def choose(name: str) -> GeneValue:
            if name in single:
                return single[name]
            if name not in values:
                allowed = tuple(str(choice) for choice in self._all_choices[name])
                raise GeneError(name, "has an effect here and needs a value", allowed)
            value = used[name] = values[name]
            return value

        net = ListAssembly(self.blueprint, choose)
        self.blueprint.build(net)
        layers = tuple(net.layers)
        return Candidate(
            genes=dict(sorted(used.items())), layers=layers, hash=candidate_hash(layers)
        )


def space_from_json(
    declared: Mapping[str, Any],
    *,
    input_shape: tuple[int, int, int],
    n_classes: int,
    network: LayerList | None = None,
) -> Space:
    """Make a declared space live; ``docs/search-spaces.md`` describes the declaration.

    Args:
        declared: Parsed JSON; only ``family`` is required.
        input_shape: ``(C, H, W)`` of one image.
        n_classes: Number of labels.
        network: The layers of the model that a space of the family ``imported`` names; ``None``
            where there is no such model.

    Raises:
        SpaceError: With every problem found, each at its JSON pointer.
    """
    problems = Problems()
    root = Fields(declared, "", problems)
    families = {**FAMILIES, imported.NAME: imported.family(network)}
    name = root.word("family", None, tuple(families))
    family = families.get(name)
    bits = bit_plan(root)
    if family is None:
        raise SpaceError(problems.found)
    root.only(COMMON_KEYS + family.keys)
    shape = Shape(*input_shape, n_classes=n_classes)
    blueprint = family.declare(root, shape, bits)
    genes = pinned_genes(blueprint, root)
    conditions = read_conditions(root, genes, blueprint.aliases)
    if problems.found:
        raise SpaceError(problems.found)
    return Space(
        family=name,
        input_shape=input_shape,
        n_classes=n_classes,
        genes=genes,
        blueprint=replace(blueprint, conditions=conditions),
    )
