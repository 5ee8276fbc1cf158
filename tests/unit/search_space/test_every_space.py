"""Every family with every way of giving out bits: one network, one hash, one set of costs."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search_space.batch import batch_costs, canonical_places
from search_space.costs import cost_mapping, size_breakdown
from search_space.genes import GeneValue
from search_space.layer_json import layers_from_json, layers_to_json
from search_space.space import Space, space_from_json

seeds = st.integers(0, 2**32 - 1)

FAMILIES: dict[str, dict[str, Any]] = {
    "mobilenetv2": {
        "stages": [
            {"channels": 6, "width": [0.5, 0.6, 1.5], "expansion": [1, 2], "repeats": [1, 2]},
            {"channels": 8, "kernel": [2, 3], "stride": 2},
        ],
        "last_channels": [0, 5],
    },
    "resnet": {
        "stages": [{"channels": [4, 6], "blocks": [1, 2]}, {"channels": [6, 9], "stride": 2}],
    },
    "dscnn": {
        "stem_kernel": [1, 2],
        "stages": [{"channels": [3, 8], "blocks": [1, 3], "kernel": [3, 4], "stride": 2}],
    },
    "vgg": {
        "stages": [{"channels": [3, 8], "blocks": [1, 3]}, {"channels": [4], "pool": 3}],
        "hidden_channels": [0, 7],
    },
}
MODES: dict[str, dict[str, Any]] = {
    "layer": {"weight_bits": [1, 5, 32]},
    "stage": {"weight_bits": [2, 3], "bits_per": "stage", "last_layer_bits": "searched"},
    "network": {"weight_bits": [2, 32], "bits_per": "network", "first_layer_bits": "searched"},
    "channel": {"weight_bits": [1, 2, 7], "bits_per": "channel", "channel_groups": 3},
    "every channel": {"weight_bits": [4, 6], "bits_per": "channel", "channel_groups": "all"},
}


@pytest.fixture(scope="module", params=FAMILIES)
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module", params=MODES)
def space(request: pytest.FixtureRequest, family: str) -> Space:
    declared = {
        "family": family,
        "stem_channels": [4, 6],
        "activation_bits": [1, 8, 32],
        "last_activation_bits": "searched",
        **FAMILIES[family],
        **MODES[request.param],
    }
    return space_from_json(declared, input_shape=(2, 7, 9), n_classes=5)


def full_assignment(space: Space, rng: np.random.Generator) -> dict[str, GeneValue]:
    return {g.name: g.choices[rng.integers(len(g.choices))] for g in space.genes}


@settings(max_examples=15)
@given(seed=seeds)
def test_a_candidate_is_its_canonical_form(space: Space, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = full_assignment(space, rng)
    candidate = space.candidate(values)
    assert candidate.genes.items() <= values.items()
    # there and back, as a point and as JSON
    assert space.decode(space.encode(candidate.genes)).genes == candidate.genes
    assert layers_from_json(layers_to_json(candidate.layers)) == candidate.layers
    # genes without effect, whatever they say, are dropped
    disguised = space.candidate(full_assignment(space, rng) | dict(candidate.genes))
    assert (disguised, disguised.genes) == (candidate, candidate.genes)
    assert disguised.layers == candidate.layers
    assert hash(disguised) == hash(candidate)
    # and every gene that is left matters
    name = str(rng.choice(list(candidate.genes)))
    for choice in next(gene.choices for gene in space.genes if gene.name == name):
        changed = space.candidate(values | {name: choice})
        assert (changed == candidate) == (choice == candidate.genes[name])


@settings(max_examples=8)
@given(seed=seeds)
def test_costs_agree_however_they_are_computed(space: Space, seed: int) -> None:
    places = space.sample_places(np.random.default_rng(seed), 6)
    together = batch_costs(space, places)
    for i, row in enumerate(canonical_places(space, places)):
        candidate = space.at_places(places[i])
        exact = cost_mapping(candidate.layers)
        assert exact == {name: int(values[i]) for name, values in together.items()}
        assert size_breakdown(candidate.layers).size_bytes == exact["size_bytes"]
        live = {g.name for g, place in zip(space.genes, row, strict=True) if place >= 0}
        assert live == set(candidate.genes)
