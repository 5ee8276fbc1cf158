"""Draws lean to the end that costs more, whichever end of the choices that is."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from optimizer.leaning import Leaning
from optimizer.terrain import Networks
from search.objectives import OBJECTIVES
from search.ports import Rows
from search_space.genes import Gene
from search_space.space import Candidate, Places, Space

SIZE = [OBJECTIVES["size_bytes"]]


class _Turned:
    """A space whose choices are listed from the last to the first."""

    def __init__(self, space: Space) -> None:
        self._networks = Networks(space)
        self._last = np.array([len(gene.choices) - 1 for gene in space.genes])

    @property
    def genes(self) -> tuple[Gene, ...]:
        return tuple(replace(g, choices=g.choices[::-1]) for g in self._networks.genes)

    def rows(self, places: Places) -> Rows:
        return self._networks.rows(self._last - places)

    def candidate(self, places: Places) -> Candidate:
        return self._networks.candidate(self._last - places)

    def costs(self, candidate: Candidate) -> Mapping[str, Any]:
        return self._networks.costs(candidate)


def _uniform(space: Space, n: int) -> Places:
    return space.sample_places(np.random.default_rng(0), n)


@given(power=st.floats(0.2, 5.0))
def test_a_tilt_moves_every_draw_to_one_side_of_the_costs(staged: Space, power: float) -> None:
    networks = Networks(staged)
    places = _uniform(staged, 10)
    sizes = [
        networks.costs_of(tilted)["size_bytes"]
        for tilted in (places, Leaning(networks, SIZE).tilt(places, np.full(10, power)))
    ]
    assert (sizes[1] <= sizes[0]).all() if power >= 1 else (sizes[1] >= sizes[0]).all()


def test_it_does_not_matter_how_the_choices_are_listed(staged: Space) -> None:
    networks, turned = Networks(staged), _Turned(staged)
    places = _uniform(staged, 50)
    last = np.array([len(gene.choices) - 1 for gene in staged.genes])
    power = np.linspace(0.25, 4, 50)
    plain = Leaning(networks, SIZE).tilt(places, power)
    assert (last - Leaning(turned, SIZE).tilt(last - places, power) == plain).all()
    gathered = Leaning(networks, SIZE).gather(places, power / 4, 0.4)
    assert (last - Leaning(turned, SIZE).gather(last - places, power / 4, 0.4) == gathered).all()


def test_gathered_draws_span_the_sizes_from_end_to_end(staged: Space) -> None:
    networks = Networks(staged)
    places = _uniform(staged, 200)
    gathered = Leaning(networks, SIZE).gather(places, np.linspace(0, 1, 200), 0.4)
    span = [np.ptp(np.log2(networks.costs_of(p)["size_bytes"])) for p in (places, gathered)]
    # the largest over the smallest is more than twice what uniform draws have
    assert span[1] > span[0] + 1


def test_widths_that_cost_nothing_are_mostly_the_widest(staged: Space) -> None:
    # the bits of activations have no part in the file's size
    free = [i for i, g in enumerate(staged.genes) if g.name.endswith("activation_bits")]
    drawn = Leaning(Networks(staged), SIZE).tilt(_uniform(staged, 300), np.full(300, 4.0))
    last = np.array([len(staged.genes[i].choices) - 1 for i in free])
    assert (drawn[:, free] == last).mean() > 0.8
    # with operations on bits as an objective they do cost something
    costly = Leaning(Networks(staged), [*SIZE, OBJECTIVES["bops"]])
    drawn = costly.tilt(_uniform(staged, 300), np.full(300, 4.0))
    assert (drawn[:, free] == last).mean() < 0.3
