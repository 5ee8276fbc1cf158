"""The ends of the range of each cost are those of all candidates."""

from typing import Any

import numpy as np
import pytest

from search_space.batch import batch_costs
from search_space.costs import COST_NAMES, cost_mapping
from search_space.counting import count_candidates
from search_space.extremes import extreme_candidate, extremes
from search_space.space import Space
from tests.unit.search_space.spaces import SMALL, all_places, small_space

BY_CHANNEL: dict[str, Any] = {
    "bits_per": "channel",
    "channel_groups": 2,
    "weight_bits": [1, 2, 3, 8],
    "activation_bits": [4],
    "stem_channels": [4],
}


def _check(space: Space) -> None:
    of_all = batch_costs(space, all_places(space))
    smallest, largest = extremes(space, "smallest"), extremes(space, "largest")
    for name in COST_NAMES:
        ends = (smallest[name], largest[name])
        assert [end.value for end in ends] == [of_all[name].min(), of_all[name].max()], name
        assert [cost_mapping(end.candidate.layers)[name] for end in ends] == [
            end.value for end in ends
        ]
        assert all(end.proven for end in ends)


@pytest.mark.parametrize("name", SMALL)
def test_extremes_are_those_of_all_candidates(name: str) -> None:
    _check(small_space(name))


@pytest.mark.parametrize("bits_per", ["stage", "network"])
def test_widths_may_be_shared_or_pinned(bits_per: str) -> None:
    pinned = {"first_layer_bits": "searched", "last_layer_bits": 4, "fixed": {"stage1.blocks": 2}}
    _check(small_space("resnet", bits_per=bits_per, **pinned))


@pytest.mark.parametrize(
    "changed",
    [
        {"stages": [{"channels": [2, 3], "kernel": [1, 3]}]},
        {"stages": [{"channels": [2, 3], "kernel": [3]}], "last_layer_bits": "searched"},
        {
            "stages": [{"channels": [3], "kernel": [1, 2]}],
            "fixed": {"stage1.block0.depthwise.group1.weight_bits": 8},
        },
    ],
)
def test_groups_of_channels_store_their_widths_where_these_differ(changed: dict[str, Any]) -> None:
    _check(small_space("dscnn", **(BY_CHANNEL | changed)))


def test_a_narrower_group_can_make_the_largest_file() -> None:
    space = small_space("dscnn", **BY_CHANNEL, stages=[{"channels": [2], "kernel": [1]}])
    largest = extremes(space, "largest")["size_bytes"].candidate
    (depthwise,) = (layer for layer in largest.layers if layer.groups > 1)
    assert set(depthwise.channel_weight_bits) == {3, 8}


def test_fewer_channels_are_not_always_smaller() -> None:
    """Five channels behind a stem of six need a shortcut, which weighs more than they save."""
    space = small_space(
        "resnet",
        weight_bits=[2],
        last_layer_bits=2,
        stem_channels=[6],
        stages=[{"channels": [5, 6]}],
    )
    assert extreme_candidate(space, "size_bytes", "smallest").genes["stage1.channels"] == 6


def test_no_sample_of_any_space_is_outside_the_range(space: Space) -> None:
    drawn = batch_costs(space, space.sample_places(np.random.default_rng(0), 500))
    smallest, largest = extremes(space, "smallest"), extremes(space, "largest")
    for name in COST_NAMES:
        assert smallest[name].value <= drawn[name].min()
        assert drawn[name].max() <= largest[name].value


@pytest.mark.parametrize("n_stages", [11, 14])
def test_many_stages_are_no_obstacle(n_stages: int) -> None:
    """46 and 58 genes: more axes than some functions of NumPy take."""
    stage = {"channels": 8, "width": [0.5, 1], "kernel": [2, 3], "expansion": [1, 2]}
    stages = [stage | {"repeats": [1, 2], "stride": 2 if i < 2 else 1} for i in range(n_stages)]
    space = small_space("mobilenetv2", stages=stages)
    for end in ("smallest", "largest"):
        for name, found in extremes(space, end).items():
            assert found.proven
            assert cost_mapping(found.candidate.layers)[name] == found.value
    assert count_candidates(space).at_least < count_candidates(space).at_most


def test_with_too_many_choices_for_tables_what_is_found_is_not_called_proven() -> None:
    space = small_space("vgg", stem_channels={"min": 1, "max": 300})
    for end in (extremes(space, "smallest"), extremes(space, "largest")):
        assert not any(extreme.proven for extreme in end.values())
    assert extremes(space, "smallest")["macs"].candidate.genes["stem.channels"] == 1
    assert extremes(space, "largest")["macs"].candidate.genes["stem.channels"] == 300
