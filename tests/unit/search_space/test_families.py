"""What the families build: shapes, residuals, signs, and the widths of every tensor."""

from collections.abc import Callable
from math import ceil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_space.bits import SUPPORTED_BITS
from search_space.costs import costs
from search_space.families import FAMILIES
from search_space.genes import GeneValue
from search_space.layer_json import layers_from_json, layers_to_json
from search_space.layers import INPUT_BITS, LOGIT_BITS, Layer, LayerList
from search_space.space import Space, space_from_json

seeds = st.integers(0, 2**32 - 1)
MakeSpace = Callable[..., Space]


def by_name(layers: LayerList) -> dict[str, Layer]:
    return {layer.name: layer for layer in layers}


def ends(space: Space, end: int, **changed: GeneValue) -> LayerList:
    """Return the network of all first (0) or last (-1) choices, some of them changed."""
    values = {gene.name: gene.choices[end] for gene in space.genes}
    return space.candidate(values | changed).layers


@given(seed=seeds)
def test_every_layer_list_is_well_formed(space: Space, seed: int) -> None:
    layers = space.sample(np.random.default_rng(seed)).layers
    assert len({layer.name for layer in layers}) == len(layers)
    assert layers[0] == Layer(
        name="input",
        kind="input",
        inputs=(),
        out_channels=space.input_shape[0],
        out_height=space.input_shape[1],
        out_width=space.input_shape[2],
        activation_bits=INPUT_BITS,
    )
    assert (layers[-1].kind, layers[-1].out_channels) == ("linear", space.n_classes)
    assert layers[-1].activation_bits == LOGIT_BITS
    hidden = [layer for layer in layers if layer.name.startswith("hidden")]
    assert layers[-2 - len(hidden)].kind == "global_avg_pool"
    read = {index for layer in layers for index in layer.inputs}
    assert read == set(range(len(layers) - 1)), "every tensor but the logits is read"
    for index, layer in enumerate(layers):
        assert all(source < index for source in layer.inputs)
        _check_layer(layer, [layers[source] for source in layer.inputs])


def _check_layer(layer: Layer, sources: list[Layer]) -> None:
    shape = (layer.out_height, layer.out_width)
    if layer.kind == "conv":
        (source,) = sources
        before, after = layer.padding
        for read, out in zip((source.out_height, source.out_width), shape, strict=True):
            assert out == ceil(read / layer.stride)
            assert out == (read + before + after - layer.kernel) // layer.stride + 1
        assert 0 <= after - before <= 1
        assert layer.groups in {1, source.out_channels}
        assert layer.batch_norm
        assert layer.activation_bits in SUPPORTED_BITS
    elif layer.kind == "add":
        first, second = sources
        assert first.out_channels == second.out_channels == layer.out_channels
        assert (first.out_height, first.out_width) == (second.out_height, second.out_width) == shape
        assert layer.activation_bits == first.activation_bits, "shares its block's last conv's"
        assert layer.weight_bits == 0
    elif layer.kind in ("max_pool", "pad_channels"):
        (source,) = sources
        for read, out in zip((source.out_height, source.out_width), shape, strict=True):
            assert out == ceil(read / layer.stride)
        assert layer.activation_bits == source.activation_bits
        assert layer.out_channels >= source.out_channels
        assert layer.weight_bits == 0
    if layer.kind in ("conv", "linear"):
        assert layer.weight_bits in SUPPORTED_BITS
        if layer.channel_weight_bits:
            assert len(layer.channel_weight_bits) == layer.out_channels
            assert max(layer.channel_weight_bits) == layer.weight_bits < 32
            assert len(set(layer.channel_weight_bits)) > 1


