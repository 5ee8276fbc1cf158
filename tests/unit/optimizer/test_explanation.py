"""What is explained of a problem whose effects are known, since they add up."""

import math
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest

from benchmarks.search_problems import Problem, ProblemTerrain, objectives
from optimizer.explanation import explain
from search.explanations import Explanation
from search.ports import AskRequest, Observation
from search_space.genes import Gene
from search_space.space import Places, Space

NOW = datetime(2026, 3, 1, tzinfo=UTC)
BITS = (2, 3, 4, 5)
LAYERS = 6
WEIGHTS = np.array([100, 400, 200, 800, 300, 600])
HURTS = np.array([0.30, 0.02, 0.12, 0.0, 0.06, 0.20])
"""Accuracy that each layer loses at 2 bits; a quarter of it per bit more."""
WIDE_GAINS = 0.05


def _accuracy(places: Places) -> npt.NDArray[np.float64]:
    bits = np.array(BITS)[places[:, :LAYERS]]
    lost = (HURTS * 4.0 ** (2 - bits)).sum(axis=1)
    return np.asarray(0.85 - lost + WIDE_GAINS * places[:, LAYERS])


def _costs(places: Places) -> dict[str, npt.NDArray[np.float64]]:
    bits = np.array(BITS)[places[:, :LAYERS]]
    return {"size_bytes": 1000.0 + (bits * WEIGHTS).sum(axis=1) / 8 + 500 * places[:, LAYERS]}


def _problem() -> Problem:
    genes = [Gene(name=f"layer{i}.weight_bits", choices=BITS) for i in range(LAYERS)]
    return Problem(
        name="additive",
        parameters=(*genes, Gene(name="width", choices=(1, 2))),
        objectives=objectives("size_bytes"),
        costs=_costs,
        measure=lambda places, rng: float(_accuracy(places[None])[0] + rng.normal(0, 0.002)),
        accuracy=_accuracy,
        ref_point={"accuracy": 0.1, "size_bytes": 8192.0},
    )


def _request(n_trials: int, seed: int = 0, *, deadline_s: float = 300.0) -> AskRequest:
    problem = _problem()
    terrain, rng = ProblemTerrain(problem), np.random.default_rng(seed)
    history: dict[str, Observation] = {}
    while len(history) < n_trials:
        places = rng.integers(0, [len(gene.choices) for gene in problem.parameters])
        candidate = terrain.candidate(places)
        values = {"accuracy": problem.measure(places, rng), **terrain.costs(candidate)}
        history[candidate.hash] = Observation(
            genes=candidate.genes,
            candidate_hash=candidate.hash,
            values=values,
            status="completed",
        )
    return AskRequest(
        space=terrain,
        objectives=problem.objectives,
        ref_point=problem.ref_point,
        budgets={},
        history=list(history.values()),
        n=1,
        seed=seed,
        deadline_s=deadline_s,
    )


@pytest.fixture(scope="module")
def explained() -> Explanation:
    found = explain(_request(60), NOW)
    assert found is not None
    return found


def test_importance_is_each_genes_share_of_the_variance(explained: Explanation) -> None:
    of_bits = HURTS**2 * float(np.var(4.0 ** (2.0 - np.array(BITS))))
    true = np.append(of_bits, WIDE_GAINS**2 / 4)
    true /= true.sum()
    names = [*(f"layer{i}.weight_bits" for i in range(LAYERS)), "width"]
    found = {each.gene: each.share for each in explained.importance}
    assert sum(found.values()) == pytest.approx(1.0)
    for name, share in zip(names, true, strict=True):
        assert found[name] == pytest.approx(share, abs=0.05), name
    shares = [each.share for each in explained.importance]
    assert shares == sorted(shares, reverse=True)
    assert explained.importance[0].gene == "layer0.weight_bits"


def test_size_changes_by_a_bit_are_exact(explained: Explanation) -> None:
    assert explained.bit_steps
    for step in explained.bit_steps:
        n_weights = WEIGHTS[int(step.gene[len("layer")])]
        assert step.bits == (1.0 if step.direction == "wider" else -1.0)
        assert step.costs == {"size_bytes": pytest.approx(step.bits * n_weights / 8)}


