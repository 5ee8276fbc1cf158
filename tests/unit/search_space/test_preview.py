"""What is said of a space beforehand holds for every candidate of it."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_space.batch import batch_costs
from search_space.costs import COST_NAMES, cost_mapping
from search_space.errors import BudgetInfeasibleError
from search_space.preview import (
    check_budgets,
    cost_range,
    extreme_candidate,
    sample_within,
    size_range,
    within,
)
from search_space.space import Space, space_from_json

MakeSpace = Callable[..., Space]
COSTS = COST_NAMES


@pytest.mark.parametrize(
    ("family", "changed"),
    [
        ("resnet", {}),
        ("resnet", {"stem_channels": [6], "stages": [{"channels": [3, 4, 5, 6, 7]}]}),
        ("mobilenetv2", {"weight_bits": [2], "activation_bits": [7]}),
        ("padded shortcuts", {"stages": [{"channels": [4, 5, 6], "stride": 2}]}),
        ("vgg", {"weight_bits": [1, 32]}),
    ],
)
def test_extremes_of_small_spaces_are_those_of_all_candidates(
    make_space: MakeSpace, family: str, changed: dict[str, Any]
) -> None:
    space = make_space(family, **(changed | {"bits_per": "network"}))
    names = [gene.name for gene in space.genes]
    costs = [
        cost_mapping(space.candidate(dict(zip(names, values, strict=True))).layers)
        for values in itertools.product(*(gene.choices for gene in space.genes))
    ]
    for cost in COSTS:
        of_all = [each[cost] for each in costs]
        assert cost_range(space, cost) == (min(of_all), max(of_all))


@pytest.mark.parametrize("weight_bits", [[7, 8], [1, 2, 3]])
def test_the_largest_file_may_have_a_narrow_group(weight_bits: list[int]) -> None:
    """Six channels' widths take three bytes, which is more than one bit of a small group gives."""
    declared = {
        "family": "dscnn",
        "bits_per": "channel",
        "channel_groups": 3,
        "weight_bits": weight_bits,
        "activation_bits": [4],
        "stem_channels": [6],
        "stages": [{"channels": [4], "kernel": [1]}],
    }
    space = space_from_json(declared, input_shape=(1, 8, 8), n_classes=10)
    n_choices = [len(gene.choices) for gene in space.genes]
    places = np.stack(np.meshgrid(*(np.arange(n) for n in n_choices)), axis=-1)
    sizes = batch_costs(space, places.reshape(-1, len(n_choices)))["size_bytes"]
    largest = extreme_candidate(space, "size_bytes", "largest")
    assert cost_range(space, "size_bytes") == (sizes.min(), sizes.max())
    assert any(layer.channel_weight_bits for layer in largest.layers)


def test_fewer_channels_are_not_always_smaller(make_space: MakeSpace) -> None:
    """Five channels behind a stem of six need a shortcut, which weighs more than they save."""
    space = make_space(
        "resnet",
        weight_bits=[2],
        last_layer_bits=2,
        stem_channels=[6],
        stages=[{"channels": [5, 6]}],
    )
    assert extreme_candidate(space, "size_bytes", "smallest").genes["stage1.channels"] == 6


_ranges: dict[Space, dict[str, tuple[int, int]]] = {}


@given(seed=st.integers(0, 2**32 - 1))
def test_no_sample_is_outside_the_range(space: Space, seed: int) -> None:
    if space not in _ranges:
        _ranges[space] = {cost: cost_range(space, cost) for cost in COSTS}
    sample = cost_mapping(space.sample(np.random.default_rng(seed)).layers)
    for cost, (smallest, largest) in _ranges[space].items():
        assert smallest <= sample[cost] <= largest


def test_the_size_range_ends_at_the_budget(make_space: MakeSpace) -> None:
    space = make_space("resnet")
    smallest, largest = cost_range(space, "size_bytes")
    assert size_range(space, {}) == (smallest, largest)
    assert size_range(space, {"size_bytes": 2 * largest}) == (smallest, largest)
    assert size_range(space, {"size_bytes": largest - 10.5}) == (smallest, largest - 11)
    assert size_range(space, {"macs": 1e9}) == (smallest, largest)


@pytest.mark.parametrize("cost", COSTS)
def test_a_budget_below_the_smallest_value_is_refused_with_that_value(
    make_space: MakeSpace, cost: str
) -> None:
    space = make_space("resnet")
    smallest, _ = cost_range(space, cost)
    check_budgets(space, {cost: smallest})
    with pytest.raises(BudgetInfeasibleError, match=rf"{cost} .*smallest alone: {smallest}"):
        check_budgets(space, {cost: smallest - 1})
    with pytest.raises(BudgetInfeasibleError) as caught:
        size_range(space, {cost: smallest - 1})
    assert caught.value.smallest == {cost: smallest}
    assert caught.value.budgets == {cost: smallest - 1}


@given(seed=st.integers(0, 2**32 - 1))
def test_samples_within_budget_are_within_budget(make_space: MakeSpace, seed: int) -> None:
    space = make_space("mobilenetv2")
    smallest, largest = cost_range(space, "size_bytes")
    budgets = {"size_bytes": (smallest + largest) / 2}
    drawn = sample_within(space, np.random.default_rng(seed), budgets, n=4, max_tries=500)
    assert len(drawn) == 4
    assert all(within(cost_mapping(candidate.layers), budgets) for candidate in drawn)
    again = sample_within(space, np.random.default_rng(seed), budgets, n=4, max_tries=500)
    assert again == drawn


def test_sampling_ends_when_tries_run_out(make_space: MakeSpace) -> None:
    space, rng = make_space("resnet"), np.random.default_rng(0)
    assert len(sample_within(space, rng, {}, n=5, max_tries=3)) == 3
    assert sample_within(space, rng, {}, n=0, max_tries=3) == []
    smallest, _ = cost_range(space, "size_bytes")
    with pytest.raises(BudgetInfeasibleError) as caught:
        sample_within(space, rng, {"size_bytes": 100, "macs": 1e9}, n=1, max_tries=3)
    assert caught.value.smallest["size_bytes"] == smallest
