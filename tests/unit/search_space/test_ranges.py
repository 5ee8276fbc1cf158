"""Ranges, order of choices, and genes that are fixed."""

from collections.abc import Callable

import pytest

from search_space.families import FAMILIES, imported
from search_space.space import Space

MakeSpace = Callable[..., Space]
FAMILY_NAMES = (*FAMILIES, imported.NAME)
BITS = ("1", "2", "3", "4", "5", "6", "7", "8", "32")


@pytest.mark.parametrize(
    ("declared", "listed"),
    [
        ({"min": 4, "max": 16, "step": 4}, [4, 8, 12, 16]),
        ({"min": 4, "max": 15, "step": 4}, [4, 8, 12]),
        ({"min": 5, "max": 7}, [5, 6, 7]),
        ({"min": 5, "max": 5}, [5]),
    ],
)
def test_a_range_is_the_list_it_stands_for(
    make_space: MakeSpace, declared: dict[str, int], listed: list[int]
) -> None:
    ranged, written = (make_space("resnet", stem_channels=x) for x in (declared, listed))
    assert ranged.genes == written.genes
    assert ranged.single == written.single


def test_a_range_of_numbers_is_exact_in_decimal(make_space: MakeSpace) -> None:
    def widths(width: object) -> tuple[object, ...]:
        stages = [{"channels": 100, "width": width}]
        space = make_space("mobilenetv2", stages=stages)
        return next(g.choices for g in space.genes if g.name == "stage1.width")

    assert widths({"min": 0.1, "max": 1, "step": 0.1}) == tuple(i / 10 for i in range(1, 11))


def test_ranges_hold_bits_and_blocks(make_space: MakeSpace) -> None:
    space = make_space(
        "vgg",
        activation_bits={"min": 2, "max": 8, "step": 3},
        stages=[{"channels": [4], "blocks": {"min": 1, "max": 3}}],
    )
    choices = {gene.name: gene.choices for gene in space.genes}
    assert choices["stage1.blocks"] == (1, 2, 3)
    assert choices["stage1.block2.conv.weight_bits"] == (1, 4, 7)
    assert choices["stage1.block2.conv.activation_bits"] == (2, 5, 8)


def test_choices_are_ascending_whatever_their_order(make_space: MakeSpace) -> None:
    shuffled = make_space("resnet", weight_bits=[6, 2, 4], stem_channels=[6, 4])
    assert shuffled.genes == make_space("resnet").genes


def test_fixed_pins_genes(make_space: MakeSpace) -> None:
    space = make_space("resnet", fixed={"stage1.channels": 6, "stage1.block0.conv1.weight_bits": 4})
    assert not {"stage1.channels", "stage1.block0.conv1.weight_bits"} & {
        gene.name for gene in space.genes
    }
    layers = space.candidate({gene.name: gene.choices[0] for gene in space.genes}).layers
    (conv1,) = [layer for layer in layers if layer.name == "stage1.block0.conv1"]
    assert (conv1.out_channels, conv1.weight_bits) == (6, 4)


def test_a_width_can_be_pinned_by_any_multiplier_that_means_it(make_space: MakeSpace) -> None:
    space = make_space("mobilenetv2", fixed={"stage1.width": 0.5})
    assert space.single["stage1.width"] == 0.1
    # the pinned-away multiplier is gone, the other aliases remain
    values = {gene.name: gene.choices[0] for gene in space.genes}
    assert space.candidate(values | {"stage1.width": 0.2}) == space.candidate(values)
    pinned_to_one = make_space("mobilenetv2", fixed={"stage1.width": 1})
    assert pinned_to_one.single["stage1.width"] == 1


def test_layers_that_are_pinned_away_have_no_bit_genes(make_space: MakeSpace) -> None:
    fixed = {"stage1.repeats": 1, "stage1.expansion": 1, "last.channels": 0}
    space = make_space("mobilenetv2", fixed=fixed)
    convs = {g.name.rpartition(".")[0] for g in space.genes if g.name.endswith("_bits")}
    stage1 = {conv for conv in convs if conv.startswith("stage1")}
    assert stage1 == {"stage1.block0.depthwise", "stage1.block0.project"}
    assert "last" not in convs