def test_accuracy_changes_by_a_bit_lie_within_their_uncertainty() -> None:
    """Standardised errors over five histories, against the truth on the networks of the front."""
    errors: list[float] = []
    for seed in range(5):
        request = _request(40, seed)
        found = explain(request, NOW)
        assert found is not None
        front = _front(request)
        for step in found.bit_steps:
            column = int(step.gene[len("layer")])
            move = 1 if step.direction == "wider" else -1
            able = front[(front[:, column] + move >= 0) & (front[:, column] + move < len(BITS))]
            if len(able) != step.n_networks:
                continue  # the front has more networks than a step is averaged over
            moved = able.copy()
            moved[:, column] += move
            true = float((_accuracy(moved) - _accuracy(able)).mean())
            errors.append((step.accuracy - true) / step.accuracy_sd)
    assert len(errors) > 20
    assert np.mean(np.abs(errors) < 2) > 0.85
    assert 0.3 < np.sqrt(np.mean(np.square(errors))) < 1.6


def _front(request: AskRequest) -> Places:
    points = [(o.values or {}, o) for o in request.history]
    on_front = [
        o
        for v, o in points
        if not any(
            w["accuracy"] >= v["accuracy"] and w["size_bytes"] <= v["size_bytes"] and w is not v
            for w, _ in points
        )
    ]
    genes = request.space.genes
    return np.array([[g.choices.index(o.genes[g.name]) for g in genes] for o in on_front])


def test_the_predicted_front_is_a_front_near_the_truth(explained: Explanation) -> None:
    points = explained.front
    assert any(point.number is None for point in points)
    for one, next_ in pairwise(points):
        assert one.costs["size_bytes"] < next_.costs["size_bytes"]
        assert one.accuracy < next_.accuracy
    terrain = ProblemTerrain(_problem())
    for point in points:
        genes = [g.choices.index(point.genes[g.name]) for g in terrain.genes]
        places = np.array([genes])
        assert point.costs["size_bytes"] == _costs(places)["size_bytes"][0]
        assert abs(point.accuracy - _accuracy(places)[0]) < 5 * point.accuracy_sd + 0.01


def test_the_same_history_is_explained_alike(explained: Explanation) -> None:
    again = explain(_request(60), NOW)
    assert again is not None
    assert again.importance == explained.importance
    assert again.bit_steps == explained.bit_steps
    assert again.front == explained.front


def test_little_time_leaves_the_least_important_out() -> None:
    whole, hurried = explain(_request(60), NOW), explain(_request(60, deadline_s=0.0), NOW)
    assert whole is not None
    assert hurried is not None
    assert len(hurried.importance) == len(whole.importance)
    assert hurried.front
    assert len(hurried.bit_steps) < len(whole.bit_steps)


def test_a_thousand_trials_of_a_large_space_are_explained_in_bounded_time(
    make_space: Callable[..., Space],
    make_request: Callable[..., AskRequest],
    random_history: Callable[..., Sequence[Observation]],
) -> None:
    space = make_space({"family": "mobilenetv2", "weight_bits": [2, 4, 6, 8]})
    request = make_request(space, random_history(space, 1000), deadline_s=5.0)
    began = time.monotonic()
    found = explain(request, NOW)
    assert found is not None
    assert found.bit_steps
    # fitting and the least of each part may outlast the deadline; the worker allows for 20 s more
    assert time.monotonic() - began < 20.0


def test_too_little_is_not_explained(
    staged: Space,
    make_request: Callable[..., AskRequest],
    random_history: Callable[..., Sequence[Observation]],
) -> None:
    assert explain(make_request(staged, random_history(staged, 4)), NOW) is None
    failed = random_history(staged, 9, status="failed")
    assert explain(make_request(staged, failed), NOW) is None


def test_a_broken_model_explains_nothing(
    staged: Space,
    make_request: Callable[..., AskRequest],
    random_history: Callable[..., Sequence[Observation]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("optimizer.accuracy_model._MIN_VARIANCE", math.nan)
    assert explain(make_request(staged, random_history(staged, 12)), NOW) is None
