"""A region or a target that a search states truly steers its optimizer."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from optimizer.interest import Interest
from optimizer.registry import STRATEGIES
from search.focus import Region, Target, region_of
from search.hypervolume import hypervolume
from search.pareto import losses, non_dominated
from search.ports import AskRequest, Observation
from search_space.space import Space

MakeRequest = Callable[..., AskRequest]
Observe = Callable[..., Observation]

LOW, HIGH = 8000.0, 16000.0
FOCUS = region_of({"size_bytes": (LOW, HIGH)}, None)
TARGET = region_of(None, Target(within={"size_bytes": HIGH}))
SEEDS = range(3)
N = 32
Point = tuple[float, float]


@pytest.fixture(scope="module")
def searched(
    staged: Space, make_request: MakeRequest, observe: Observe
) -> Callable[[Region | None, int], list[Point]]:
    """Return accuracy and size of each trial of a whole search, by default without a region."""
    kept: dict[tuple[bool, bool, int], list[Point]] = {}

    def run(region: Region | None, seed: int) -> list[Point]:
        key = (region is None, region is not None and region.scalar, seed)
        if key in kept:
            return kept[key]
        worst = {"accuracy": 0.1, "size_bytes": region.reference("size_bytes") if region else 2**18}
        history: list[Observation] = []
        noise = np.random.default_rng(seed)
        while len(history) < N:
            request = make_request(staged, history, n=4, seed=seed, region=region, ref_point=worst)
            history += [
                observe(staged, p, noise=0.003 * noise.normal())
                for p in STRATEGIES["bayesian"](request)
            ]
        values = [o.values or {} for o in history]
        kept[key] = [(v["accuracy"], v["size_bytes"]) for v in values]
        return kept[key]

    return run


def _losses(points: list[Point]) -> list[tuple[float, ...]]:
    return [
        losses(dict(zip(("accuracy", "size_bytes"), p, strict=True)), ("accuracy", "size_bytes"))
        for p in points
    ]


def _inside(points: list[Point]) -> list[Point]:
    return [p for p in points if LOW <= p[1] <= HIGH]


def _front(points: list[Point]) -> list[Point]:
    front = non_dominated({str(i): loss for i, loss in enumerate(_losses(points))})
    return [points[int(i)] for i in front]


def test_more_of_the_front_lies_in_the_region_and_it_is_better_there(
    searched: Callable[[Region | None, int], list[Point]],
) -> None:
    gained = []
    for seed in SEEDS:
        plain, focused = searched(None, seed), searched(FOCUS, seed)
        assert len(_inside(focused)) >= 0.9 * N > 0.5 * N > len(_inside(plain))
        assert len(_inside(_front(focused))) > len(_inside(_front(plain)))
        corner = (-0.1, float(np.log2(HIGH)))
        volumes = [hypervolume(_losses(_inside(points)), corner) for points in (plain, focused)]
        gained.append(volumes[1] / volumes[0])
    assert min(gained) > 1.0


def test_the_target_is_reached_in_fewer_evaluations(
    searched: Callable[[Region | None, int], list[Point]],
) -> None:
    def best(points: list[Point], n: int) -> float:
        return max(accuracy for accuracy, size in points[:n] if size <= HIGH)

    plain = np.mean([best(searched(None, seed), N) for seed in SEEDS])
    aimed = np.mean([best(searched(TARGET, seed), 24) for seed in SEEDS])
    assert aimed > plain


def test_the_initial_design_is_in_the_region(staged: Space, make_request: MakeRequest) -> None:
    for region in (FOCUS, TARGET):
        sizes = [
            p.costs["size_bytes"]
            for p in STRATEGIES["bayesian"](make_request(staged, n=8, region=region))
        ]
        assert all(0.25 * HIGH <= size <= HIGH for size in sizes)
        assert len(set(sizes)) == 8


def test_a_region_that_holds_nothing_is_approached(
    staged: Space, make_request: MakeRequest, observe: Observe
) -> None:
    request = make_request(staged)
    largest = staged.candidate({gene.name: gene.choices[-1] for gene in staged.genes})
    history = [observe(staged, largest)]
    far = make_request(
        staged,
        history + [observe(staged, p) for p in STRATEGIES["bayesian"](make_request(staged, n=8))],
        region=Region(bounds={"size_bytes": (1.0, 2.0)}),
        ref_point={**request.ref_point, "size_bytes": 2.2},
    )
    (proposal,) = STRATEGIES["bayesian"](far)
    smallest = min((o.values or {})["size_bytes"] for o in far.history)
    assert proposal.costs["size_bytes"] < 1.1 * smallest
    assert proposal.expected_gain == 0.0


def test_what_counts(staged: Space, make_request: MakeRequest) -> None:
    request = make_request(
        staged,
        objectives=("accuracy", "size_bytes", "macs"),
        region=region_of({"macs": (2.0**10, 2.0**12)}, None),
    )
    interest = Interest(request)
    utilities = torch.tensor([[-9.0, -11.0], [-9.0, -12.5], [-9.0, -8.0]], dtype=torch.float64)
    assert interest.distance(utilities).tolist() == [0.0, 0.5, 2.0]
    counted = interest.counted(utilities)
    assert counted[0].tolist() == [-9.0, -11.0]
    assert bool((counted[1] < interest.ref_point[1:]).all())
    assert counted[2].tolist() == [-9.0, -10.0]


def test_of_a_target_only_the_accuracy_within_counts(
    staged: Space, make_request: MakeRequest
) -> None:
    interest = Interest(make_request(staged, region=TARGET))
    sizes = torch.tensor([[HIGH], [HIGH + 1], [3.0]], dtype=torch.float64)
    utilities = -sizes.log2()
    assert (interest.distance(utilities) > 0).tolist() == [False, True, False]
    counted = interest.counted(utilities)
    assert counted[0].tolist() == counted[2].tolist()
    assert bool((counted[1] < interest.ref_point[1:]).all())


def test_without_a_region_everything_counts_as_it_is(
    staged: Space, make_request: MakeRequest
) -> None:
    interest = Interest(make_request(staged))
    utilities = torch.tensor([[-9.0], [-30.0]], dtype=torch.float64)
    assert torch.equal(interest.counted(utilities), utilities)
    assert interest.distance(utilities).tolist() == [0.0, 0.0]
