"""Exact costs of thousands of assignments at once, without a layer list for any of them.

The family's description of its layers is run once for all assignments: every layer that any of
them has becomes arrays over the assignments, with a mask that says which of them have it. The
numbers are those of ``search_space.costs`` and ``search_space.peak``, in a few microseconds per
candidate. Sums are 64-bit integers.

Example:
    >>> import numpy as np
    >>> from search_space.costs import cost_mapping
    >>> from search_space.space import space_from_json
    >>> space = space_from_json({"family": "resnet"}, input_shape=(1, 8, 8), n_classes=10)
    >>> places = space.sample_places(np.random.default_rng(0), 1000)
    >>> costs = batch_costs(space, places)
    >>> first = cost_mapping(space.at_places(places[0]).layers)
    >>> {name: int(values[0]) for name, values in costs.items()} == first
    True
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from search_space.batch_assembly import BatchAssembly, Ints, LayerBatch
from search_space.costs import HEADER_BYTES
from search_space.space import Places, Space

CostsOf = Callable[[Places], Mapping[str, npt.NDArray[np.int64] | npt.NDArray[np.float64]]]
"""Costs by name of assignments ``(n, n_genes)``, each ``(n,)``."""

_ROWS: Final = 4096
"""Assignments per pass: what they need stays within tens of megabytes and mostly in the cache."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What ``n`` assignments mean.

    Attributes:
        places: Index of each gene's choice, -1 where the gene has no effect; ``(n, n_genes)``.
            Equal rows are equal networks.
        layers: Every layer that any of them has, in execution order.
    """

    places: Places
    layers: tuple[LayerBatch, ...]


def batch_costs(space: Space, places: Places) -> dict[str, Ints]:
    """Return the exact costs of many assignments, those of ``cost_mapping``, each ``(n,)``.

    Args:
        space: The space.
        places: Index of each gene's choice, in the order of ``space.genes``, ``(n, n_genes)``, as
            ``space.sample_places`` draws them; genes without effect hold any choice.
    """
    passes = [laid_out_costs(lay_out(space, part)) for part in _parts(places)]
    return {name: np.concatenate([each[name] for each in passes]) for name in passes[0]}


def canonical_places(space: Space, places: Places) -> Places:
    """Return the assignments with -1 for genes without effect, ``(n, n_genes)``."""
    return np.concatenate([lay_out(space, part).places for part in _parts(places)])


def lay_out(space: Space, places: Places) -> Batch:
    """Return the layers of many assignments; some thousands at a time are fastest.

    Args:
        space: The space.
        places: As for ``batch_costs``.
    """
    net = BatchAssembly(space, places)
    space.blueprint.build(net)
    return Batch(places=np.where(net.active.T, places, -1), layers=tuple(net.layers))


def laid_out_costs(batch: Batch) -> dict[str, Ints]:
    """Return what ``batch_costs`` does, of layers that are there already."""
    n = len(batch.places)
    size, macs, bops = (np.zeros(n, dtype=np.int64) for _ in range(3))
    for layer in batch.layers:
        size += layer.exists * layer.size_bytes
        if layer.widths:
            macs += layer.exists * layer.macs
            bops += layer.exists * layer.bops
    size += HEADER_BYTES
    peak = _peak_activation_bytes(batch)
    return {"size_bytes": size, "macs": macs, "bops": bops, "peak_activation_bytes": peak}


def _peak_activation_bytes(batch: Batch) -> Ints:
    n_layers, n = len(batch.layers), len(batch.places)
    rows = np.arange(n)
    # the layer after which each tensor is spent, (n_layers, n)
    last = np.repeat(np.arange(n_layers)[:, None], n, axis=1)
    for i, layer in enumerate(batch.layers):
        for source in layer.sources:
            if isinstance(source.layer, int):
                last[source.layer][layer.exists] = i
            else:
                last[source.layer[layer.exists], rows[layer.exists]] = i
    # bytes taken before and given back behind each layer
    change = np.zeros((n_layers + 1, n), dtype=np.int64)
    for i, layer in enumerate(batch.layers):
        elements = layer.channels * layer.height * layer.width
        n_bytes = layer.exists * ((elements * layer.activation_bits + 7) // 8)
        change[i] += n_bytes
        change[last[i] + 1, rows] -= n_bytes
    live: Ints = change.cumsum(axis=0)
    peak: Ints = live.max(axis=0)
    return peak


def _parts(places: Places) -> Iterator[Places]:
    # none still makes one pass, which knows the names of the costs
    for start in range(0, max(len(places), 1), _ROWS):
        yield places[start : start + _ROWS]
