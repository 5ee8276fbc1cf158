"""What the accuracy model sees of a candidate: its genes, and what follows exactly from them."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from optimizer.frontier import Option
from search_space.costs import mean_weight_bits
from search_space.space import Space


def features(space: Space, options: Sequence[Option]) -> npt.NDArray[np.float64]:
    """Return ``(n, n_genes + 4)``: the encoded genes, log2 of each exact cost, mean weight bits.

    The four summaries say how big and how coarse a network is, which dozens of separate gene
    columns only say together.
    """
    if not options:
        return np.empty((0, len(space.genes) + 4))
    rows = [np.concatenate([space.encode(o.candidate.genes), _summary(o)]) for o in options]
    return np.stack(rows)


def _summary(option: Option) -> list[float]:
    logs = [math.log2(option.costs[name]) for name in ("size_bytes", "macs", "bops")]
    return [*logs, mean_weight_bits(option.candidate.layers)]
