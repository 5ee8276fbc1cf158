"""A live space: genes in, canonical candidates out.

A candidate *is* its layer list. Genes are how it was reached: the genes that a family's ``build``
reads are exactly those with effect, so genes without effect do not exist in a candidate, and two
encodings of one network are equal and hash equal.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from operator import attrgetter
from types import MappingProxyType
from typing import Any

import numpy as np

from search_space.declaration import Reader
from search_space.errors import GeneError, SpaceError, SpaceProblem
from search_space.families import FAMILIES
from search_space.families.family import Declared
from search_space.genes import Gene, GeneValue
from search_space.layers import Layer, LayerList

_NORMAL_FORM = attrgetter(*(f.name for f in fields(Layer) if f.name != "name"))

INACTIVE = 0.5
"""Where ``Space.encode`` puts a gene that the candidate does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One quantized network; equality and ``hash`` ignore how it was encoded and layer names."""

    genes: Mapping[str, GeneValue] = field(compare=False)
    layers: LayerList = field(compare=False)
    hash: str


def candidate_hash(layers: LayerList) -> str:
    """Return the sha256, in hex, of the layer list's normal form: all fields but the names."""
    text = json.dumps([_NORMAL_FORM(layer) for layer in layers], separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


class Space:
    """All candidates of one declaration.

    Attributes:
        family: Name of the family.
        input_shape: ``(C, H, W)``.
        n_classes: Number of labels.
        genes: Genes with more than one choice, in a fixed order; a candidate has some of them.
    """

    def __init__(
        self,
        *,
        family: str,
        input_shape: tuple[int, int, int],
        n_classes: int,
        declared: Declared,
        fixed: Mapping[str, GeneValue],
    ) -> None:
        self.family = family
        self.input_shape = input_shape
        self.n_classes = n_classes
        self._build = declared.build
        self._choices: dict[str, tuple[GeneValue, ...]] = {
            gene.name: (fixed[gene.name],) if gene.name in fixed else gene.choices
            for gene in declared.genes
        }
        self.genes = tuple(g for g in declared.genes if len(self._choices[g.name]) > 1)
        self._position = {gene.name: i for i, gene in enumerate(self.genes)}

    def candidate(self, values: Mapping[str, GeneValue]) -> Candidate:
        """Make the candidate of an assignment; genes without effect may be given or left out.

        Raises:
            GeneError: If a gene with effect is missing, or a value is not among its choices.
        """
        used: dict[str, GeneValue] = {}

        def read(name: str) -> GeneValue:
            choices = self._choices[name]
            value = choices[0] if len(choices) == 1 else values.get(name)
            if value not in choices or value is None:
                raise GeneError(name, value, choices)
            if len(choices) > 1:
                used[name] = value
            return value

        for name, value in values.items():
            if value not in self._choices.get(name, ()):
                raise GeneError(name, value, self._choices.get(name, ()))
        layers = self._build(read)
        genes = MappingProxyType(dict(sorted(used.items())))
        return Candidate(genes=genes, layers=layers, hash=candidate_hash(layers))

    def sample(self, rng: np.random.Generator) -> Candidate:
        """Draw every gene uniformly and return the candidate of that assignment."""
        return self.candidate(self.complete({}, rng))

    def complete(
        self, values: Mapping[str, GeneValue], rng: np.random.Generator
    ) -> dict[str, GeneValue]:
        """Return a full assignment: ``values``, with uniform draws for the genes it lacks."""
        return {
            gene.name: values[gene.name]
            if gene.name in values
            else gene.choices[int(rng.integers(len(gene.choices)))]
            for gene in self.genes
        }

    def mutate(
        self, genes: Mapping[str, GeneValue], rng: np.random.Generator, n_changes: int = 1
    ) -> Candidate:
        """Return a neighbour: ``n_changes`` active genes moved, mostly by one step.

        Genes that come alive (a new block's bits) are drawn uniformly.
        """
        changed = dict(genes)
        names = sorted(genes)
        for name in rng.permutation(len(names))[:n_changes]:
            gene = self.genes[self._position[names[name]]]
            changed[gene.name] = _step(gene, genes[gene.name], rng)
        return self.candidate(self.complete(changed, rng))

    def encode(self, genes: Mapping[str, GeneValue]) -> np.ndarray:
        """Return ``(n_genes,)`` float64: ``(index + 1/2) / n_choices``, inactive genes at 1/2."""
        return np.array(
            [
                (gene.choices.index(genes[gene.name]) + 0.5) / len(gene.choices)
                if gene.name in genes
                else INACTIVE
                for gene in self.genes
            ],
            dtype=np.float64,
        )


def _step(gene: Gene, value: GeneValue, rng: np.random.Generator) -> GeneValue:
    index, n = gene.choices.index(value), len(gene.choices)
    # three of four moves go to a neighbour, the rest anywhere, so that no choice is out of reach
    near = [i for i in (index - 1, index + 1) if 0 <= i < n]
    anywhere = [i for i in range(n) if i != index]
    reach = near if gene.ordered and rng.random() < 0.75 else anywhere
    return gene.choices[reach[int(rng.integers(len(reach)))]]


def space_from_json(
    declared: Mapping[str, Any], *, input_shape: tuple[int, int, int], n_classes: int
) -> Space:
    """Make a space live.

    Args:
        declared: The declaration; ``docs/search-spaces.md`` lists its fields.
        input_shape: ``(C, H, W)`` of the data set's images.
        n_classes: Number of labels of the data set.

    Raises:
        SpaceError: With every problem found, each at its JSON pointer.
    """
    problems: list[SpaceProblem] = []
    reader = Reader(declared, "", problems)
    if "family" not in declared:
        reader.note("family", "missing", "a space needs a family", tuple(FAMILIES))
        raise SpaceError(problems)
    family = declared["family"]
    if not isinstance(family, str) or family not in FAMILIES:
        allowed = tuple(FAMILIES)
        reader.note(
            "family", "unknown_family", f"{family!r} is not one of {list(allowed)}", allowed
        )
        raise SpaceError(problems)
    read = FAMILIES[family](reader, input_shape, n_classes)
    fixed = _read_fixed(reader, read) if not problems else {}
    if problems:
        raise SpaceError(problems)
    return Space(
        family=family, input_shape=input_shape, n_classes=n_classes, declared=read, fixed=fixed
    )


def _read_fixed(reader: Reader, declared: Declared) -> dict[str, GeneValue]:
    genes = {gene.name: gene for gene in declared.genes}
    fixed: dict[str, GeneValue] = {}
    for name, value in reader.mapping("fixed").items():
        if name not in genes:
            reader.note(f"fixed/{name}", "unknown_gene", f"no gene {name!r}", tuple(genes))
        elif isinstance(value, bool) or value not in genes[name].choices:
            choices = genes[name].choices
            detail = f"{value!r} is not one of {list(choices)}"
            reader.note(f"fixed/{name}", "not_allowed", detail, choices)
        else:
            fixed[name] = value
    return fixed
