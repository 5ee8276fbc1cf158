"""Spaces of networks as an optimizer sees them: thousands of assignments at once."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from search.ports import AskRequest, Rows, Terrain
from search_space.batch import Batch, batch_costs, laid_out_costs, lay_out
from search_space.batch_assembly import LayerBatch
from search_space.genes import Gene
from search_space.hardware.batch import costs_on
from search_space.hardware.estimate import exact_costs
from search_space.hardware.profile import HardwareProfile
from search_space.space import Candidate, Places, Space

SUMMARIES = ("size_bytes", "macs", "bops")
"""Costs of which the logarithm says how big and how coarse a network is, which dozens of separate
genes only say together; the mean width of the weights comes fourth."""
_ROWS = 1024


class Networks:
    """A space of networks, perhaps on a device."""

    def __init__(self, space: Space, profile: HardwareProfile | None = None) -> None:
        self.space = space
        self.profile = profile
        self._costs_of = None if profile is None else costs_on(space, profile)

    def costs_of(self, places: Places) -> dict[str, npt.NDArray[Any]]:
        """Return the exact costs of assignments ``(n, n_genes)``, each ``(n,)``."""
        if self._costs_of is None:
            return {**batch_costs(self.space, places)}
        return {**self._costs_of(places)}

    @property
    def genes(self) -> tuple[Gene, ...]:
        """Genes with more than one choice."""
        return self.space.genes

    def rows(self, places: Places) -> Rows:
        """Look at assignments ``(n, n_genes)``; genes without effect may also hold -1."""
        chosen = np.maximum(places, 0)
        batches = [
            lay_out(self.space, chosen[start : start + _ROWS])
            for start in range(0, max(1, len(chosen)), _ROWS)
        ]
        costs: dict[str, npt.NDArray[Any]]
        if self._costs_of is None:
            # the layers are there: laying them out again would double the time
            parts = [laid_out_costs(batch) for batch in batches]
            costs = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        else:
            costs = self.costs_of(chosen)
        columns = [np.log2(np.asarray(costs[name], np.float64)) for name in SUMMARIES]
        columns.append(np.concatenate([_mean_weight_bits(batch) for batch in batches]))
        return Rows(
            places=np.concatenate([batch.places for batch in batches]),
            costs=costs,
            summaries=np.stack(columns, axis=1),
        )

    def candidate(self, places: Places) -> Candidate:
        """Return the network of one assignment ``(n_genes,)``."""
        return self.space.at_places(places)

    def costs(self, candidate: Candidate) -> Mapping[str, float]:
        """Return its exact costs, those on the device included."""
        return exact_costs(candidate.layers, self.profile)


def terrain_of(request: AskRequest) -> Terrain:
    """Return what a request searches."""
    if isinstance(request.space, Space):
        return Networks(request.space, request.hardware)
    return request.space


def select(rows: Rows, chosen: npt.NDArray[np.bool_] | npt.NDArray[np.int64]) -> Rows:
    """Return some of the rows.

    Args:
        rows: ``n`` of them.
        chosen: A mask ``(n,)`` or indices ``(m,)``.
    """
    return Rows(
        places=rows.places[chosen],
        costs={name: values[chosen] for name, values in rows.costs.items()},
        summaries=rows.summaries[chosen],
    )


def joined(parts: Sequence[Rows]) -> Rows:
    """Return the rows of all parts, at least one, one after another."""
    return Rows(
        places=np.concatenate([part.places for part in parts]),
        costs={
            name: np.concatenate([part.costs[name] for part in parts]) for name in parts[0].costs
        },
        summaries=np.concatenate([part.summaries for part in parts]),
    )


def _mean_weight_bits(batch: Batch) -> npt.NDArray[np.float64]:
    n = len(batch.places)
    weights, bits = np.zeros(n), np.zeros(n)
    for layer in batch.layers:
        if layer.widths:
            weights += layer.exists * layer.n_weights
            bits += layer.exists * _stream_bits(layer)
    return bits / np.maximum(weights, 1.0)


def _stream_bits(layer: LayerBatch) -> npt.NDArray[np.float64]:
    per_channel = layer.n_weights / np.maximum(layer.channels, 1)
    widths = [np.asarray(size, np.float64) * bits for size, bits in layer.widths]
    return np.asarray(per_channel * sum(widths), np.float64)
