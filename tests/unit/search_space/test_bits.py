"""Which width each layer, tensor and channel gets, and that equal widths are one network."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_space.batch import batch_costs
from search_space.costs import costs
from search_space.genes import GeneValue
from search_space.layers import LOGIT_BITS, Layer, LayerList
from search_space.space import Space, space_from_json

MakeSpace = Callable[..., Space]
seeds = st.integers(0, 2**32 - 1)


def plain(**changed: Any) -> Space:
    """A resnet of one stage with six channels."""
    declared = {
        "family": "resnet",
        "weight_bits": [1, 2, 5],
        "activation_bits": [4],
        "stem_channels": [6],
        "stages": [{"channels": [6], "blocks": [1]}],
    }
    return space_from_json(declared | changed, input_shape=(1, 8, 8), n_classes=10)


def lowest(space: Space, **changed: GeneValue) -> LayerList:
    values = {gene.name: gene.choices[0] for gene in space.genes}
    return space.candidate(values | changed).layers


def conv1(layers: LayerList) -> Layer:
    return next(layer for layer in layers if layer.name == "stage1.block0.conv1")


def bit_genes(space: Space, layer: str) -> set[str]:
    return {gene.name.removeprefix(f"{layer}.") for gene in space.genes if layer in gene.name}


def test_groups_are_neighbouring_channels_of_nearly_equal_number() -> None:
    space = plain(bits_per="channel", channel_groups=4)
    group = "stage1.block0.conv1.group"
    layers = lowest(space, **{f"{group}1.weight_bits": 2, f"{group}3.weight_bits": 5})
    # six channels in four groups begin at 0, 1.5, 3 and 4.5, rounded down
    assert conv1(layers).channel_weight_bits == (1, 2, 2, 1, 5, 5)
    assert conv1(layers).weight_bits == 5


@pytest.mark.parametrize(
    ("groups", "expected"), [(1, {"group0.weight_bits"}), (4, 4), (6, 6), (7, 6), ("all", 6)]
)
def test_no_group_is_empty(groups: object, expected: object) -> None:
    genes = bit_genes(plain(bits_per="channel", channel_groups=groups), "stage1.block0.conv1")
    if isinstance(expected, int):
        expected = {f"group{i}.weight_bits" for i in range(expected)}
    assert genes == expected


def test_groups_exist_only_where_there_are_channels_for_them() -> None:
    stages = [{"channels": [2, 5], "blocks": [1]}]
    space = plain(bits_per="channel", stages=stages)
    few = space.candidate(
        {g.name: g.choices[-1] for g in space.genes} | {"stage1.channels": 2}
    ).genes
    assert {name for name in few if name.startswith("stage1.block0.conv1")} == {
        "stage1.block0.conv1.group0.weight_bits",
        "stage1.block0.conv1.group1.weight_bits",
    }


@given(seed=seeds)
def test_groups_that_agree_are_a_layer_of_one_width(seed: int) -> None:
    """The same network, however it was written, has one hash."""
    rng = np.random.default_rng(seed)
    whole, by_group = plain(), plain(bits_per="channel", channel_groups=3)
    values = dict(whole.sample(rng).genes)
    grouped = {
        gene.name: values[f"{gene.name.rpartition('.group')[0]}.weight_bits"]
        for gene in by_group.genes
    }
    candidate = by_group.candidate(grouped)
    assert candidate == whole.candidate(values)
    assert all(layer.channel_weight_bits == () for layer in candidate.layers)
    # and one channel's change makes it another
    name = str(rng.choice(list(grouped)))
    other = next(bits for bits in (1, 2, 5) if bits != grouped[name])
    assert by_group.candidate(grouped | {name: other}) != candidate


def test_given_widths_are_those_of_whole_layers() -> None:
    space = plain(bits_per="channel", first_layer_bits=32, last_layer_bits=3)
    layers = lowest(space)
    assert [layers[i].weight_bits for i in (1, -1)] == [32, 3]
    assert bit_genes(space, "stem") == bit_genes(space, "classifier") == set()


def test_searched_edges_have_groups_too() -> None:
    space = plain(
        bits_per="channel",
        channel_groups="all",
        first_layer_bits="searched",
        last_layer_bits="searched",
    )
    assert bit_genes(space, "stem") == {f"group{i}.weight_bits" for i in range(6)}
    assert bit_genes(space, "classifier") == {f"group{i}.weight_bits" for i in range(10)}


@pytest.mark.parametrize("bits", [1, 2, 3, 4, 5, 6, 7, 8, 32])
def test_every_width_reaches_weights_and_tensors(bits: int) -> None:
    space = plain(
        weight_bits=[bits],
        activation_bits=[bits],
        first_layer_bits=bits,
        last_layer_bits=bits,
        last_activation_bits=bits,
    )
    layers = space.candidate({}).layers
    assert {layer.weight_bits for layer in layers} == {0, bits}
    assert {layer.activation_bits for layer in layers[1:-1]} == {bits}
    assert [layers[i].activation_bits for i in (0, -1)] == [8, 32]


def test_widths_of_the_first_and_last_tensors_can_be_given_or_searched() -> None:
    given_both = plain(first_activation_bits=7, last_activation_bits=6)
    layers = lowest(given_both)
    assert [layers[i].activation_bits for i in (1, -2)] == [7, 6]
    searched = plain(activation_bits=[2, 3], last_activation_bits="searched")
    assert "pool.activation_bits" in {gene.name for gene in searched.genes}
    layers = lowest(searched, **{"stem.activation_bits": 3, "pool.activation_bits": 2})
    assert [layers[i].activation_bits for i in (1, -2)] == [3, 2]
    shared = plain(
        activation_bits=[2, 3],
        bits_per="network",
        last_activation_bits="searched",
        first_activation_bits=8,
    )
    layers = lowest(shared, activation_bits=3)
    assert [layers[i].activation_bits for i in (1, 2, -2)] == [8, 3, 3]


@pytest.mark.parametrize("pooled", [True, False])
def test_a_given_network_has_genes_for_the_layers_it_has(pooled: bool) -> None:
    kinds: tuple[Any, ...] = ("input", "conv", *(["global_avg_pool"] if pooled else []), "linear")
    layers = tuple(
        Layer(
            name=f"own.{kind}",
            kind=kind,
            inputs=(i - 1,) if i else (),
            out_channels=1 if kind == "input" else 3,
            out_height=8 if i < 2 else 1,
            out_width=8 if i < 2 else 1,
            activation_bits=LOGIT_BITS if kind == "linear" else 8,
        )
        for i, kind in enumerate(kinds)
    )
    declared = {
        "family": "imported",
        "model": "mine",
        "bits_per": "channel",
        "channel_groups": 2,
        "weight_bits": [2, 3],
        "last_layer_bits": "searched",
        "last_activation_bits": "searched",
    }
    space = space_from_json(declared, input_shape=(1, 8, 8), n_classes=3, network=layers)
    groups = {"own.linear.group0.weight_bits", "own.linear.group1.weight_bits"}
    pool = {"pool.activation_bits"} if pooled else set()
    assert {gene.name for gene in space.genes} == groups | pool | {"own.conv.activation_bits"}
    places = space.sample_places(np.random.default_rng(3), 20)
    sizes = batch_costs(space, places)["size_bytes"]
    for row, size in zip(places, sizes, strict=True):
        assert costs(space.at_places(row).layers).size_bytes == size
