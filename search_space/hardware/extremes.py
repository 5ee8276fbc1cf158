"""The least and the most that networks which a device computes take there, as far as is found."""

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from search_space.batch import CostsOf
from search_space.hardware.batch import REFUSED
from search_space.space import Places, Space
from search_space.table_assembly import End

_DRAWS: Final = 256
_MOST_CHANGES, _FEWEST_CHANGES, _MOST_NUMBERS = 512, 64, 100_000
_MOST_ROUNDS: Final = 30


def extreme_found(
    space: Space, costs_of: CostsOf, cost: str, end: End, enough: float | None = None
) -> float | None:
    """Return one end of the range of a cost, as far as a search finds; no proof.

    From draws and the first and last choices the best is taken, then all changes of one gene that
    improve it are made together, or else the best of them, while one does. In spaces of very many
    genes some of the changes are tried in each round. The same arguments, the same answer.

    Args:
        space: The space.
        costs_of: Of ``costs_on``.
        cost: Name of a cost.
        end: Which end.
        enough: A cost at which to stop.

    Returns:
        The cost, or ``None`` where no network was found that the device computes.
    """
    rng = np.random.default_rng(0)
    sign = 1.0 if end == "smallest" else -1.0

    def scores(places: Places) -> npt.NDArray[np.float64]:
        """Return refused places, then the cost, smaller is better; ``(m, 2)``."""
        costs = costs_of(places)
        return np.stack([costs[REFUSED], sign * costs[cost]], axis=1, dtype=np.float64)

    last = np.array([len(gene.choices) - 1 for gene in space.genes], dtype=np.int64)
    starts = np.concatenate([space.sample_places(rng, _DRAWS), np.stack([0 * last, last])])
    best, best_score = _best(starts, scores(starts))
    changes = np.array(
        [(g, c) for g, gene in enumerate(space.genes) for c in range(len(gene.choices))],
        dtype=np.int64,
    ).reshape(-1, 2)
    # an assignment of many genes takes longer
    n_tried = max(_FEWEST_CHANGES, min(_MOST_CHANGES, _MOST_NUMBERS // max(len(space.genes), 1)))
    goal = (1.0, -math.inf if enough is None else sign * enough)
    for _ in range(_MOST_ROUNDS):
        if best_score <= goal:
            break
        tried = changes
        if len(changes) > n_tried:
            tried = changes[rng.choice(len(changes), n_tried, replace=False)]
        rows = np.repeat(best[None], len(tried), axis=0)
        rows[np.arange(len(tried)), tried[:, 0]] = tried[:, 1]
        score = scores(rows)
        better = np.array([tuple(each) < best_score for each in score.tolist()], dtype=np.bool_)
        if not better.any():
            break
        together = best.copy()
        # of several changes of one gene the best is made last
        for gene, choice in tried[better][np.lexsort(score[better].T[::-1])][::-1].tolist():
            together[gene] = choice
        choices = np.concatenate([rows[better], together[None]])
        best, best_score = _best(choices, scores(choices))
    return sign * best_score[1] if best_score[0] == 1 else None


def _best(places: Places, scores: npt.NDArray[np.float64]) -> tuple[Places, tuple[float, float]]:
    first = int(np.lexsort(scores.T[::-1])[0])
    refused, cost = scores[first].tolist()
    return places[first], (refused, cost)
