"""What the accuracy model sees of a candidate: its genes, and what follows exactly from them."""

import numpy as np
import numpy.typing as npt

from optimizer.genotypes import Genotypes
from search.ports import Rows
from search_space.bits import is_bit_gene
from search_space.genes import Gene, GeneValue


def features(genotypes: Genotypes, rows: Rows) -> npt.NDArray[np.float64]:
    """Return ``(n, n_genes + k)``: each gene in [0, 1], then the summaries.

    A width ``b`` is its noise energy ``4 ** -b``, which errors of rounding are proportional to, so
    that 8 and 6 bits are nearly one and 3 and 2 bits far apart. Any other choice among ``n`` is
    ``(index + 0.5) / n``. A gene without effect sits in the middle.
    """
    n_genes = len(genotypes.genes)
    points = np.empty((len(rows.places), n_genes))
    for column, gene in enumerate(genotypes.genes):
        # the place -1 of a gene without effect is the last entry
        points[:, column] = np.append(_coordinates(gene), 0.5)[rows.places[:, column]]
    return np.concatenate([points, rows.summaries], axis=1)


def coordinate(gene: Gene, value: GeneValue) -> float:
    """Return where a value lies that need not be among a gene's choices, in [0, 1].

    Between widths it is between them; of other numbers the nearest counts, and a name that is no
    choice sits in the middle.
    """
    coordinates = _coordinates(gene)
    if value in gene.choices:
        return float(coordinates[gene.choices.index(value)])
    if isinstance(value, str) or any(isinstance(choice, str) for choice in gene.choices):
        return 0.5
    choices = np.array(gene.choices, dtype=np.float64)
    if is_bit_gene(gene.name):
        noise = 4.0**-choices
        scaled = (4.0**-value - noise.min()) / (noise.max() - noise.min())
        return float(np.clip(scaled, 0.0, 1.0))
    return float(coordinates[int(np.argmin(np.abs(choices - value)))])


def _coordinates(gene: Gene) -> npt.NDArray[np.float64]:
    """Return where each choice lies in [0, 1], ``(n_choices,)``."""
    n = len(gene.choices)
    if not is_bit_gene(gene.name) or any(isinstance(choice, str) for choice in gene.choices):
        return (np.arange(n) + 0.5) / n
    noise = 4.0 ** -np.array(gene.choices, dtype=np.float64)
    scaled: npt.NDArray[np.float64] = (noise - noise.min()) / (noise.max() - noise.min())
    return scaled
