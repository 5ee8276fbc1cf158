"""What many assignments take at once is what each of them takes alone."""

import numpy as np
import pytest

from search_space.costs import COST_NAMES
from search_space.hardware.batch import REFUSED, costs_on
from search_space.hardware.estimate import cost_names, exact_costs, runs_every_layer, violations
from search_space.hardware.profile import HardwareProfile
from search_space.hardware.reader import read_profile
from search_space.hardware.shipped import shipped_profiles
from search_space.space import Space

HEAD = """\
schema: 1
name: device
"""
PAIRS = """\
pairs:
  conv: {weight_bits: [1, 2, 3, 4, 5, 6, 8, 32], activation_bits: [1, 2, 3, 4, 8]}
  depthwise: {weight_bits: [1, 2, 3, 5, 8], activation_bits: [2, 3, 5, 8]}
  pointwise: [[1, 1], [2, 4], [8, 8], [4, 8], [2, 8], [3, 3], [1, 8], [5, 5]]
  linear: {weight_bits: [2, 3, 8, 32], activation_bits: [2, 8]}
"""
COST = """\
cost:
  model: bit_serial
  rates:
    - kinds: [conv]
      time: {bit_operation: 3, weight_byte: 5, layer: 7}
      energy: {input_byte: 11, output_byte: 13}
    - kinds: [depthwise]
      time: {bit_operation: 17}
  other:
    time: {input_byte: 19, layer: 23}
"""
PICKY = HEAD + PAIRS + COST


def table() -> str:
    """A table that knows some layers only."""
    rows = [
        f"    - [conv, {w}, {a}, {kernel}, {macs}, {w * a * macs}, {w + macs}]"
        for w in (1, 2, 3, 4, 5, 8)
        for a in (2, 3, 4, 8)
        for kernel in (1, 2, 3, 5)
        for macs in (10, 1000, 30000)
    ]
    head = """\
schema: 1
name: table
cost:
  model: lookup
  interpolation: {method: log_linear, over: [macs], outside: refuse}
  columns: [kind, weight_bits, activation_bits, kernel, macs, time, energy]
  table:
"""
    return head + "\n".join(rows)


PROFILES = {**shipped_profiles(), "picky": PICKY, "table": table(), "everything": HEAD + COST}


@pytest.fixture(params=PROFILES)
def profile(request: pytest.FixtureRequest) -> HardwareProfile:
    return read_profile(PROFILES[request.param])


def test_costs_are_those_of_the_layer_lists(space: Space, profile: HardwareProfile) -> None:
    places = space.sample_places(np.random.default_rng(3), 40)
    together = costs_on(space, profile)(places)
    assert set(together) == {*cost_names(profile), REFUSED}
    for i, row in enumerate(places):
        layers = space.at_places(row).layers
        runs = together[REFUSED][i] == 1
        assert runs == runs_every_layer(layers, profile)
        for name, value in exact_costs(layers, profile).items():
            if runs or name in COST_NAMES:
                assert together[name][i] == pytest.approx(value)


def test_refused_places_are_counted(space: Space) -> None:
    profile = read_profile(PICKY)
    places = space.sample_places(np.random.default_rng(4), 40)
    counted = costs_on(space, profile)(places)[REFUSED]
    for i, row in enumerate(places):
        found = violations(space.at_places(row).layers, profile)
        # a layer whose channels have several widths that are refused counts once
        layers = {(v.code, v.layer) for v in found}
        assert counted[i] == 1 + len(layers)


def test_no_assignments_have_no_costs(space: Space, profile: HardwareProfile) -> None:
    none = space.sample_places(np.random.default_rng(0), 0)
    assert all(values.shape == (0,) for values in costs_on(space, profile)(none).values())
