"""What the accuracy model sees of a candidate: its genes, and what follows exactly from them."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from search_space.costs import cost_mapping, mean_weight_bits
from search_space.space import Candidate, Space


def features(space: Space, candidates: Sequence[Candidate]) -> npt.NDArray[np.float64]:
    """Return ``(n, n_genes + 4)``: the encoded genes, log2 of each exact cost, mean weight bits.

    The four summaries say how big and how coarse a network is, which dozens of separate gene
    columns only say together.
    """
    if not candidates:
        return np.empty((0, len(space.genes) + 4))
    return np.stack([np.concatenate([space.encode(c.genes), _summary(c)]) for c in candidates])


def _summary(candidate: Candidate) -> list[float]:
    costs = cost_mapping(candidate.layers)
    logs = [float(np.log2(costs[name])) for name in ("size_bytes", "macs", "bops")]
    return [*logs, mean_weight_bits(candidate.layers)]
