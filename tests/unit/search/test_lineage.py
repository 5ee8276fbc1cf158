"""The trials most like a network, against a plain search through all of them."""

import json

import numpy as np
import pytest

from search.lineage import MeasuredTrial, closest
from search_space.genes import GeneValue


def _measured(number: int, genes: dict[str, GeneValue], accuracy: float = 0.5) -> MeasuredTrial:
    return MeasuredTrial(
        id=f"trl_{number}",
        number=number,
        genes_json=json.dumps(genes),
        size_bytes=100,
        accuracy=accuracy,
    )


@pytest.mark.parametrize("seed", range(5))
def test_the_closest_are_those_with_fewest_differing_choices(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, 4, size=(60, 7))  # 0 stands for no such choice
    accuracies = rng.choice([0.5, 0.75, 0.9], size=60)
    names = [f"g{i}" for i in range(7)]

    def genes(row: np.ndarray) -> dict[str, GeneValue]:
        return {name: int(v) for name, v in zip(names, row, strict=True) if v}

    trials = [_measured(i, genes(row), float(accuracies[i])) for i, row in enumerate(rows)]
    mine = rng.integers(0, 4, size=7)
    distances = (rows != mine).sum(axis=1)
    wanted = np.lexsort((np.arange(60), -accuracies, distances))[:8]
    found = closest(genes(mine), trials, 8)
    assert [each.trial.number for each in found] == wanted.tolist()
    for each in found:
        row = rows[each.trial.number]
        assert len(each.changes) == distances[each.trial.number]
        assert each.n_genes == np.count_nonzero((row != 0) | (mine != 0))
        changed = {c.gene: (c.before or 0, c.after or 0) for c in each.changes}
        there = {
            name: (int(a), int(b)) for name, a, b in zip(names, row, mine, strict=True) if a != b
        }
        assert changed == there


def test_text_that_looks_like_more_choices_is_none() -> None:
    trials = [_measured(1, {"a": 'x", "b": 2', "c": 1}), _measured(2, {"a": "x", "b": 3, "c": 2})]
    (found,) = closest({"a": 'x", "b": 2', "b": 3, "c": 2}, trials, 1)
    assert (found.trial.number, len(found.changes)) == (2, 1)


def test_of_equals_the_most_accurate_is_first_then_the_earliest() -> None:
    trials = [_measured(1, {"a": 1}, 0.5), _measured(2, {"a": 2}, 0.9), _measured(3, {"a": 3}, 0.9)]
    found = closest({"a": 4}, trials, 3)
    assert [each.trial.number for each in found] == [2, 3, 1]


def test_nothing_is_closest_to_the_first() -> None:
    assert closest({"a": 4}, [], 3) == ()
    assert closest({"a": 4}, [_measured(1, {"a": 4})], 0) == ()