@given(seed=seeds)
def test_layer_lists_survive_json(space: Space, seed: int) -> None:
    layers = space.sample(np.random.default_rng(seed)).layers
    assert layers_from_json(layers_to_json(layers)) == layers


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    "shape", [(1, 8, 8), (1, 28, 28), (3, 32, 32), (3, 96, 96), (1, 1, 1), (2, 17, 200)]
)
def test_defaults_suit_every_input_shape(family: str, shape: tuple[int, int, int]) -> None:
    space = space_from_json({"family": family}, input_shape=shape, n_classes=3)
    for end in (0, -1):
        layers = ends(space, end)
        last_map = layers[-3]
        assert last_map.out_height <= 12
        assert last_map.out_width <= shape[2]


def test_small_images_keep_their_resolution_through_two_reference_stages() -> None:
    def strides(side: int) -> list[int]:
        space = space_from_json(
            {"family": "mobilenetv2"}, input_shape=(3, side, side), n_classes=10
        )
        return [x.stride for x in ends(space, 0) if x.name == "stem" or "depthwise" in x.name]

    assert strides(32) == [1, 1, 1, 2, 2, 1, 2, 1]
    assert strides(96) == [2, 1, 2, 2, 2, 1, 2, 1]


def test_an_inverted_bottleneck(make_space: MakeSpace) -> None:
    layers = by_name(
        ends(make_space("mobilenetv2"), -1, **{"stage2.kernel": 5, "stage2.width": 1.5})
    )
    expand, depthwise, project = (
        layers[f"stage2.block0.{part}"] for part in ("expand", "depthwise", "project")
    )
    assert (expand.kernel, expand.out_channels, expand.activation) == (1, 8 * 2, "relu")
    assert (depthwise.kernel, depthwise.groups, depthwise.stride) == (5, 16, 2)
    assert (depthwise.out_height, depthwise.padding) == (4, (2, 2))
    assert depthwise.activation == "relu"
    # channels = round(1.5 * 10); no activation behind the linear bottleneck
    assert (project.kernel, project.out_channels, project.activation) == (1, 15, "none")
    assert "stage2.block0.add" not in layers
    assert layers["stage2.block1.add"].activation == "none"
    assert layers["last"].out_channels == 12


def test_an_even_kernel_pads_one_more_after_than_before(make_space: MakeSpace) -> None:
    layers = by_name(ends(make_space("mobilenetv2"), -1))
    assert layers["stage1.block0.depthwise"].kernel == 6
    assert layers["stage1.block0.depthwise"].padding == (2, 3)


def test_a_residual_needs_stride_one_and_equal_channels(make_space: MakeSpace) -> None:
    space = make_space("mobilenetv2")
    equal = by_name(ends(space, 0, **{"stem.channels": 4, "stage1.width": 0.1}))
    wider = by_name(ends(space, 0, **{"stem.channels": 8, "stage1.width": 0.1}))
    assert "stage1.block0.add" in equal
    assert "stage1.block0.add" not in wider
    assert "stage2.block0.add" not in equal  # 4 channels on either side, but stride 2


def test_channels_are_at_least_four(make_space: MakeSpace) -> None:
    stages = [{"channels": 1, "width": [0.01]}]
    layers = by_name(ends(make_space("mobilenetv2", stages=stages), 0))
    assert layers["stage1.block0.project"].out_channels == 4


@pytest.mark.parametrize("last_channels", [None, [0]])
def test_there_need_be_no_last_convolution(
    make_space: MakeSpace, last_channels: list[int] | None
) -> None:
    space = make_space("mobilenetv2", last_channels=last_channels)
    assert not [gene for gene in space.genes if gene.name.startswith("last")]
    assert "last" not in by_name(ends(space, -1))


def test_a_residual_block_with_and_without_shortcut(make_space: MakeSpace) -> None:
    space = make_space("resnet")
    same = by_name(ends(space, 0, **{"stage1.channels": 4, "stage1.blocks": 1}))
    other = by_name(ends(space, 0, **{"stage1.channels": 6, "stage1.blocks": 1}))
    assert "stage1.block0.shortcut" not in same
    shortcut = other["stage1.block0.shortcut"]
    assert (shortcut.kernel, shortcut.stride, shortcut.activation) == (1, 1, "none")
    strided = same["stage2.block0.shortcut"]
    assert (strided.kernel, strided.stride, strided.out_height) == (1, 2, 4)
    assert same["stage1.block0.conv1"].activation == "relu"
    assert same["stage1.block0.conv2"].activation == "none"
    assert same["stage1.block0.add"].activation == "relu"


