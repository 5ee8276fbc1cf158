"""Widths allocated to layers by noise energy alone: good first networks at several sizes.

Rounding to ``b`` bits adds noise of energy ``4 ** -b``. With equal weight on every gene, the least
noise for a given cost comes from raising, again and again, the width that takes away the most noise
per unit of cost. Since each further bit takes away less, all steps are sorted once [Shoham1988]_.

Sources:
    [Shoham1988] Shoham, Gersho, "Efficient bit allocation for an arbitrary set of quantizers", IEEE
        Trans. Acoust. Speech Signal Process. 36(9).
"""

import numpy as np

from optimizer.frontier import Frontier
from optimizer.genotypes import Places
from search_space.bits import is_bit_gene

_LEVELS = 7
"""Sizes of architecture to choose from, where there is more than widths."""


def allocated(frontier: Frontier, cost: str, n: int) -> list[Places]:
    """Return up to ``n`` genotypes ``(d,)`` at rising cost; none without widths to choose.

    Where a space has other genes too, they grow along with the widths: those are taken in whose
    networks reach the wanted cost at middling widths.

    Args:
        frontier: What may be proposed.
        cost: The exact cost to allocate.
        n: How many.
    """
    genes = frontier.genotypes.genes
    columns = [i for i, gene in enumerate(genes) if _is_allocatable(gene.name, gene.choices)]
    if not columns:
        return []
    paths = [_path(frontier, base, columns, cost) for base in _bases(frontier, len(columns))]
    costs = [np.asarray(frontier.terrain.rows(path).costs[cost], np.float64) for path in paths]
    least = min(float(each.min()) for each in costs)
    most = min(max(float(each.max()) for each in costs), frontier.bounds.get(cost, np.inf))
    middles = np.array([np.log2(each.min() * each.max()) / 2 for each in costs])
    found = []
    for level in (np.arange(n) + 0.5) / n:
        wanted = least * (most / least) ** level if most > least else least
        low_enough = np.array([each.min() <= wanted for each in costs])
        away = np.where(low_enough, np.abs(middles - np.log2(wanted)), np.inf)
        nearest = int(np.argmin(away))
        # costs rise along a path, but for genes that change what others add
        below = np.flatnonzero(costs[nearest] <= wanted)
        found.append(paths[nearest][below[-1]])
    return found


def _bases(frontier: Frontier, n_columns: int) -> list[Places]:
    """Return genotypes ``(d,)`` whose genes other than widths go from cheap to costly."""
    middle = (frontier.genotypes.n_choices // 2)[None]
    levels = np.linspace(0.0, 1.0, _LEVELS if n_columns < middle.shape[1] else 1)
    return [frontier.leaning.gather(middle, np.array([level]), 0.0)[0] for level in levels]


def _is_allocatable(name: str, choices: tuple[object, ...]) -> bool:
    return is_bit_gene(name) and all(isinstance(choice, int) for choice in choices)


def _path(frontier: Frontier, base: Places, columns: list[int], cost: str) -> Places:
    """Return genotypes ``(k, d)`` from all widths at their narrowest to all at their widest."""
    genes = frontier.genotypes.genes
    ranks = {c: np.argsort(np.array(genes[c].choices, dtype=np.int64)) for c in columns}
    narrow = base.copy()
    narrow[columns] = [ranks[c][0] for c in columns]
    single = [(c, rank) for c in columns for rank in range(len(ranks[c]))]
    tried = np.tile(narrow, (len(single), 1))
    for row, (c, rank) in enumerate(single):
        tried[row, c] = ranks[c][rank]
    costs = np.asarray(frontier.terrain.rows(tried).costs[cost], np.float64)
    steps: list[tuple[float, int, int]] = []
    start = 0
    for c in columns:
        widths = np.array(genes[c].choices, dtype=np.float64)[ranks[c]]
        of_gene = costs[start : start + len(widths)]
        with np.errstate(divide="ignore"):
            worth = -np.diff(4.0**-widths) / np.maximum(np.diff(of_gene), 0.0)
        # a step is worth no more than those before it, which have to come first
        worth = np.minimum.accumulate(worth)
        steps += [(float(-value), c, rank + 1) for rank, value in enumerate(worth)]
        start += len(widths)
    path = [narrow]
    for _, c, rank in sorted(steps):
        path.append(path[-1].copy())
        path[-1][c] = ranks[c][rank]
    return np.stack(path)
