"""How the default strategy goes from phase to phase, and what it does when something breaks."""

import logging
import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from optimizer.registry import STRATEGIES
from search.hypervolume import hypervolume
from search.pareto import losses
from search.ports import AskRequest, Observation
from search_space.space import Candidate, Space

MakeRequest = Callable[..., AskRequest]
Observe = Callable[..., Observation]
RandomHistory = Callable[..., list[Observation]]

ask = STRATEGIES["bayesian"]
OBJECTIVES = ("accuracy", "size_bytes")


def test_sobol_until_n_initial_then_the_model_within_one_ask(
    staged: Space, make_request: MakeRequest, random_history: RandomHistory
) -> None:
    history = random_history(staged, 5)
    proposals = ask(make_request(staged, history, n=4, n_initial=7))
    assert [p.gen_method for p in proposals] == ["sobol", "sobol", "ehvi", "ehvi"]
    assert [p.expected_gain for p in proposals[:2]] == [None, None]
    third, fourth = (p.expected_gain for p in proposals[2:])
    # the fourth counts on what the third is believed to bring
    assert third is not None
    assert fourth is not None
    assert third >= fourth > 0


def test_the_initial_design_spreads_sizes_and_does_not_depend_on_the_batches(
    staged: Space, make_request: MakeRequest, observe: Observe
) -> None:
    at_once = ask(make_request(staged, n=8, n_initial=8))
    history: list[Observation] = []
    while len(history) < 8:
        history += [
            observe(staged, p, "pending")
            for p in ask(make_request(staged, history, n=2, n_initial=8))
        ]
    assert [o.candidate_hash for o in history] == [p.candidate_hash for p in at_once]

    def spread(sizes: list[int]) -> float:
        return float(np.std(np.log2(sizes)))

    uniform = STRATEGIES["random"](make_request(staged, n=64))
    sizes = [p.costs["size_bytes"] for p in at_once]
    assert spread(sizes) > 1.3 * spread([p.costs["size_bytes"] for p in uniform])


def test_two_thousand_trials_are_taken_in(
    staged: Space, make_request: MakeRequest, random_history: RandomHistory
) -> None:
    history = random_history(staged, 2000)
    (proposal,) = ask(make_request(staged, history, deadline_s=60.0))
    assert proposal.gen_method == "ehvi"
    assert proposal.candidate_hash not in {o.candidate_hash for o in history}


@pytest.mark.parametrize("objectives", [OBJECTIVES, ("accuracy", "size_bytes", "macs")])
def test_a_batch_is_diverse(
    staged: Space,
    make_request: MakeRequest,
    random_history: RandomHistory,
    objectives: tuple[str, ...],
) -> None:
    history = random_history(staged, 20)
    proposals = ask(make_request(staged, history, n=6, objectives=objectives))
    assert {p.gen_method for p in proposals} == {"ehvi"}
    points = np.stack([staged.encode(p.genes) for p in proposals])
    differing = (points[:, None] != points[None]).sum(axis=-1)
    assert differing[~np.eye(6, dtype=bool)].min() >= 1
    assert len({p.costs["size_bytes"] for p in proposals}) >= 4


def test_no_time_at_all_still_gives_proposals_and_says_so(
    staged: Space, make_request: MakeRequest, random_history: RandomHistory
) -> None:
    history = random_history(staged, 12)
    proposals = ask(make_request(staged, history, n=3, deadline_s=0.0))
    assert len(proposals) == 3
    assert {p.gen_method for p in proposals} == {"mutation_deadline"}


def test_little_time_ends_the_search_of_the_pool_early(
    staged: Space,
    make_request: MakeRequest,
    random_history: RandomHistory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # a pool that takes far longer than the deadline, however fast the machine
    monkeypatch.setattr("optimizer.pool.N_MUTATED", 800_000)
    history = random_history(staged, 12)
    (proposal,) = ask(make_request(staged, history, deadline_s=3.0))
    assert proposal.gen_method == "ehvi_deadline"
    assert proposal.gen_seconds < 20


def test_a_broken_model_falls_back_to_mutating_the_front(
    staged: Space,
    make_request: MakeRequest,
    random_history: RandomHistory,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("optimizer.accuracy_model._MIN_VARIANCE", math.nan)
    with caplog.at_level(logging.WARNING, logger="optimizer"):
        proposals = ask(make_request(staged, random_history(staged, 12), n=3))
    assert [p.gen_method for p in proposals] == ["mutation_fallback"] * 3
    assert "broke down" in caplog.text


def test_failures_are_avoided_and_do_not_stop_the_search(
    staged: Space, make_request: MakeRequest, observe: Observe, random_history: RandomHistory
) -> None:
    # everything with a 2-bit stem activation fails
    name = next(g.name for g in staged.genes if g.name.endswith("activation_bits"))

    def fails(candidate: Candidate) -> bool:
        return candidate.genes.get(name) == 2

    rng = np.random.default_rng(0)
    candidates = [staged.sample(rng) for _ in range(40)]
    history = [observe(staged, c, "failed" if fails(c) else "completed") for c in candidates]
    assert {o.status for o in history} == {"failed", "completed"}
    proposals = ask(make_request(staged, history, n=4))
    assert {p.gen_method for p in proposals} == {"ehvi"}


def test_a_history_without_a_finite_accuracy_is_survived(
    staged: Space, make_request: MakeRequest, random_history: RandomHistory
) -> None:
    history = [
        replace(o, values={**(o.values or {}), "accuracy": math.nan})
        for o in random_history(staged, 9)
    ]
    proposals = ask(make_request(staged, history, n=2))
    assert {p.gen_method for p in proposals} == {"mutation_fallback"}


def test_a_history_of_failures_alone_stays_in_the_initial_phase(
    staged: Space, make_request: MakeRequest, random_history: RandomHistory
) -> None:
    history = random_history(staged, 12, status="failed")
    assert {p.gen_method for p in ask(make_request(staged, history, n=2))} == {"sobol"}


def test_needs_fewer_evaluations_than_random_search(
    staged: Space,
    make_request: MakeRequest,
    observe: Observe,
    accuracy_of: Callable[[Candidate], float],
) -> None:
    """Hypervolume at 24 evaluations, five seeds, every seed better than random search."""
    worst = losses({"accuracy": 0.1, "size_bytes": 2.0**18}, OBJECTIVES)

    def reached(strategy: str, seed: int) -> float:
        noise = np.random.default_rng(seed)
        history: list[Observation] = []
        while len(history) < 24:
            request = make_request(staged, history, n=8, seed=seed)
            history += [
                observe(staged, p, noise=noise.normal(0, 0.005))
                for p in STRATEGIES[strategy](request)
            ]
        points = []
        for observation in history:
            accuracy = accuracy_of(staged.candidate(observation.genes))
            points.append(losses({**(observation.values or {}), "accuracy": accuracy}, OBJECTIVES))
        return hypervolume(points, worst)

    gains = [reached("bayesian", seed) / reached("random", seed) for seed in range(5)]
    assert min(gains) > 1.02
