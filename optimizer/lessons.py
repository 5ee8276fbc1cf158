"""Trials of other searches as an accuracy model sees them, also where the spaces differ in part."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from optimizer.features import coordinate, features
from optimizer.frontier import Frontier
from optimizer.genotypes import Places
from optimizer.leaning import Floats
from optimizer.terrain import SUMMARIES, select
from search.ports import AskRequest, Rows
from search.warm_start import Lesson

_LEAST_SHARED = 0.5
"""Share of this space's genes that a lesson must have."""


@dataclass(frozen=True, slots=True)
class Lessons:
    """What other searches measured, ``n`` networks with ``d`` features.

    Attributes:
        x: Features ``(n, d)``.
        measured: Accuracies ``(n,)``.
        here: Those that this space holds too, ``k`` of them.
        measured_here: Their accuracies ``(k,)``.
        chosen: Choices ``(n, n_genes)`` of all, -1 where they are none of this space's.
    """

    x: Tensor
    measured: Tensor
    here: Rows
    measured_here: Tensor
    chosen: Places

    def __len__(self) -> int:
        """Networks."""
        return len(self.measured)


def read_lessons(request: AskRequest, frontier: Frontier, n_features: int) -> Lessons:
    """Return the lessons that say something about this space.

    A network that this space holds too has the features it has here. Another has a coordinate for
    each gene that both spaces have, sits in the middle of the others, and is summed up by its own
    costs; it needs half of the genes, and summaries as networks have them.
    """
    kept = [lesson for lesson in request.lessons if _shared(lesson, frontier) >= _LEAST_SHARED]
    chosen = _chosen(kept, frontier)
    rows = frontier.terrain.rows(chosen)
    here = [i for i, lesson in enumerate(kept) if _is_here(lesson, rows, i, frontier)]
    found = [*features(frontier.genotypes, rows)[here]]
    elsewhere = []
    if rows.summaries.shape[1] == len(SUMMARIES) + 1:
        elsewhere = [i for i in range(len(kept)) if i not in set(here)]
        found += [_partly(kept[i], frontier) for i in elsewhere]
    accuracies = np.array([kept[i].accuracy for i in [*here, *elsewhere]], dtype=np.float64)
    x = np.array(found, dtype=np.float64).reshape(len(found), n_features)
    return Lessons(
        torch.from_numpy(x),
        torch.from_numpy(accuracies),
        select(rows, np.array(here, dtype=np.int64)),
        torch.from_numpy(accuracies[: len(here)]),
        chosen,
    )


def _shared(lesson: Lesson, frontier: Frontier) -> float:
    genes = frontier.genotypes.genes
    return sum(gene.name in lesson.genes for gene in genes) / max(1, len(genes))


def _chosen(lessons: Sequence[Lesson], frontier: Frontier) -> Places:
    genotypes = frontier.genotypes
    places = [genotypes.places_of_other(lesson.genes) for lesson in lessons]
    return np.array(places, dtype=np.int64).reshape(len(lessons), len(genotypes.genes))


def _is_here(lesson: Lesson, rows: Rows, i: int, frontier: Frontier) -> bool:
    """Whether the row is the lesson's own network: same choices, and every cost the same."""
    for gene, place in zip(frontier.genotypes.genes, rows.places[i].tolist(), strict=True):
        if place >= 0 and lesson.genes.get(gene.name, gene.choices[place]) != gene.choices[place]:
            return False
    shared = [name for name in rows.costs if name in lesson.costs]
    return all(float(rows.costs[name][i]) == float(lesson.costs[name]) for name in shared)


def _partly(lesson: Lesson, frontier: Frontier) -> Floats:
    point = [
        0.5 if gene.name not in lesson.genes else coordinate(gene, lesson.genes[gene.name])
        for gene in frontier.genotypes.genes
    ]
    summaries = [np.log2(lesson.costs[name]) for name in SUMMARIES]
    return np.array([*point, *summaries, lesson.mean_weight_bits])
