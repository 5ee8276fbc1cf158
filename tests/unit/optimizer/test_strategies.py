"""What every strategy owes its caller, whatever it does inside."""

from collections.abc import Callable

import numpy as np
import pytest

from optimizer.registry import STRATEGIES
from search.entities import Proposal
from search.ports import Ask, AskRequest, Observation
from search_space.costs import cost_mapping
from search_space.space import Space

MakeRequest = Callable[..., AskRequest]
Observe = Callable[..., Observation]
RandomHistory = Callable[..., list[Observation]]


@pytest.fixture(params=sorted(STRATEGIES))
def ask(request: pytest.FixtureRequest) -> Ask:
    return STRATEGIES[request.param]


def _check(proposals: list[Proposal], request: AskRequest) -> None:
    hashes = [p.candidate_hash for p in proposals]
    assert len(set(hashes)) == len(hashes)
    assert not set(hashes) & {o.candidate_hash for o in request.history}
    for proposal in proposals:
        candidate = request.space.candidate(proposal.genes)
        assert candidate.genes == proposal.genes
        assert candidate.hash == proposal.candidate_hash
        assert candidate.layers == proposal.layers
        assert proposal.costs == cost_mapping(candidate.layers)
        assert all(proposal.costs[name] <= b for name, b in request.budgets.items())
        assert proposal.gen_seconds >= 0
        assert proposal.gen_method


@pytest.mark.parametrize("n_history", [0, 5, 14])
def test_proposals_are_new_canonical_exact_and_within_budget(
    ask: Ask,
    staged: Space,
    make_request: MakeRequest,
    random_history: RandomHistory,
    n_history: int,
) -> None:
    history = random_history(staged, n_history)
    request = make_request(staged, history, n=4, budgets={"size_bytes": 9000.0, "macs": 9e5})
    proposals = ask(request)
    assert len(proposals) == 4
    _check(proposals, request)


def test_the_same_request_has_the_same_answer_and_another_seed_another(
    ask: Ask, staged: Space, make_request: MakeRequest, random_history: RandomHistory
) -> None:
    history = random_history(staged, 10)

    def hashes(seed: int) -> list[str]:
        return [p.candidate_hash for p in ask(make_request(staged, history, n=3, seed=seed))]

    assert hashes(1) == hashes(1)
    assert hashes(1) != hashes(2)


def test_pending_and_failed_trials_are_never_proposed_again(
    ask: Ask, tiny: Space, make_request: MakeRequest, random_history: RandomHistory
) -> None:
    pending = random_history(tiny, 5, status="pending")
    failed = [o for o in random_history(tiny, 12, status="failed") if o not in pending]
    known = {o.candidate_hash for o in pending}
    history = pending + [o for o in failed if o.candidate_hash not in known][:4]
    request = make_request(tiny, history, n=12)
    proposals = ask(request)
    _check(proposals, request)
    assert len(proposals) == 12 - len(history)


def test_a_small_space_is_proposed_in_full_and_then_nothing(
    ask: Ask, tiny: Space, make_request: MakeRequest, observe: Observe
) -> None:
    history: list[Observation] = []
    while proposals := ask(make_request(tiny, history, n=5)):
        history += [observe(tiny, p) for p in proposals]
    assert len({o.candidate_hash for o in history}) == len(history) == 12


def test_a_budget_that_uniform_samples_miss_is_met(
    ask: Ask, staged: Space, make_request: MakeRequest
) -> None:
    rng = np.random.default_rng(0)
    smallest = staged.candidate({gene.name: gene.choices[0] for gene in staged.genes})
    budget = 1.15 * cost_mapping(smallest.layers)["size_bytes"]
    samples = (cost_mapping(staged.sample(rng).layers)["size_bytes"] for _ in range(200))
    assert min(samples) > budget
    request = make_request(staged, n=3, budgets={"size_bytes": budget})
    proposals = ask(request)
    assert len(proposals) == 3
    _check(proposals, request)


def test_a_budget_that_nothing_meets_gives_nothing(
    ask: Ask, tiny: Space, make_request: MakeRequest
) -> None:
    assert ask(make_request(tiny, n=2, budgets={"size_bytes": 1.0})) == []


def test_a_space_of_one_network_gives_it_once(
    ask: Ask, make_space: Callable[..., Space], make_request: MakeRequest, observe: Observe
) -> None:
    space = make_space(
        {
            "family": "resnet",
            "weight_bits": [4],
            "activation_bits": [8],
            "stem_channels": [4],
            "stages": [{"channels": [8], "blocks": [1], "stride": 2}],
        }
    )
    assert space.genes == ()
    (only,) = ask(make_request(space, n=3))
    assert ask(make_request(space, [observe(space, only)], n=3)) == []