def test_a_shortcut_has_bit_genes_only_where_one_can_be(make_space: MakeSpace) -> None:
    def genes(channels: list[int], stride: int) -> set[str]:
        stages = [{"channels": channels, "blocks": [1, 2], "stride": stride}]
        space = make_space("resnet", stem_channels=[4], stages=stages)
        return {gene.name for gene in space.genes if "shortcut" in gene.name}

    both = {"stage1.block0.shortcut.weight_bits", "stage1.block0.shortcut.activation_bits"}
    assert genes([4], 1) == set()
    assert genes([4, 6], 1) == genes([6], 1) == genes([4], 2) == both


def test_resnet20_as_published() -> None:
    """269,722 parameters and 40.55 million multiply-accumulates: CIFAR-10, option A."""
    declared = {
        "family": "resnet",
        "shortcut": "pad",
        "stem_channels": [16],
        "stages": [
            {"channels": [16], "blocks": [3]},
            {"channels": [32], "blocks": [3], "stride": 2},
            {"channels": [64], "blocks": [3], "stride": 2},
        ],
        "weight_bits": [32],
        "activation_bits": [32],
        "first_layer_bits": 32,
        "last_layer_bits": 32,
    }
    space = space_from_json(declared, input_shape=(3, 32, 32), n_classes=10)
    assert space.genes == ()
    exact = costs(space.candidate({}).layers)
    assert exact.parameters == 269_722
    assert round(exact.macs / 1e6, 2) == 40.55


def test_a_shortcut_without_parameters(make_space: MakeSpace) -> None:
    space = make_space("padded shortcuts")
    names = {gene.name for gene in space.genes}
    layers = by_name(
        ends(space, 0, **{"stem.channels": 4, "stage1.channels": 5, "stage2.channels": 8})
    )
    wider, narrower = layers["stage1.block0.shortcut"], "stage2.block0.shortcut"
    assert (wider.kind, wider.stride, wider.out_channels, wider.out_height) == (
        "pad_channels", 2, 5, 4,
    )  # fmt: skip
    assert wider.activation_bits == layers["stem"].activation_bits
    assert (wider.weight_bits, wider.batch_norm) == (0, False)
    assert layers[narrower].kind == "pad_channels"
    # from five channels to three there is nothing to pad
    layers = by_name(ends(space, 0, **{"stage1.channels": 5, "stage2.channels": 3}))
    assert layers[narrower].kind == "conv"
    # equal shapes need no shortcut at all
    layers = by_name(ends(space, 0, **{"stage1.channels": 4, "stage2.channels": 4}))
    assert narrower not in layers
    assert "stage2.weight_bits" in names


def test_padded_shortcuts_have_no_weight_genes(make_space: MakeSpace) -> None:
    stages = [{"channels": [4, 6], "stride": 2}, {"channels": [6, 8]}]
    space = make_space("resnet", shortcut="pad", stem_channels=[3, 4], stages=stages)
    assert not [gene.name for gene in space.genes if "shortcut" in gene.name]
    narrowing = make_space("resnet", shortcut="pad", stem_channels=[3, 5], stages=stages)
    assert [gene.name for gene in narrowing.genes if "shortcut" in gene.name] == [
        "stage1.block0.shortcut.weight_bits",
        "stage1.block0.shortcut.activation_bits",
    ]


