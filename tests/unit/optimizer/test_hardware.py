"""Nothing is proposed that a device does not compute or hold."""

from typing import Any

import pytest

from optimizer.registry import STRATEGIES
from search.objectives import OBJECTIVES
from search.ports import AskRequest, Observation
from search_space.hardware.estimate import exact_costs, violations
from search_space.hardware.narrowing import narrow
from search_space.hardware.profile import HardwareProfile
from search_space.hardware.reader import read_profile
from search_space.space import Space, space_from_json

# pairs are no product, so that a narrowed space still holds what is refused
ODD = """\
schema: 1
name: odd
flash_bytes: 1500
pairs:
  conv: [[2, 8], [8, 4], [8, 8], [4, 4]]
  linear: [[8, 8]]
cost:
  model: bit_serial
  rates: [{time: {bit_operation: 1}}]
"""


def make_request(**changes: Any) -> AskRequest:
    profile = read_profile(ODD)
    fields: dict[str, Any] = {
        "space": small_space(profile),
        "objectives": [OBJECTIVES[name] for name in ("accuracy", "latency_ms")],
        "ref_point": {"accuracy": 0.1, "latency_ms": 5.0},
        "budgets": {},
        "history": (),
        "n": 6,
        "seed": 3,
        "hardware": profile,
    }
    return AskRequest(**{**fields, **changes})


def small_space(profile: HardwareProfile) -> Space:
    declared = {
        "family": "vgg",
        "weight_bits": [2, 4, 6, 8],
        "activation_bits": [4, 6, 8],
        "stem_channels": [4, 8],
        "stages": [{"channels": [4, 6], "blocks": [1, 2, 3]}],
    }
    return narrow(space_from_json(declared, input_shape=(1, 8, 8), n_classes=10), profile)


@pytest.mark.parametrize("strategy", ["random", "bayesian"])
@pytest.mark.parametrize("budget", [None, 0.6])
def test_every_proposal_runs_within_all_bounds(strategy: str, budget: float | None) -> None:
    request = make_request(budgets={} if budget is None else {"latency_ms": budget})
    profile = read_profile(ODD)
    proposals = STRATEGIES[strategy](request)
    assert len({p.candidate_hash for p in proposals}) == 6
    for proposal in proposals:
        assert violations(proposal.layers, profile) == []
        assert proposal.costs == exact_costs(proposal.layers, profile)
        assert proposal.costs["latency_ms"] <= (budget or 5.0)


@pytest.mark.parametrize("strategy", ["random", "bayesian"])
def test_a_budget_that_nothing_meets_has_no_proposals(strategy: str) -> None:
    assert STRATEGIES[strategy](make_request(budgets={"latency_ms": 0.1})) == []


def test_the_model_learns_from_trials_on_a_device() -> None:
    first = STRATEGIES["bayesian"](make_request(n=8))
    history = [
        Observation(
            genes=p.genes,
            candidate_hash=p.candidate_hash,
            values={"accuracy": 0.5 + 0.02 * i, "latency_ms": p.costs["latency_ms"]},
            status="completed",
        )
        for i, p in enumerate(first[:6])
    ] + [
        Observation(genes=p.genes, candidate_hash=p.candidate_hash, values=None, status=status)
        for p, status in zip(first[6:], ("pending", "failed"), strict=True)
    ]
    proposals = STRATEGIES["bayesian"](make_request(n=2, history=history, n_initial=4))
    assert len(proposals) == 2
    assert {p.candidate_hash for p in proposals}.isdisjoint(p.candidate_hash for p in first)
    assert all(p.gen_method not in ("sobol", "random") for p in proposals)
    assert all(violations(p.layers, read_profile(ODD)) == [] for p in proposals)
