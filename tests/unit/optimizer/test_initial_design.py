from collections.abc import Callable

import numpy as np

from optimizer.frontier import Frontier
from optimizer.initial_design import InitialDesign, van_der_corput
from search.ports import AskRequest
from search_space.space import Space

MakeRequest = Callable[..., AskRequest]


def test_every_prefix_of_the_sequence_is_spread() -> None:
    for n in (1, 3, 7, 15, 31):
        numbers = sorted(van_der_corput(i) for i in range(1, n + 1))
        assert np.allclose(numbers, np.arange(1, n + 1) / (n + 1))


def test_sizes_fill_the_range_evenly_on_a_log_scale(
    staged: Space, make_request: MakeRequest
) -> None:
    frontier = Frontier(make_request(staged))
    points = list(frontier.genotypes.uniform(np.random.default_rng(0), 192))
    design = InitialDesign(frontier, points, "size_bytes")
    logs, earlier = [], []
    for number in range(15):
        option = design.choose(number, earlier)
        assert option is not None
        earlier.append(frontier.genotypes.places(option.candidate.genes))
        logs.append(np.log2(option.costs["size_bytes"]))
    counts, _ = np.histogram(logs, bins=5)
    assert counts.min() >= 2


def test_it_ends_when_all_points_are_taken(tiny: Space, make_request: MakeRequest) -> None:
    frontier = Frontier(make_request(tiny))
    points = list(frontier.genotypes.uniform(np.random.default_rng(0), 100))
    design = InitialDesign(frontier, points, "macs")
    chosen = [design.choose(number, []) for number in range(13)]
    assert len({o.candidate.hash for o in chosen if o is not None}) == 12
    assert chosen[12] is None
