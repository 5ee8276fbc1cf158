"""Given and allocated candidates come first; trials of other searches teach the model."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from optimizer.allocator import allocated
from optimizer.features import coordinate
from optimizer.frontier import Frontier
from optimizer.lessons import read_lessons
from optimizer.registry import STRATEGIES
from optimizer.seeds import with_seeds
from search.hypervolume import hypervolume
from search.pareto import losses
from search.ports import AskRequest, Observation
from search.warm_start import Lesson, WarmStart
from search_space.bits import is_bit_gene
from search_space.costs import cost_mapping, mean_weight_bits
from search_space.genes import Gene
from search_space.space import Candidate, Space
from tests.unit.optimizer.conftest import STAGED

MakeRequest = Callable[..., AskRequest]
Observe = Callable[..., Observation]
Accuracy = Callable[[Candidate], float]

ask = STRATEGIES["bayesian"]


def _noise(candidate: Candidate) -> float:
    return sum(4.0**-v for k, v in candidate.genes.items() if is_bit_gene(k) and v != "float")  # type: ignore[operator]  # widths are numbers


def _given(space: Space, n: int) -> tuple[Mapping[str, Any], ...]:
    rng = np.random.default_rng(3)
    return tuple(space.sample(rng).genes for _ in range(n))


@pytest.fixture(scope="module")
def part(make_space: Callable[[Mapping[str, Any]], Space]) -> Space:
    """The same networks with fewer widths, one of which the whole space does not have."""
    return make_space({**STAGED, "weight_bits": [2, 4, 5, 8], "activation_bits": [8]})


@pytest.fixture(scope="module")
def lessons(part: Space, accuracy_of: Accuracy) -> list[Lesson]:
    rng = np.random.default_rng(0)
    return [_lesson(part, part.sample(rng), accuracy_of) for _ in range(40)]


def _lesson(space: Space, candidate: Candidate, accuracy_of: Accuracy) -> Lesson:
    return Lesson(
        genes={**space.single, **candidate.genes},
        costs=cost_mapping(candidate.layers),
        mean_weight_bits=mean_weight_bits(candidate.layers),
        accuracy=accuracy_of(candidate),
    )


@pytest.mark.parametrize("strategy", ["bayesian", "random"])
def test_given_then_allocated_then_the_strategy(
    staged: Space, make_request: MakeRequest, observe: Observe, strategy: str
) -> None:
    start = WarmStart(candidates=_given(staged, 3), allocate=4)

    def whole(batch: int) -> list[tuple[str, str]]:
        history: list[Observation] = []
        found: list[tuple[str, str]] = []
        while len(found) < 10:
            n = min(batch, 10 - len(found))
            request = make_request(staged, history, n=n, warm_start=start)
            proposals = with_seeds(STRATEGIES[strategy], request)
            found += [(p.gen_method, p.candidate_hash) for p in proposals]
            history += [observe(staged, p, "pending") for p in proposals]
        return found

    found = whole(10)
    methods = [method for method, _ in found]
    usual = "sobol" if strategy == "bayesian" else "random"
    assert methods == ["given"] * 3 + ["allocated"] * 4 + [usual] * 3
    assert [h for _, h in found[:3]] == [staged.candidate(g).hash for g in start.candidates]
    assert len({h for _, h in found}) == 10
    assert whole(2)[:7] == found[:7]


def test_seeds_over_budget_are_left_out(staged: Space, make_request: MakeRequest) -> None:
    given = _given(staged, 4)
    sizes = [cost_mapping(staged.candidate(genes).layers)["size_bytes"] for genes in given]
    budgets = {"size_bytes": float(np.median(sizes))}
    start = WarmStart(candidates=given, allocate=4)
    found = with_seeds(ask, make_request(staged, n=9, warm_start=start, budgets=budgets))
    assert [p.gen_method for p in found].count("given") == 2
    assert [p.gen_method for p in found].count("allocated") == 4
    assert all(p.costs["size_bytes"] <= budgets["size_bytes"] for p in found)


def test_allocated_widths_have_less_noise_than_others_of_their_size(
    make_space: Callable[[Mapping[str, Any]], Space], make_request: MakeRequest
) -> None:
    space = make_space(
        {
            **STAGED,
            "bits_per": "layer",
            "stages": [
                {
                    "channels": 16,
                    "width": [1.0],
                    "kernel": [3],
                    "expansion": [2],
                    "repeats": [2],
                    "stride": 2,
                }
            ],
            "stem_channels": [16],
            "last_channels": None,
            "activation_bits": [8],
        }
    )
    frontier = Frontier(make_request(space))
    assert all(is_bit_gene(gene.name) for gene in space.genes)
    found = [space.at_places(places) for places in allocated(frontier, "size_bytes", 5)]
    sizes = [cost_mapping(candidate.layers)["size_bytes"] for candidate in found]
    assert sizes == sorted(set(sizes))
    rng = np.random.default_rng(1)
    drawn = [space.sample(rng) for _ in range(2000)]
    for candidate, size in zip(found, sizes, strict=True):
        rivals = [_noise(c) for c in drawn if cost_mapping(c.layers)["size_bytes"] <= size]
        assert _noise(candidate) <= min(rivals, default=np.inf)


def test_a_space_without_widths_allocates_nothing(
    make_space: Callable[[Mapping[str, Any]], Space], make_request: MakeRequest
) -> None:
    space = make_space({**STAGED, "weight_bits": [4], "activation_bits": [8]})
    assert space.genes
    assert allocated(Frontier(make_request(space)), "size_bytes", 3) == []


def test_a_network_that_both_spaces_hold_has_the_same_features(
    staged: Space, make_request: MakeRequest, accuracy_of: Accuracy
) -> None:
    rng = np.random.default_rng(2)
    candidates = [staged.sample(rng) for _ in range(6)]
    taught = [_lesson(staged, candidate, accuracy_of) for candidate in candidates]
    request = make_request(staged, lessons=taught)
    found = read_lessons(request, Frontier(request), len(staged.genes) + 4)
    assert len(found) == len(found.here.places) == 6
    assert [staged.at_places(row).hash for row in found.here.places] == [c.hash for c in candidates]
    assert found.measured.tolist() == [lesson.accuracy for lesson in taught]


def test_networks_of_another_space_lie_between_those_of_this_one(
    staged: Space, part: Space, make_request: MakeRequest, lessons: Sequence[Lesson]
) -> None:
    request = make_request(staged, lessons=lessons)
    found = read_lessons(request, Frontier(request), len(staged.genes) + 4)
    assert len(found) == 40
    five = [
        each
        for each in lessons
        if any(value == 5 and is_bit_gene(name) for name, value in each.genes.items())
    ]
    assert 0 < len(found.here.places) == 40 - len(five)
    assert bool(
        ((found.x[:, : len(staged.genes)] >= 0) & (found.x[:, : len(staged.genes)] <= 1)).all()
    )
    sizes = np.sort([np.log2(each.costs["size_bytes"]) for each in lessons])
    assert np.allclose(np.sort(found.x[:, len(staged.genes)].numpy()), sizes)


def test_coordinates_of_values_that_are_no_choices() -> None:
    widths = Gene(name="a.weight_bits", choices=(2, 4, 8))
    four, five, eight = (coordinate(widths, bits) for bits in (4, 5, 8))
    assert four > five > eight == 0.0
    assert coordinate(widths, 1) == coordinate(widths, 2) == 1.0
    assert coordinate(Gene(name="kernel", choices=(3, 5)), 7) == 0.75
    assert coordinate(Gene(name="kind", choices=("a", "b"), ordered=False), "c") == 0.5


def test_a_space_of_other_genes_teaches_nothing(
    staged: Space, make_request: MakeRequest, lessons: Sequence[Lesson]
) -> None:
    strange = [
        Lesson(
            genes={f"other.{k}": v for k, v in each.genes.items()},
            costs=each.costs,
            mean_weight_bits=each.mean_weight_bits,
            accuracy=each.accuracy,
        )
        for each in lessons
    ]
    (proposal,) = ask(make_request(staged, lessons=strange))
    assert proposal.gen_method == "sobol"


def test_what_others_measured_makes_the_search_faster(
    staged: Space,
    make_request: MakeRequest,
    observe: Observe,
    lessons: Sequence[Lesson],
) -> None:
    corner = losses({"accuracy": 0.1, "size_bytes": 2.0**18}, ("accuracy", "size_bytes"))

    def volume(taught: Sequence[Lesson], n: int, seed: int) -> float:
        history: list[Observation] = []
        while len(history) < n:
            found = ask(make_request(staged, history, n=4, seed=seed, lessons=taught))
            methods = {p.gen_method for p in found}
            assert (
                methods == {"ehvi_warm", "ehvi_untried"} if taught else "ehvi_warm" not in methods
            )
            history += [observe(staged, p) for p in found]
        points = [losses(o.values or {}, ("accuracy", "size_bytes")) for o in history]
        return hypervolume(points, corner)

    for seed in range(3):
        assert volume(lessons, 8, seed) > volume((), 16, seed)
