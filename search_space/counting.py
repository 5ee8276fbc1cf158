"""How many distinct networks a space holds: exactly, or between proven bounds."""

import itertools
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from search_space.batch import Batch, canonical_places, lay_out
from search_space.bits import is_bit_gene
from search_space.elimination import best_places, eliminate
from search_space.errors import TooWideError
from search_space.genes import GeneValue
from search_space.list_assembly import ListAssembly
from search_space.space import Places, Space
from search_space.table_assembly import Table, TableAssembly

MOST_LISTED: Final = 20_000
"""Architectures up to which all are compared with each other; a few tenths of a second."""
_MOST_BUILT: Final = 1_000
"""Layer lists made for those that look alike; about 0.3 ms each."""
_ROWS: Final = 4096

Hashes = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """A number of distinct candidates, between bounds that are both proven.

    Attributes:
        at_least: No fewer.
        at_most: No more.
    """

    at_least: int
    at_most: int

    @property
    def exact(self) -> bool:
        """Whether the number is known."""
        return self.at_least == self.at_most


def count_assignments(space: Space) -> int:
    """Return the number of assignments, those that differ in genes without effect included."""
    return math.prod(len(gene.choices) for gene in space.genes)


def all_places(space: Space, *, widths: bool = True) -> Places:
    """Return every assignment, or without ``widths`` every architecture; ``(n, n_genes)``."""
    choices = [
        range(len(gene.choices) if widths or not is_bit_gene(gene.name) else 1)
        for gene in space.genes
    ]
    rows = list(itertools.product(*choices))
    return np.array(rows, dtype=np.int64).reshape(len(rows), len(choices))


def count_candidates(space: Space) -> Count:
    """Count the distinct networks of a space.

    Canonical assignments (genes without effect left out) are counted exactly, however many there
    are. Distinct ones mean distinct networks but for one case: where neighbouring stages may be
    alike, two blocks and one are the network that one and two are. Up to ``MOST_LISTED``
    architectures are therefore compared. Beyond, the number of canonical assignments is the upper
    bound; the lower one is their number in a part of the space where every gene can be told from
    the layers.
    """
    try:
        tables = TableAssembly(space, "smallest")
        factors = _factors(space, tables)
        at_most = int(eliminate(factors, np.multiply, np.add)[0])
    except TooWideError:
        at_least = _count_widths(space, space.at_places(np.zeros(len(space.genes), np.int64)).genes)
        return Count(at_least=at_least, at_most=count_assignments(space))
    shapes = [gene for gene in space.genes if not is_bit_gene(gene.name)]
    if math.prod(len(gene.choices) for gene in shapes) <= MOST_LISTED:
        return _without_twins(space, at_most)
    return Count(at_least=_count_apart(space, tables, factors), at_most=at_most)


def _factors(space: Space, tables: TableAssembly) -> list[Table]:
    """Return tables whose product is the number of canonical assignments of an architecture.

    They hold Python integers, which do not overflow.
    """
    factors = []
    for gene in space.genes:
        active = tables.active.get(gene.name)
        if gene.name in tables.axes:
            # without effect only the first choice counts
            first = tables.along(tables.axes[gene.name], [1] + [0] * (len(gene.choices) - 1))
            counted = first if active is None else np.maximum(first, active)
            factors.append(counted.astype(object))
        elif active is not None:
            factors.append(np.where(active, len(gene.choices), 1).astype(object))
    for group in tables.groups:
        products = list(itertools.accumulate(group.n_choices, int.__mul__, initial=1))
        factors.append(np.array(products, dtype=object)[group.n_groups])
    return factors or [np.array(1, dtype=object)]


def _count_widths(space: Space, genes: Iterable[str]) -> int:
    """Return the number of candidates that have these genes and differ in widths alone."""
    choices = {gene.name: len(gene.choices) for gene in space.genes if is_bit_gene(gene.name)}
    return math.prod(choices[name] for name in genes if name in choices)


def _count_apart(space: Space, tables: TableAssembly, factors: Sequence[Table]) -> int:
    """Return the number of candidates in a part of the space without two ways to one network.

    The part is that around the architecture with most candidates where the same convolutions and
    linear layers exist throughout: layers then correspond by place. If the choices of one gene
    after another can be read from channels and kernels, different choices are different networks.
    """
    most, buckets = eliminate(factors, np.multiply, np.maximum)
    best = best_places(buckets, len(tables.axes), np.maximum)
    weighted = [layer for layer in tables.layers if layer.weighted]
    kept: list[npt.NDArray[np.int64]] = []
    for gene in space.genes:
        if gene.name in tables.axes:
            axis = tables.axes[gene.name]
            exist = [layer.exists for layer in weighted]
            kept.append(_alike(exist, axis, best[axis], len(gene.choices)))
    there = [layer for layer in weighted if _kept(layer.exists, kept).all()]
    fields = [_kept(field, kept) for layer in there for field in layer.fields]
    without_effect = {
        axis
        for gene, axis in tables.axes.items()
        if gene not in tables.active or not _kept(tables.active[gene], kept).any()
    }
    open_axes = {axis for axis, choices in enumerate(kept) if len(choices) > 1} - without_effect
    known: set[int] = set()
    while more := {told for field in fields if (told := _readable(field, known)) is not None}:
        known |= more
    if not open_axes <= known:
        return int(most)
    return int(eliminate([_kept(factor, kept) for factor in factors], np.multiply, np.add)[0])


