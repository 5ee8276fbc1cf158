"""Draws within budgets are even, however tight the budgets are."""

from collections import Counter

import numpy as np
import pytest
from scipy.stats import chisquare

from search_space import sampling
from search_space.batch import batch_costs
from search_space.budgets import check_budgets, within
from search_space.costs import cost_mapping
from search_space.errors import BudgetInfeasibleError
from search_space.extremes import extremes
from search_space.sampling import draw_within, sample_within
from search_space.space import Space
from tests.unit.search_space.spaces import all_places, small_space


@pytest.fixture(scope="module")
def listed() -> Space:
    """13,824 assignments."""
    changed = {"bits_per": "stage", "weight_bits": [2, 3, 8], "activation_bits": [4, 8]}
    return small_space("dscnn", **changed)


@pytest.mark.parametrize(
    ("quantiles", "method"),
    [
        ({"size_bytes": 0.3}, "uniform"),
        ({"size_bytes": 0.005}, "levels"),
        ({"size_bytes": 0.001}, "levels"),
        ({"size_bytes": 0.03, "bops": 0.01}, "levels"),
    ],
)
def test_every_assignment_within_budget_is_drawn_as_often(
    listed: Space, quantiles: dict[str, float], method: str
) -> None:
    places = all_places(listed)
    costs = batch_costs(listed, places)
    budgets = {name: float(np.quantile(costs[name], q)) for name, q in quantiles.items()}
    fits = np.all([costs[name] <= bound for name, bound in budgets.items()], axis=0)
    drawn = [draw_within(listed, np.random.default_rng(s), budgets, 200) for s in range(10)]
    assert {each.method for each in drawn} == {method}
    counted = Counter(tuple(row) for each in drawn for row in each.places.tolist())
    expected = {tuple(row) for row in places[fits].tolist()}
    assert counted.keys() <= expected
    n, n_drawn = len(expected), counted.total()
    # total variation from the uniform distribution, against that of independent uniform draws
    off = sum(abs(counted[row] / n_drawn - 1 / n) for row in expected) / 2
    even = np.random.default_rng(0).multinomial(n_drawn, np.full(n, 1 / n)) / n_drawn
    assert off < 1.3 * np.abs(even - 1 / n).sum() / 2
    # within one population draws depend on each other a little, hence no ordinary 5 %
    assert chisquare([counted[row] for row in expected]).pvalue > 1e-4
    shares = np.array([each.share for each in drawn])
    assert shares.mean() == pytest.approx(fits.mean(), rel=0.15)


def test_the_smallest_network_alone_is_found_in_a_large_space() -> None:
    space = small_space("mobilenetv2", bits_per="layer", weight_bits=[2, 4, 8])
    smallest = extremes(space, "smallest")["size_bytes"]
    (drawn, *others) = sample_within(
        space, np.random.default_rng(0), {"size_bytes": smallest.value}, 20
    )
    assert others
    assert cost_mapping(drawn.layers)["size_bytes"] == smallest.value


def test_draws_are_within_budget_and_the_same_again(space: Space) -> None:
    smallest, largest = extremes(space, "smallest"), extremes(space, "largest")
    budgets = {
        name: 0.8 * smallest[name].value + 0.2 * largest[name].value
        for name in ("size_bytes", "peak_activation_bytes")
    }
    drawn = sample_within(space, np.random.default_rng(7), budgets, 4)
    assert len(drawn) == 4
    assert all(within(cost_mapping(candidate.layers), budgets) for candidate in drawn)
    assert sample_within(space, np.random.default_rng(7), budgets, 4) == drawn


def test_without_budgets_everything_is_drawn() -> None:
    space = small_space("vgg")
    drawn = draw_within(space, np.random.default_rng(0), {}, 1000)
    assert (len(drawn.places), drawn.method, drawn.share) == (1000, "uniform", 1)
    assert sample_within(space, np.random.default_rng(0), {}, 0) == []


def test_costs_may_come_from_elsewhere(listed: Space) -> None:
    """A made-up cost that one assignment in some thousands meets."""
    wanted = listed.sample_places(np.random.default_rng(1), 1)

    def distance(places: np.ndarray) -> dict[str, np.ndarray]:
        return {"distance": np.abs(places - wanted).sum(axis=1)}

    drawn = draw_within(listed, np.random.default_rng(0), {"distance": 0.5}, 5, distance)
    assert len(drawn.places) == 5
    assert (drawn.places == wanted).all()


@pytest.mark.parametrize("cost", ["size_bytes", "macs", "bops", "peak_activation_bytes"])
def test_a_budget_below_the_smallest_value_is_refused_with_that_value(cost: str) -> None:
    space = small_space("resnet")
    smallest = extremes(space, "smallest")[cost].value
    check_budgets(space, {cost: smallest})
    with pytest.raises(BudgetInfeasibleError, match=rf"{cost} .*smallest alone: {smallest}\)"):
        check_budgets(space, {cost: smallest - 1})
    with pytest.raises(BudgetInfeasibleError) as caught:
        sample_within(space, np.random.default_rng(0), {cost: smallest - 1}, 1)
    assert (caught.value.smallest, caught.value.proven) == ({cost: smallest}, True)


def test_budgets_that_exclude_each_other_are_refused() -> None:
    """The smallest file and the fewest operations are those of different networks."""
    space = small_space("mobilenetv2")
    smallest = {name: extremes(space, "smallest")[name].value for name in ("size_bytes", "macs")}
    costs = batch_costs(space, all_places(space))
    assert not np.all([costs[name] <= least for name, least in smallest.items()], axis=0).any()
    check_budgets(space, smallest)
    with pytest.raises(BudgetInfeasibleError) as caught:
        sample_within(space, np.random.default_rng(0), smallest, 1)
    assert caught.value.smallest == smallest


def test_where_levels_end_too_soon_walks_start_at_the_smallest_networks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    space = small_space("mobilenetv2", bits_per="layer")
    budgets = {"size_bytes": 1.0 * extremes(space, "smallest")["size_bytes"].value}
    monkeypatch.setattr(sampling, "_MOST_WORK", 10_000)
    drawn = draw_within(space, np.random.default_rng(0), budgets, 20)
    assert (drawn.method, drawn.share, len(drawn.places)) == ("walk", 0, 20)
    assert (batch_costs(space, drawn.places)["size_bytes"] <= budgets["size_bytes"]).all()