def test_depthwise_separable_pairs(make_space: MakeSpace) -> None:
    layers = by_name(ends(make_space("dscnn"), -1))
    assert (layers["stem"].kernel, layers["stem"].out_channels) == (3, 6)
    first, pair = layers["stage2.block0.depthwise"], layers["stage2.block0.pointwise"]
    assert (first.groups, first.out_channels, first.kernel) == (8, 8, 5)
    assert (first.stride, first.out_height, first.activation) == (3, 3, "relu")
    assert (pair.groups, pair.out_channels, pair.kernel, pair.stride) == (1, 9, 1, 1)
    assert pair.activation == "relu"
    assert layers["stage2.block2.depthwise"].stride == 1
    assert "stage2.block3.depthwise" not in layers


def test_stacks_of_convolutions(make_space: MakeSpace) -> None:
    space = make_space("vgg")
    layers = by_name(ends(space, -1))
    assert [layer.name for layer in ends(space, -1)] == [
        "input", "stem",
        "stage1.block0.conv", "stage1.block1.conv", "stage1.pool",
        "stage2.block0.conv", "stage2.block1.conv", "stage2.block2.conv", "stage2.pool",
        "stage3.block0.conv",
        "pool", "hidden.linear0", "hidden.linear1", "classifier",
    ]  # fmt: skip
    cut = layers["stage2.pool"]
    # four rows in windows of three: the second is cut to one row
    assert (cut.kernel, cut.stride, cut.padding, cut.out_height) == (3, 3, (0, 2), 2)
    hidden = layers["hidden.linear1"]
    assert (hidden.out_channels, hidden.activation, hidden.batch_norm) == (6, "relu", False)
    assert layers["stage1.block0.conv"].padding == (1, 1)
    without = ends(space, -1, **{"hidden.channels": 0})
    assert [layer.name for layer in without[-2:]] == ["pool", "classifier"]
    assert not [n for n in space.candidate(
        {g.name: g.choices[0] for g in space.genes}
    ).genes if n.startswith("hidden.linear")]  # fmt: skip


def test_each_layer_has_the_bits_of_its_genes(make_space: MakeSpace) -> None:
    rng = np.random.default_rng(4)
    candidate = make_space("mobilenetv2").sample(rng)
    for layer in candidate.layers[1:-2]:
        if layer.kind == "conv":
            assert layer.weight_bits == candidate.genes[f"{layer.name}.weight_bits"]
            assert layer.activation_bits == candidate.genes[f"{layer.name}.activation_bits"]
    assert candidate.layers[-1].weight_bits == candidate.genes["classifier.weight_bits"]
    assert candidate.layers[-2].activation_bits == 8


def test_bits_per_stage_and_per_network(make_space: MakeSpace) -> None:
    def bit_genes(bits_per: str, **changed: object) -> set[str]:
        space = make_space("resnet", bits_per=bits_per, **changed)
        return {gene.name for gene in space.genes if gene.name.endswith("_bits")}

    stages = {"stage1.weight_bits", "stage2.weight_bits"}
    activations = {"stem.activation_bits", "stage1.activation_bits", "stage2.activation_bits"}
    searched = {"first_layer_bits": "searched", "last_layer_bits": "searched"}
    edges = {"stem.weight_bits", "classifier.weight_bits"}
    assert bit_genes("stage") == stages | activations
    assert bit_genes("stage", **searched) == stages | activations | edges
    assert bit_genes("network") == {"weight_bits", "activation_bits"}
    assert bit_genes("network", **searched) == {"weight_bits", "activation_bits"}

    layers = ends(make_space("resnet", bits_per="network"), 0, weight_bits=6, activation_bits=3)
    inner = layers[2:-2]
    assert {layer.weight_bits for layer in inner if layer.kind == "conv"} == {6}
    assert {layer.activation_bits for layer in inner} == {3}
    assert (layers[1].weight_bits, layers[-1].weight_bits) == (8, 8)


def test_first_and_last_layer_can_be_given_other_bits(make_space: MakeSpace) -> None:
    layers = ends(make_space("resnet", first_layer_bits=5, last_layer_bits=3), 0)
    assert (layers[1].weight_bits, layers[-1].weight_bits) == (5, 3)
