"""What is said of a space beforehand is so."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from search_space import preview as preview_module
from search_space.batch import batch_costs
from search_space.budgets import within
from search_space.costs import COST_NAMES, cost_mapping
from search_space.counting import count_assignments, count_candidates
from search_space.errors import BudgetInfeasibleError
from search_space.hardware.estimate import latency_ms, runs_every_layer, violations
from search_space.hardware.narrowing import HardwareMismatchError
from search_space.hardware.profile import HardwareProfile
from search_space.hardware.reader import read_profile
from search_space.hardware.shipped import shipped_profiles
from search_space.intervals import wilson_interval
from search_space.preview import preview
from search_space.space import Candidate, Space
from tests.unit.search_space.spaces import all_places, small_space


def test_a_small_space_is_looked_at_in_full() -> None:
    space = small_space("vgg")
    costs = batch_costs(space, all_places(space))
    bound = float(np.quantile(costs["macs"], 0.4))
    share = float((costs["macs"] <= bound).mean())
    found = preview(space, budgets={"macs": bound})
    assert found.complete
    assert found.n_seen == found.n_assignments == len(costs["macs"])
    for name, values in costs.items():
        cost = found.costs[name]
        assert (cost.smallest, cost.largest) == (values.min(), values.max())
        assert cost.smallest_proven
        assert cost.largest_proven
        assert cost.median == np.median(values)
    assert found.share.estimate == share
    assert found.share.interval == (share, share)
    assert found.count == count_candidates(space)
    hashes = [sample.candidate.hash for sample in found.samples]
    assert len(set(hashes)) == len(hashes) == 20


def test_a_large_space_is_sampled(space: Space) -> None:
    free = preview(space, n=2000)
    bound = free.costs["size_bytes"].median
    found = preview(space, budgets={"size_bytes": bound}, n=2000)
    assert found.n_genes == len(space.genes)
    assert found.costs == free.costs
    assert found.share.n == found.n_seen == min(2000, count_assignments(space))
    assert found.share.n_within == pytest.approx(found.n_seen / 2, rel=0.05)
    if not found.complete:
        measured = found.share.n_within / found.n_seen
        assert found.share.interval == wilson_interval(measured, found.n_seen)
    assert len(found.samples) == 20
    for sample in found.samples:
        assert sample.costs == cost_mapping(sample.candidate.layers)
        assert within(sample.costs, {"size_bytes": bound})
    for cost in found.costs.values():
        assert cost.smallest <= cost.median <= cost.largest


def test_the_same_arguments_have_the_same_answer() -> None:
    space = small_space("mobilenetv2", bits_per="layer")
    budgets = {"bops": 1.3 * preview(space).costs["bops"].smallest}
    found = preview(space, budgets=budgets, n=3000, seed=5)
    assert preview(space, budgets=budgets, n=3000, seed=5) == found
    assert preview(space, budgets=budgets, n=3000, seed=6).samples != found.samples


def test_tighter_budgets_leave_less() -> None:
    space = small_space("mobilenetv2", bits_per="layer", weight_bits=[2, 4, 8])
    smallest = preview(space, n=1).costs["size_bytes"].smallest
    shares = []
    for factor in (4, 2, 1.3, 1.1, 1):
        found = preview(space, budgets={"size_bytes": factor * smallest}, n=1000)
        assert len(found.samples) == 20
        assert max(s.costs["size_bytes"] for s in found.samples) <= factor * smallest
        shares.append(found.share.estimate)
    assert all(tighter < looser for looser, tighter in pairwise(shares))
    assert 0 < shares[-1] < 1e-4


def test_a_share_too_small_to_measure_is_estimated() -> None:
    changed: dict[str, Any] = {"bits_per": "stage", "weight_bits": [2, 3, 8]}
    space = small_space("dscnn", **changed)
    sizes = batch_costs(space, all_places(space))["size_bytes"]
    bound = float(np.quantile(sizes, 0.0005))
    found = preview(space, budgets={"size_bytes": bound}, n=100)
    assert found.share.n_within == 0
    assert found.share.estimate == pytest.approx(float((sizes <= bound).mean()), rel=0.5)


def test_what_cannot_be_met_is_refused() -> None:
    space = small_space("resnet")
    smallest = preview(space).costs["bops"].smallest
    with pytest.raises(BudgetInfeasibleError) as caught:
        preview(space, budgets={"bops": smallest - 1, "macs": 1e12})
    assert caught.value.smallest["bops"] == smallest


def test_many_genes_are_looked_at_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preview_module, "MOST_NUMBERS", 5000)
    space = small_space("mobilenetv2", bits_per="layer")
    found = preview(space, n=10_000)
    assert found.n_seen == 5000 // len(space.genes)


def test_a_space_of_one_network() -> None:
    fixed = {"stem.channels": 3, "stage1.channels": 4, "stage1.blocks": 1, "stage1.kernel": 3}
    fixed |= {"stage2.blocks": 1, "hidden.channels": 0}
    space = small_space("vgg", weight_bits=[2], activation_bits=[3], fixed=fixed)
    found = preview(space)
    assert (found.n_genes, found.n_seen, found.complete) == (0, 1, True)
    assert found.count.exact
    assert len(found.samples) == found.count.at_most == 1
    assert all(found.costs[name].smallest == found.costs[name].largest for name in COST_NAMES)


def test_on_a_device_it_is_about_what_runs_there() -> None:
    space = small_space("vgg", weight_bits=[2, 5, 7], first_layer_bits=8)
    profile = read_profile(shipped_profiles()["generic-mcu-256k"])
    profile = replace(profile, ram_bytes=600)
    offered = [c for c in map(space.at_places, all_places(space)) if _widths(c) <= {2, 4, 8}]
    running = [c for c in offered if not _refused(c, profile)]
    times = [latency_ms(c.layers, profile) for c in running]
    bound = float(np.quantile(times, 0.5))
    found = preview(space, profile=profile, budgets={"latency_ms": bound})
    assert found.complete
    assert found.n_seen == len(offered) < len(all_places(space))
    assert found.costs["latency_ms"].smallest == pytest.approx(min(times))
    assert found.costs["latency_ms"].largest == pytest.approx(max(times))
    assert found.costs["latency_ms"].median == pytest.approx(np.median(times))
    within_all = [
        c
        for c in running
        if latency_ms(c.layers, profile) <= bound and not violations(c.layers, profile)
    ]
    assert 0 < len(within_all) < len(running)
    assert found.share.n_within == len(within_all)
    hashes = {c.hash for c in within_all}
    assert {sample.candidate.hash for sample in found.samples} <= hashes


def test_a_device_that_computes_nothing_is_an_error() -> None:
    space = small_space("vgg", weight_bits=[3, 5])
    profile = read_profile(shipped_profiles()["generic-mcu-256k"])
    with pytest.raises(HardwareMismatchError) as caught:
        preview(space, profile=profile)
    assert [gene.name for gene in caught.value.genes] == ["weight_bits"]


def _widths(candidate: Candidate) -> set[int]:
    layers = candidate.layers
    widths = {w for x in layers for w in (x.weight_bits, *x.channel_weight_bits)}
    return (widths | {x.activation_bits for x in layers[:-1]}) - {0}


def _refused(candidate: Candidate, profile: HardwareProfile) -> bool:
    return not runs_every_layer(candidate.layers, profile)
