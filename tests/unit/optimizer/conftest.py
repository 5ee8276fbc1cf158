"""Spaces, histories and requests that the optimizer's tests share."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from search.entities import Proposal
from search.objectives import OBJECTIVES
from search.ports import AskRequest, Observation
from search_space.costs import cost_mapping
from search_space.space import Candidate, Space, space_from_json

MakeRequest = Callable[..., AskRequest]

TINY: Mapping[str, Any] = {
    "family": "resnet",
    "weight_bits": [2, 4, 8],
    "activation_bits": [4, 8],
    "bits_per": "network",
    "stem_channels": [4, 8],
    "stages": [{"channels": [8], "blocks": [1], "stride": 2}],
}
"""Twelve networks."""

STAGED: Mapping[str, Any] = {
    "family": "mobilenetv2",
    "weight_bits": [2, 3, 4, 6, 8],
    "activation_bits": [2, 4, 8],
    "bits_per": "stage",
}
"""About twenty genes."""


@pytest.fixture(scope="session")
def make_space() -> Callable[[Mapping[str, Any]], Space]:
    def make(declared: Mapping[str, Any]) -> Space:
        return space_from_json(declared, input_shape=(1, 8, 8), n_classes=10)

    return make


@pytest.fixture(scope="session")
def tiny(make_space: Callable[[Mapping[str, Any]], Space]) -> Space:
    return make_space(TINY)


@pytest.fixture(scope="session")
def staged(make_space: Callable[[Mapping[str, Any]], Space]) -> Space:
    return make_space(STAGED)


@pytest.fixture(scope="session")
def make_request() -> MakeRequest:
    def make(
        space: Space,
        history: Sequence[Observation] = (),
        *,
        n: int = 1,
        objectives: Sequence[str] = ("accuracy", "size_bytes"),
        **changes: Any,
    ) -> AskRequest:
        worst = {"accuracy": 0.1, "size_bytes": 2.0**18, "macs": 2.0**28, "bops": 2.0**34}
        settings: dict[str, Any] = {
            "budgets": {},
            "seed": 0,
            # far from what any test needs, so that a busy machine changes no result
            "deadline_s": 300.0,
            "ref_point": {name: worst[name] for name in objectives},
        }
        return AskRequest(
            space=space,
            objectives=[OBJECTIVES[name] for name in objectives],
            history=tuple(history),
            n=n,
            **(settings | changes),
        )

    return make


@pytest.fixture(scope="session")
def accuracy_of() -> Callable[[Candidate], float]:
    """A landscape: more multiply-accumulates help and saturate; each layer's few bits hurt."""

    def accuracy(candidate: Candidate) -> float:
        weighted = [layer for layer in candidate.layers if layer.weight_bits]
        noise = sum(4.0 ** (2 - layer.weight_bits) for layer in weighted) / len(weighted)
        noise += sum(4.0 ** (2 - layer.activation_bits) for layer in weighted) / len(weighted)
        capacity = 0.8 * float(np.log2(cost_mapping(candidate.layers)["macs"])) - 12.0
        return float(0.1 + 0.88 / (1 + np.exp(3.0 * noise - capacity)))

    return accuracy


@pytest.fixture(scope="session")
def observe(accuracy_of: Callable[[Candidate], float]) -> Callable[..., Observation]:
    def observation(
        space: Space, of: Candidate | Proposal, status: str = "completed", noise: float = 0.0
    ) -> Observation:
        candidate = space.candidate(of.genes)
        values = {"accuracy": accuracy_of(candidate) + noise, **cost_mapping(candidate.layers)}
        return Observation(
            genes=candidate.genes,
            candidate_hash=candidate.hash,
            values=values if status == "completed" else None,
            status=status,
        )

    return observation


@pytest.fixture(scope="session")
def random_history(observe: Callable[..., Observation]) -> Callable[..., list[Observation]]:
    def history(
        space: Space, n: int, seed: int = 0, status: str = "completed"
    ) -> list[Observation]:
        rng = np.random.default_rng(seed)
        candidates = {c.hash: c for c in (space.sample(rng) for _ in range(3 * n))}
        return [observe(space, c, status) for c in list(candidates.values())[:n]]

    return history