def _alike(exist: Iterable[Table], axis: int, choice: int, n_choices: int) -> npt.NDArray[np.int64]:
    """Return the choices of a gene with which the same layers exist as with ``choice``."""
    alike = list(range(n_choices))
    for table in exist:
        if table.shape[axis] > 1:
            rows = np.moveaxis(table, axis, 0)
            alike = [i for i in alike if (rows[i] == rows[choice]).all()]
    return np.array(alike, dtype=np.int64)


def _kept(table: Table, kept: Sequence[npt.NDArray[np.int64]]) -> Table:
    """Return the part of a table with these choices of each gene."""
    for axis, choices in enumerate(kept):
        if table.shape[axis] > 1:
            table = table.take(choices, axis=axis)
    return table


def _readable(field: Table, known: set[int]) -> int | None:
    """Return the one gene, not yet known, whose choice a field tells once the others are known."""
    unknown = [a for a, length in enumerate(field.shape) if length > 1 and a not in known]
    if len(unknown) != 1:
        return None
    (axis,) = unknown
    rows = np.moveaxis(field, axis, 0).reshape(field.shape[axis], -1)  # sort takes 32 axes at most
    return axis if (np.diff(np.sort(rows, axis=0), axis=0) > 0).all() else None


def _without_twins(space: Space, at_most: int) -> Count:
    """Count by comparing all architectures; those alike count once."""
    groups = _lookalikes(space)
    if not groups:
        return Count(at_least=at_most, at_most=at_most)
    build = sum(len(rows) for rows in groups) <= _MOST_BUILT
    twins = at_least = 0
    for rows in groups:
        counts = [_count_widths(space, _active(space, row)) for row in rows]
        if not build:
            at_least -= sum(counts) - max(counts)
            continue
        # of one structure, the networks are the same if the widths are shared in the same way
        structures: dict[object, dict[object, int]] = defaultdict(dict)
        for row, count in zip(rows, counts, strict=True):
            structure, sharing = _structure(space, row)
            if sharing in structures[structure]:
                twins += count
            structures[structure][sharing] = count
        at_least -= sum(sum(each.values()) - max(each.values()) for each in structures.values())
    return Count(at_least=at_most - twins + at_least, at_most=at_most - twins)


def _lookalikes(space: Space) -> list[Places]:
    """Return architectures with the same layers as another, ``(n, n_genes)`` for each kind."""
    rows = all_places(space, widths=False)
    unique = np.unique(canonical_places(space, rows), axis=0)
    hashes = np.concatenate(
        [_hashes(lay_out(space, np.maximum(part, 0))) for part in _parts(unique)]
    )
    order = np.argsort(hashes, kind="stable")
    starts = np.flatnonzero(np.diff(hashes[order])) + 1
    return [unique[rows] for rows in np.split(order, starts) if len(rows) > 1]


def _hashes(batch: Batch) -> Hashes:
    """Return a number of each network's layers, ``(n,)``; different ones are different networks."""
    n = len(batch.places)
    hashes = np.zeros(n, dtype=np.uint64)
    # names do not count, so a layer is known by its place among those that exist
    place = np.cumsum([layer.exists for layer in batch.layers], axis=0)
    rows = np.arange(n)
    for layer in batch.layers:
        facts: list[Any] = [sum(map(ord, layer.kind)), layer.channels, layer.height, layer.width]
        facts += [layer.kernel, layer.groups]
        facts += [place[source.layer, rows] for source in layer.sources]
        mixed = hashes
        for fact in facts:
            mixed = (mixed ^ np.asarray(fact).astype(np.uint64)) * _PRIME
            mixed ^= mixed >> _SHIFT
        hashes = np.where(layer.exists, mixed, hashes)
    return hashes


_PRIME: Final = np.uint64(0x9E3779B97F4A7C15)
_SHIFT: Final = np.uint64(29)


def _structure(space: Space, row: Places) -> tuple[object, object]:
    """Return a network without names and widths, and how layers share widths."""
    values = {
        gene.name: gene.choices[place]
        for gene, place in zip(space.genes, np.maximum(row, 0).tolist(), strict=True)
    }
    choices = {gene.name: gene.choices for gene in space.genes}
    number: dict[str, int] = {}
    sharing: list[object] = []

    def choose(gene: str) -> GeneValue:
        if is_bit_gene(gene):
            offered = choices.get(gene) or (space.single[gene],)
            sharing.append((number.setdefault(gene, len(number)), offered))
            return offered[0]
        return values[gene] if gene in values else space.single[gene]

    net = ListAssembly(space.blueprint, choose)
    space.blueprint.build(net)
    erased = tuple(
        replace(x, name="", weight_bits=0, channel_weight_bits=(), activation_bits=0)
        for x in net.layers
    )
    return erased, tuple(sharing)


def _active(space: Space, row: Places) -> Iterator[str]:
    return (gene.name for gene, place in zip(space.genes, row.tolist(), strict=True) if place >= 0)


def _parts(places: Places) -> Iterator[Places]:
    return (places[start : start + _ROWS] for start in range(0, len(places), _ROWS))
