"""Counts of distinct networks are those of listing all of them, or bounds around them."""

from typing import Any

import pytest

from search_space import counting
from search_space.counting import Count, count_assignments, count_candidates
from search_space.space import Space
from tests.unit.search_space.spaces import SMALL, all_places, small_space

ALIKE: dict[str, Any] = {
    "stem_channels": [4],
    "stages": [{"channels": [4], "blocks": [1, 2]}, {"channels": [4, 6], "blocks": [1, 2, 3]}],
}
"""Two blocks and one are the network that one and two are."""


def _distinct(space: Space) -> int:
    return len({space.at_places(places).hash for places in all_places(space)})


@pytest.mark.parametrize("name", SMALL)
def test_all_architectures_are_compared_where_they_are_few(name: str) -> None:
    space = small_space(name, weight_bits=[2], activation_bits=[3, 4])
    n = _distinct(space)
    assert count_candidates(space) == Count(at_least=n, at_most=n)


@pytest.mark.parametrize("name", SMALL)
def test_bounds_hold_where_architectures_are_many(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "MOST_LISTED", 0)
    space = small_space(name, weight_bits=[2], activation_bits=[3, 4])
    found = count_candidates(space)
    assert 0 < found.at_least <= _distinct(space) <= found.at_most <= count_assignments(space)


def test_widths_per_group_are_counted() -> None:
    changed = {"stem_channels": [4, 5], "stages": [{"channels": [2, 3], "kernel": [1, 2]}]}
    changed |= {"bits_per": "channel", "channel_groups": 3, "weight_bits": [1, 8]}
    space = small_space("dscnn", **changed, fixed={"stage1.block0.depthwise.group1.weight_bits": 8})
    n = _distinct(space)
    assert count_candidates(space) == Count(at_least=n, at_most=n)


def test_networks_with_two_encodings_count_once() -> None:
    space = small_space("resnet", **ALIKE)
    n = _distinct(space)
    assert n < count_assignments(space)
    assert count_candidates(space) == Count(at_least=n, at_most=n)


def test_where_twins_share_widths_differently_the_count_is_bounded() -> None:
    space = small_space("resnet", **ALIKE, bits_per="stage")
    found = count_candidates(space)
    assert not found.exact
    assert found.at_least <= _distinct(space) <= found.at_most


def test_without_layer_lists_lookalikes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "_MOST_BUILT", 0)
    space = small_space("resnet", **ALIKE)
    found = count_candidates(space)
    assert found.at_least <= _distinct(space) < found.at_most


def test_large_spaces_have_close_bounds() -> None:
    space = small_space("mobilenetv2", bits_per="layer", weight_bits=[2, 3, 4, 6, 8])
    found = count_candidates(space)
    assert found.at_least > 10**6
    assert found.at_least > 0.5 * found.at_most


def test_numbers_of_any_length(space: Space) -> None:
    found = count_candidates(space)
    assert 0 < found.at_least <= found.at_most <= count_assignments(space)


def test_with_too_many_choices_for_tables_bounds_are_wide() -> None:
    space = small_space("vgg", stem_channels={"min": 1, "max": 300})
    found = count_candidates(space)
    assert 1 < found.at_least < found.at_most == count_assignments(space)


def test_a_space_of_one_network_has_one() -> None:
    fixed = {"stem.channels": 4, "stage1.channels": 4, "stage1.blocks": 1}
    fixed |= {"stage2.channels": 8, "stage2.blocks": 1}
    space = small_space("resnet", weight_bits=[2], activation_bits=[3], fixed=fixed)
    assert space.genes == ()
    assert count_candidates(space) == Count(at_least=1, at_most=1)
