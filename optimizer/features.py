"""What the accuracy model sees of a candidate: its genes, and what follows exactly from them."""

import numpy as np
import numpy.typing as npt

from optimizer.genotypes import Genotypes
from search.ports import Rows


def features(genotypes: Genotypes, rows: Rows) -> npt.NDArray[np.float64]:
    """Return ``(n, n_genes + k)``: each gene in [0, 1], then the summaries.

    A choice with ``n`` options is one coordinate ``(index + 0.5) / n``; a gene without effect sits
    in the middle.
    """
    points = (rows.places + 0.5) / genotypes.n_choices
    return np.concatenate([np.where(rows.places < 0, 0.5, points), rows.summaries], axis=1)
