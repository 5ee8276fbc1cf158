"""The ends that a search finds are those of listing everything, in spaces small enough for that."""

import itertools

import numpy as np
import pytest

from search_space.hardware.batch import REFUSED, costs_on
from search_space.hardware.extremes import extreme_found
from search_space.hardware.narrowing import narrow
from search_space.hardware.reader import read_profile
from search_space.hardware.shipped import shipped_profiles
from search_space.space import Space, space_from_json

PROFILES = {name: read_profile(text) for name, text in shipped_profiles().items()}


def small_space() -> Space:
    declared = {
        "family": "vgg",
        "weight_bits": [2, 4, 8],
        "activation_bits": [4, 8],
        "stem_channels": [4, 8],
        "stages": [{"channels": [4, 6], "blocks": [1, 2], "kernel": [2, 3]}],
    }
    return space_from_json(declared, input_shape=(1, 8, 8), n_classes=10)


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("cost", ["latency_ms", "energy_uj"])
def test_ends_are_found(name: str, cost: str) -> None:
    space = narrow(small_space(), PROFILES[name])
    costs_of = costs_on(space, PROFILES[name])
    choices = [range(len(gene.choices)) for gene in space.genes]
    every = costs_of(np.array([*itertools.product(*choices)]))
    assert (every[REFUSED] == 1).all()
    for end, expected in (("smallest", every[cost].min()), ("largest", every[cost].max())):
        assert extreme_found(space, costs_of, cost, end) == pytest.approx(expected)  # type: ignore[arg-type]  # an End


def test_refused_networks_are_no_end() -> None:
    text = """\
schema: 1
name: odd
pairs: {conv: [[2, 8], [8, 4], [8, 8]]}
cost:
  model: bit_serial
  rates: [{time: {bit_operation: 1}}]
"""
    space, profile = small_space(), read_profile(text)
    costs_of = costs_on(space, profile)
    choices = [range(len(gene.choices)) for gene in space.genes]
    every = costs_of(np.array([*itertools.product(*choices)]))
    runs = every[REFUSED] == 1
    assert 0 < runs.sum() < len(runs)
    found = extreme_found(space, costs_of, "latency_ms", "smallest")
    assert found == pytest.approx(every["latency_ms"][runs].min())


def test_nothing_that_runs_has_no_end() -> None:
    # the space has tensors of 4 and 8 bits, and pairs of the device none of its weights
    text = """\
schema: 1
name: none
pairs: {conv: [[8, 2], [3, 8]]}
cost:
  model: bit_serial
  rates: [{time: {bit_operation: 1}}]
"""
    space = small_space()
    costs_of = costs_on(space, read_profile(text))
    assert extreme_found(space, costs_of, "latency_ms", "smallest") is None


def test_enough_is_enough() -> None:
    space = narrow(small_space(), PROFILES["bit-serial"])
    costs_of = costs_on(space, PROFILES["bit-serial"])
    least = extreme_found(space, costs_of, "latency_ms", "smallest")
    most = extreme_found(space, costs_of, "latency_ms", "largest")
    assert least is not None
    assert most is not None
    goal = (least + most) / 2
    n_calls = 0

    def counted(places: np.ndarray) -> dict[str, np.ndarray]:
        nonlocal n_calls
        n_calls += 1
        return costs_of(places)

    found = extreme_found(space, counted, "latency_ms", "smallest", enough=goal)
    assert found is not None
    assert least <= found <= goal
    assert n_calls == 1
