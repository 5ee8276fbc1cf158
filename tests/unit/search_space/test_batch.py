"""Costs of many assignments at once are those of their layer lists, one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_space.batch import batch_costs, canonical_places, lay_out
from search_space.costs import COST_NAMES, cost_mapping
from search_space.space import Space

seeds = st.integers(0, 2**32 - 1)


@given(seed=seeds)
def test_costs_are_those_of_the_layer_lists(space: Space, seed: int) -> None:
    places = space.sample_places(np.random.default_rng(seed), 20)
    together = batch_costs(space, places)
    one_by_one = [cost_mapping(space.at_places(row).layers) for row in places]
    assert tuple(together) == COST_NAMES
    for name, values in together.items():
        assert values.dtype == np.int64
        assert values.tolist() == [each[name] for each in one_by_one]


@given(seed=seeds)
def test_genes_without_effect_are_marked(space: Space, seed: int) -> None:
    places = space.sample_places(np.random.default_rng(seed), 8)
    canonical = canonical_places(space, places)
    for row, drawn in zip(canonical, places, strict=True):
        candidate = space.at_places(drawn)
        live = {g.name for g, place in zip(space.genes, row, strict=True) if place >= 0}
        assert live == set(candidate.genes)
        assert (row[row >= 0] == drawn[row >= 0]).all()
        assert space.at_places(row) == candidate


@given(seed=seeds)
def test_layers_exist_where_the_lists_have_them(space: Space, seed: int) -> None:
    places = space.sample_places(np.random.default_rng(seed), 5)
    batch = lay_out(space, places)
    for i, row in enumerate(places):
        names = [layer.name for layer in batch.layers if layer.exists[i]]
        assert names == [layer.name for layer in space.at_places(row).layers]


@pytest.mark.parametrize("n", [0, 1, 4096, 4097, 9000])
def test_passes_do_not_show(space: Space, n: int) -> None:
    places = np.repeat(space.sample_places(np.random.default_rng(1), 1), n, axis=0)
    expected = cost_mapping(space.at_places(places[0]).layers) if n else {}
    costs = batch_costs(space, places)
    assert canonical_places(space, places).shape == places.shape
    for name in COST_NAMES:
        assert costs[name].tolist() == [expected.get(name)] * n


def test_places_are_drawn_uniformly(space: Space) -> None:
    n = 2000
    places = space.sample_places(np.random.default_rng(7), n)
    assert places.shape == (n, len(space.genes))
    for gene, column in zip(space.genes, places.T, strict=True):
        counts = np.bincount(column, minlength=len(gene.choices))
        assert len(counts) == len(gene.choices)
        # five standard deviations of a binomial count
        share = 1 / len(gene.choices)
        assert np.abs(counts - n * share).max() < 5 * np.sqrt(n * share * (1 - share))
