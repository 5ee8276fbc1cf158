"""What a search has not begun with is tried early; lessons that mislead are dropped."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from optimizer.genotypes import Genotypes
from optimizer.registry import STRATEGIES
from optimizer.seeds import with_seeds
from optimizer.untried import Untried
from search.entities import Proposal
from search.ports import AskRequest, Observation
from search.warm_start import Lesson, WarmStart
from search_space.costs import cost_mapping, mean_weight_bits
from search_space.space import Candidate, Space
from tests.unit.optimizer.conftest import STAGED

MakeRequest = Callable[..., AskRequest]
Observe = Callable[..., Observation]
Pairs = set[tuple[str, Any]]

ask = STRATEGIES["bayesian"]


@pytest.fixture(scope="module")
def part(make_space: Callable[[Mapping[str, Any]], Space]) -> Space:
    """The same networks, without the widest weights and the widest activations."""
    return make_space({**STAGED, "weight_bits": [2, 3, 4, 6], "activation_bits": [2, 4]})


@pytest.fixture(scope="module")
def lessons(part: Space, accuracy_of: Callable[[Candidate], float]) -> list[Lesson]:
    rng = np.random.default_rng(0)
    candidates = [part.sample(rng) for _ in range(40)]
    return [
        Lesson(
            genes={**part.single, **each.genes},
            costs=cost_mapping(each.layers),
            mean_weight_bits=mean_weight_bits(each.layers),
            accuracy=accuracy_of(each),
        )
        for each in candidates
    ]


def _pairs(genes: Mapping[str, Any]) -> Pairs:
    return set(genes.items())


def _held(lessons: list[Lesson]) -> Pairs:
    return set().union(*(_pairs(lesson.genes) for lesson in lessons))


def test_every_third_proposal_has_choices_that_no_lesson_has(
    staged: Space, make_request: MakeRequest, lessons: list[Lesson]
) -> None:
    proposals = ask(make_request(staged, n=12, lessons=lessons))
    assert [p.gen_method for p in proposals] == ["ehvi_warm", "ehvi_warm", "ehvi_untried"] * 4
    held, untried = _held(lessons), {(g.name, c) for g in staged.genes for c in g.choices}
    untried -= held
    assert untried
    exploring = [_pairs(p.genes) & untried for p in proposals[2::3]]
    # a gene that has no effect on a network cannot be tried with it
    assert min(map(len, exploring)) >= 2
    assert len(set().union(*exploring)) >= 2 / 3 * len(untried)
    sizes = np.log2([p.costs["size_bytes"] for p in proposals[2::3]])
    assert np.ptp(sizes) > 1


def test_asks_one_by_one_explore_at_the_same_turns(
    staged: Space, make_request: MakeRequest, observe: Observe, lessons: list[Lesson]
) -> None:
    history: list[Observation] = []
    methods = []
    for _ in range(6):
        (proposal,) = ask(make_request(staged, history, lessons=lessons))
        methods.append(proposal.gen_method)
        history.append(observe(staged, proposal))
    assert methods == ["ehvi_warm", "ehvi_warm", "ehvi_untried"] * 2


def test_widths_between_those_that_were_seen_are_no_news(
    staged: Space, make_request: MakeRequest
) -> None:
    genotypes = Genotypes(staged)
    last = genotypes.n_choices - 1
    ends = np.stack([np.zeros_like(last), last])
    untried = Untried(make_request(staged), genotypes, ends, 8)
    for _ in range(2):
        untried.note(ends[0])
    unordered = any(not gene.ordered and len(gene.choices) > 2 for gene in staged.genes)
    assert untried.due == unordered


def test_after_given_candidates_what_they_lack_is_tried(
    staged: Space, part: Space, make_request: MakeRequest, observe: Observe
) -> None:
    rng = np.random.default_rng(1)
    candidates = tuple({**part.single, **part.sample(rng).genes} for _ in range(9))
    names = {gene.name for gene in staged.genes}
    given = tuple({k: v for k, v in genes.items() if k in names} for genes in candidates)
    start = WarmStart(candidates=given)
    history = [observe(staged, staged.candidate(genes)) for genes in given]
    proposals = with_seeds(ask, make_request(staged, history, n=6, warm_start=start))
    assert [p.gen_method for p in proposals] == ["ehvi", "ehvi", "ehvi_untried"] * 2
    held = set().union(*(_pairs(genes) for genes in given))
    assert all(_pairs(p.genes) - held for p in proposals[2::3])


def test_a_budget_or_a_region_still_holds_for_them(
    staged: Space, make_request: MakeRequest, lessons: list[Lesson]
) -> None:
    bound = float(np.quantile([each.costs["size_bytes"] for each in lessons], 0.2))
    request = make_request(staged, n=6, lessons=lessons, budgets={"size_bytes": bound})
    proposals = ask(request)
    assert "ehvi_untried" in {p.gen_method for p in proposals}
    assert max(p.costs["size_bytes"] for p in proposals) <= bound


def test_a_cold_search_or_one_that_has_seen_all_has_nothing_to_try(
    staged: Space, make_request: MakeRequest
) -> None:
    genotypes = Genotypes(staged)
    nothing = np.empty((0, len(staged.genes)), dtype=np.int64)
    cold = Untried(make_request(staged), genotypes, nothing, 8)
    everything = genotypes.uniform(np.random.default_rng(0), 200)
    taught = Untried(make_request(staged), genotypes, everything, 8)
    some = Untried(make_request(staged), genotypes, everything[:1], 8)
    for untried in (cold, taught, some):
        untried.note(everything[0])
        untried.note(everything[0])
    assert (cold.due, taught.due, some.due) == (False, False, True)


def test_it_ends_after_as_many_trials_as_an_initial_design_has(
    staged: Space, make_request: MakeRequest
) -> None:
    genotypes = Genotypes(staged)
    row = np.zeros(len(staged.genes), dtype=np.int64)
    untried = Untried(make_request(staged), genotypes, row[None], 3)
    due = []
    for _ in range(15):
        due.append(untried.due)
        untried.note(row)
    assert due == [False, False, True] * 3 + [False] * 6


def test_lessons_that_mislead_are_dropped_and_good_ones_are_kept(
    staged: Space,
    make_request: MakeRequest,
    random_history: Callable[..., list[Observation]],
    lessons: list[Lesson],
) -> None:
    history = random_history(staged, 16, seed=5)

    def used(taught: list[Lesson]) -> Proposal:
        (proposal,) = ask(make_request(staged, history, lessons=taught, n_initial=0))
        return proposal

    rng = np.random.default_rng(2)
    wrong = rng.permutation([each.accuracy for each in lessons])
    misleading = [replace(each, accuracy=a) for each, a in zip(lessons, wrong, strict=True)]
    assert used(lessons).gen_method == "ehvi_warm"
    assert used(misleading).gen_method == "ehvi"
