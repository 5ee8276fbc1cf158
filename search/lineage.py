"""Where a trial's network comes from: the measured networks before it that are most like it."""

import json
from bisect import insort
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain

from search.entities import Trial
from search_space.genes import GeneValue


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredTrial:
    """What is read of completed trials, thousands at once, to find the closest.

    Attributes:
        genes_json: As ``json.dumps`` writes them. Of few trials they have to be parsed, which would
            be most of the work.
    """

    id: str
    number: int
    genes_json: str
    size_bytes: int
    accuracy: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneChange:
    """A choice in which two networks differ; ``None`` where a network has no such choice."""

    gene: str
    before: GeneValue | None
    after: GeneValue | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Relative:
    """A measured network, and what differs in the one that came later.

    Attributes:
        n_genes: Choices that either of them has.
        changes: In the order of the later one's genes; those that it has not come last.
    """

    trial: MeasuredTrial
    n_genes: int
    changes: tuple[GeneChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """Where a trial's network comes from.

    Attributes:
        first: The first trial of the network; the trial itself unless it is a replicate.
        taught_by: Ids of other searches whose trials had taught the model that proposed it.
        closest: Of the trials that had completed when the network was proposed, the closest first.
        replicates: All other trials of the network, by number.
    """

    trial: Trial
    first: Trial
    taught_by: tuple[str, ...]
    closest: tuple[Relative, ...]
    replicates: tuple[Trial, ...]


def closest(
    genes: Mapping[str, GeneValue], measured: Iterable[MeasuredTrial], n: int
) -> tuple[Relative, ...]:
    """Return the ``n`` trials whose genes differ least, each with what differs.

    A choice that only one of two networks has differs. Of trials that differ alike, the most
    accurate comes first, then the earliest. A gene's value is written alike wherever it is the
    same, as it is one of the gene's choices.

    Example:
        >>> trials = [
        ...     MeasuredTrial(id=f"trl_{i}", number=i, genes_json=g, size_bytes=64, accuracy=0.9)
        ...     for i, g in enumerate(('{"a": 2, "b": 3}', '{"a": 4, "b": 4, "c": 1}'))
        ... ]
        >>> (found,) = closest({"a": 4, "b": 3}, trials, 1)
        >>> found.trial.number, [(c.gene, c.before, c.after) for c in found.changes]
        (0, [('a', 2, 4)])
    """
    if n == 0:
        return ()
    mine = set(_pieces(json.dumps(dict(genes))))
    nearest: list[tuple[tuple[int, float, int], Relative]] = []
    for trial in measured:
        # equal choices are equal pieces, so it cannot differ in fewer
        at_least = len(genes) - len(mine.intersection(_pieces(trial.genes_json)))
        if len(nearest) == n and at_least > nearest[-1][0][0]:
            continue
        found = _relative(genes, trial)
        rank = (len(found.changes), -trial.accuracy, trial.number)
        insort(nearest, (rank, found), key=lambda ranked: ranked[0])
        del nearest[n:]
    return tuple(found for _, found in nearest)


def _pieces(genes_json: str) -> list[str]:
    return genes_json[1:-1].split(", ")


def _relative(genes: Mapping[str, GeneValue], trial: MeasuredTrial) -> Relative:
    others: Mapping[str, GeneValue] = json.loads(trial.genes_json)
    names = tuple(dict.fromkeys(chain(genes, others)))
    changes = (
        GeneChange(gene=name, before=others.get(name), after=genes.get(name))
        for name in names
        if genes.get(name) != others.get(name)
    )
    return Relative(trial=trial, n_genes=len(names), changes=tuple(changes))
