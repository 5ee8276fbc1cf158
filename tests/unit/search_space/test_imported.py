"""A given network as a space: the architecture stays, only the bits are searched."""

import math
from dataclasses import replace

import numpy as np
import pytest

from search_space.batch import batch_costs
from search_space.costs import cost_mapping
from search_space.counting import Count, count_candidates
from search_space.errors import SpaceError
from search_space.layers import LOGIT_BITS, Layer, LayerList
from search_space.preview import preview
from search_space.space import Space, space_from_json


def _layer(name: str, kind: str, inputs: tuple[int, ...], **fields: object) -> Layer:
    shape: dict[str, object] = {"out_channels": 4, "out_height": 6, "out_width": 6}
    return Layer(name=name, kind=kind, inputs=inputs, **(shape | fields))  # type: ignore[arg-type]


NETWORK: LayerList = (
    _layer("input", "input", (), out_channels=1, out_height=8, out_width=8),
    _layer("conv1", "conv", (0,), kernel=3, weight_bits=8, activation="relu6"),
    _layer("block.a", "conv", (1,), kernel=3, padding=(1, 1), weight_bits=8, batch_norm=True),
    _layer("block.b", "conv", (2,), groups=4, weight_bits=8),
    _layer("block.add", "add", (3, 1), activation="relu"),
    _layer("wide", "pad_channels", (4,), out_channels=9, stride=2, out_height=3, out_width=3),
    _layer("mean", "global_avg_pool", (5,), out_channels=9, out_height=1, out_width=1),
    _layer(
        "fc",
        "linear",
        (6,),
        out_channels=10,
        out_height=1,
        out_width=1,
        weight_bits=8,
        activation_bits=LOGIT_BITS,
    ),
)


def space(**declared: object) -> Space:
    fields = {"family": "imported", "model": "mdl_1"} | declared
    return space_from_json(fields, input_shape=(1, 8, 8), n_classes=10, network=NETWORK)


@pytest.mark.parametrize("bits_per", ["layer", "stage", "network", "channel"])
def test_candidates_are_counted_though_no_gene_is_of_the_architecture(bits_per: str) -> None:
    live = space(bits_per=bits_per, weight_bits=[1, 3, 8], activation_bits=[2, 8])
    n = math.prod(len(gene.choices) for gene in live.genes)
    assert count_candidates(live) == Count(at_least=n, at_most=n)
    assert preview(live, n=50, n_samples=2, seed=0).count.exact


@pytest.mark.parametrize("bits_per", ["layer", "stage", "network", "channel"])
def test_candidates_have_the_architecture_and_bits_of_their_own(bits_per: str) -> None:
    live = space(bits_per=bits_per, weight_bits=[1, 3, 8], activation_bits=[2, 8])
    rng = np.random.default_rng(0)
    seen = set()
    for _ in range(50):
        candidate = live.sample(rng)
        assert live.candidate(candidate.genes) == candidate
        seen.add(candidate.hash)
        for given, layer in zip(NETWORK, candidate.layers, strict=True):
            bits = {"weight_bits", "channel_weight_bits", "activation_bits"}
            kept = {name: getattr(given, name) for name in bits}
            assert replace(layer, **kept) == given
        # where nothing is said, the first layer's and the last layer's weights have 8 bits
        weights = {layer.name: layer.weight_bits for layer in candidate.layers}
        assert (weights["conv1"], weights["fc"]) == (8, 8)
        assert candidate.layers[-1].activation_bits == LOGIT_BITS
    assert len(seen) >= 6


def test_genes_are_named_after_the_networks_own_layers() -> None:
    names = {gene.name for gene in space().genes}
    assert names == {
        "conv1.activation_bits",
        "block.a.weight_bits",
        "block.a.activation_bits",
        "block.b.weight_bits",
        "block.b.activation_bits",
    }
    by_stage = {gene.name for gene in space(bits_per="stage").genes}
    assert by_stage == {"conv1.activation_bits", "block.weight_bits", "block.activation_bits"}
    searched = {gene.name for gene in space(last_layer_bits="searched").genes}
    assert searched - names == {"fc.weight_bits"}


def test_many_candidates_cost_what_each_costs() -> None:
    live = space(bits_per="channel", weight_bits=[1, 2, 8])
    places = live.sample_places(np.random.default_rng(1), 40)
    arrays = batch_costs(live, places)
    for row, place in enumerate(places):
        expected = cost_mapping(live.at_places(place).layers)
        assert {name: values[row] for name, values in arrays.items()} == expected


def problems(**changes: object) -> list[tuple[str, str]]:
    arguments: dict[str, object] = {
        "input_shape": (1, 8, 8),
        "n_classes": 10,
        "network": NETWORK,
        "declared": {"family": "imported", "model": "mdl_1"},
    }
    arguments |= changes
    declared = arguments.pop("declared")
    with pytest.raises(SpaceError) as caught:
        space_from_json(declared, **arguments)  # type: ignore[arg-type]  # mixed values
    return [(p.pointer, p.code) for p in caught.value.problems]


def test_a_space_without_its_network_or_for_other_images_is_refused() -> None:
    assert problems(network=None) == [("/model", "unknown_model")]
    assert problems(input_shape=(3, 8, 8)) == [("/model", "shape_mismatch")]
    assert problems(n_classes=3) == [("/model", "shape_mismatch")]
    extra = {"family": "imported", "model": "mdl_1", "stages": []}
    assert problems(declared=extra) == [("/stages", "unknown_key")]
