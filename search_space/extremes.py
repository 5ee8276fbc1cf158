"""The smallest and the largest value of every exact cost, proven wherever that can be."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from search_space.batch import batch_costs
from search_space.bits import is_bit_gene
from search_space.channel_groups import extreme_widths, group_sizes
from search_space.costs import COST_NAMES, HEADER_BYTES, cost_mapping, count_weights
from search_space.elimination import best_places, eliminate
from search_space.errors import TooWideError
from search_space.genes import GeneValue
from search_space.space import Candidate, Space
from search_space.table_assembly import End, Table, TableAssembly

_MOST_CHANGES: Final = 5
"""Of the architecture at an end of its genes; rarely more than one helps."""
_MOST_TRIED: Final = 2_000
"""Of them at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extreme:
    """One end of the range of a cost.

    Attributes:
        value: The cost there.
        candidate: A network that has it.
        proven: Whether no network of the space is beyond; else none was found.
    """

    value: int
    candidate: Candidate
    proven: bool


def extremes(space: Space, end: End) -> dict[str, Extreme]:
    """Return one end of the range of each exact cost; the same space, the same answer.

    All architectures are considered at once, by taking one gene at a time out of the sum over
    layers (``search_space.elimination``). Widths stay at their ends: with the architecture given,
    no cost falls when a width grows, but for the table of widths that
    ``search_space.channel_groups`` weighs.

    Where a space has too many choices for that, the architecture is improved by changes of one
    gene, and the result is not proven.
    """
    try:
        tables = TableAssembly(space, end)
        return {cost: _extreme(space, tables, cost, end) for cost in COST_NAMES}
    except TooWideError:
        return _found(space, end)


def extreme_candidate(space: Space, cost: str, end: End) -> Candidate:
    """Return a candidate at one end of the range of a cost."""
    return extremes(space, end)[cost].candidate


def _extreme(space: Space, tables: TableAssembly, cost: str, end: End) -> Extreme:
    over = np.minimum if end == "smallest" else np.maximum
    terms, combine = _terms(tables, cost)
    value, buckets = eliminate(terms, combine, over)
    places = best_places(buckets, len(tables.axes), over)
    shape = {
        gene.name: gene.choices[places[tables.axes[gene.name]]]
        for gene in space.genes
        if gene.name in tables.axes
    }
    candidate = _at_end(space, shape, cost, end)
    offset = HEADER_BYTES if cost == "size_bytes" else 0
    return Extreme(value=value + offset, candidate=candidate, proven=True)


def _terms(tables: TableAssembly, cost: str) -> tuple[list[Table], np.ufunc]:
    """Return tables and how to combine them into the cost."""
    match cost:
        case "size_bytes":
            return [layer.size_bytes for layer in tables.layers], np.add
        case "macs":
            return [layer.macs for layer in tables.layers], np.add
        case "bops":
            return [layer.bops for layer in tables.layers], np.add
        case _:
            return _live_bytes(tables), np.maximum


def _live_bytes(tables: TableAssembly) -> list[Table]:
    """Return the bytes of the tensors alive behind each layer; see ``search_space.peak``."""
    layers = tables.layers
    # the layer after which each tensor is spent
    last: list[Table] = [
        np.full_like(layers[0].exists, i, dtype=np.int64) for i in range(len(layers))
    ]
    for i, layer in enumerate(layers):
        for source in layer.sources:
            for read in np.unique(source.layer).tolist():
                reads = layer.exists & (source.layer == read)
                if reads.any():
                    last[read] = np.where(reads, i, last[read])
    live: list[Table] = []
    alive: set[int] = set()
    for i in range(len(layers)):
        alive = {j for j in alive | {i} if (last[j] >= i).any()}
        terms = [layers[j].activation_bytes * (last[j] >= i) for j in sorted(alive)]
        live.append(sum(terms[1:], start=terms[0]))
    return live


def _at_end(space: Space, shape: Mapping[str, GeneValue], cost: str, end: End) -> Candidate:
    """Return the candidate of an architecture whose widths are at an end of a cost."""
    at = 0 if end == "smallest" else -1
    choices = {gene.name: gene.choices for gene in space.genes}
    values = {name: each[at] for name, each in choices.items()} | dict(shape)
    candidate = space.candidate(values)
    bits = space.blueprint.bits
    if cost != "size_bytes" or bits.bits_per != "channel":
        return candidate
    choices |= {name: (value,) for name, value in space.single.items()}
    for layer in candidate.layers:
        most = bits.most_groups(layer.name) if layer.weight_bits else None
        if most is None:
            continue
        sizes = group_sizes(layer.out_channels, most)
        names = [bits.group_gene(layer.name, group) for group in range(len(sizes))]
        offered = [tuple(map(int, choices[name])) for name in names]
        fan_in = count_weights(candidate.layers, layer) // layer.out_channels
        values |= dict(zip(names, extreme_widths(sizes, offered, fan_in, end), strict=True))
    return space.candidate(values)


def _found(space: Space, end: End) -> dict[str, Extreme]:
    """Return the best architectures under changes of one gene, for each cost."""
    sign = 1 if end == "smallest" else -1
    start = [0 if end == "smallest" else len(gene.choices) - 1 for gene in space.genes]
    changes = _changes(space)
    columns, choices = np.array(changes, dtype=np.int64).reshape(-1, 2).T
    costs_around: dict[bytes, Mapping[str, npt.NDArray[np.int64]]] = {}
    found: dict[str, Extreme] = {}
    for cost in COST_NAMES:
        here = np.array(start, dtype=np.int64)
        for _ in range(_MOST_CHANGES):
            tried = np.vstack([here, np.tile(here, (len(changes), 1))])
            tried[np.arange(1, len(tried)), columns] = choices
            if (key := here.tobytes()) not in costs_around:
                costs_around[key] = batch_costs(space, tried)
            best = int(np.argmin(sign * costs_around[key][cost]))
            if best == 0:
                break
            here = tried[best]
        genes = space.at_places(here).genes
        shape = {name: value for name, value in genes.items() if not is_bit_gene(name)}
        candidate = _at_end(space, shape, cost, end)
        value = cost_mapping(candidate.layers)[cost]
        found[cost] = Extreme(value=value, candidate=candidate, proven=False)
    return found


def _changes(space: Space) -> list[tuple[int, int]]:
    """Return (gene, choice) for some choices of each architecture gene, the ends among them."""
    shapes = [i for i, gene in enumerate(space.genes) if not is_bit_gene(gene.name)]
    most = max(2, _MOST_TRIED // max(len(shapes), 1))
    changes: list[tuple[int, int]] = []
    for column in shapes:
        n = len(space.genes[column].choices)
        choices = np.unique(np.linspace(0, n - 1, min(n, most)).round().astype(np.int64))
        changes += [(column, choice) for choice in choices.tolist()]
    return changes
