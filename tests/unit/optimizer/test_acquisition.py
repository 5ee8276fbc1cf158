"""Expected hypervolume improvement against Monte Carlo and against the staircase sum."""

import itertools
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from optimizer.acquisition import (
    expected_hypervolume_improvement,
    expected_improvement,
    non_dominated_boxes,
)
from search.hypervolume import hypervolume

DOUBLE = torch.float64


def _gain(front: torch.Tensor, point: torch.Tensor, ref_point: torch.Tensor) -> float:
    """Hypervolume that a point adds, by the domain's own exact hypervolume of losses."""
    losses = [tuple(p) for p in (-front).tolist()]
    worst = tuple((-ref_point).tolist())
    with_it = [*losses, tuple((-point).tolist())]
    return hypervolume(with_it, worst) - hypervolume(losses, worst)


@pytest.mark.parametrize("n_costs", [1, 2])
@pytest.mark.parametrize("n_front", [0, 1, 7])
def test_equals_monte_carlo(n_costs: int, n_front: int) -> None:
    generator = torch.Generator().manual_seed(10 * n_costs + n_front)
    front = torch.rand((n_front, 1 + n_costs), generator=generator, dtype=DOUBLE)
    ref_point = torch.full((1 + n_costs,), -0.1, dtype=DOUBLE)
    boxes = non_dominated_boxes(front, ref_point)
    normal = torch.randn(1500, generator=generator, dtype=DOUBLE)
    for mean, sd in ((0.4, 0.3), (0.9, 0.1), (0.1, 0.05)):
        cost = torch.rand(n_costs, generator=generator, dtype=DOUBLE)
        exact = expected_hypervolume_improvement(
            torch.tensor([mean], dtype=DOUBLE),
            torch.tensor([sd], dtype=DOUBLE),
            cost[None],
            boxes,
        ).item()
        gains = torch.tensor(
            [_gain(front, torch.cat([(mean + sd * z)[None], cost]), ref_point) for z in normal],
            dtype=DOUBLE,
        )
        # five standard errors of the Monte Carlo mean
        tolerance = 5 * gains.std().item() / math.sqrt(len(gains)) + 1e-12
        assert exact == pytest.approx(gains.mean().item(), abs=tolerance)


@given(seed=st.integers(0, 10_000), n_front=st.integers(1, 12))
def test_equals_the_sum_over_the_staircase(seed: int, n_front: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    front = torch.rand((n_front, 2), generator=generator, dtype=DOUBLE)
    ref_point = torch.zeros(2, dtype=DOUBLE)
    mean, sd, cost = torch.rand(3, generator=generator, dtype=DOUBLE)
    # at a cost utility u below the candidate's, the incumbents that reach u set the level
    steps = sorted({0.0, *(u for u in front[:, 1].tolist() if u < cost), float(cost)})
    expected = 0.0
    for left, right in itertools.pairwise(steps):
        reaching = [a for a, u in front.tolist() if u >= right]
        level = torch.tensor(max(reaching, default=0.0), dtype=DOUBLE)
        expected += (right - left) * expected_improvement(mean, sd, level).item()
    score = expected_hypervolume_improvement(
        mean[None], sd[None], cost[None, None], non_dominated_boxes(front, ref_point)
    )
    assert score.item() == pytest.approx(expected, rel=1e-9, abs=1e-12)


@given(
    mean=st.floats(-2, 2),
    sd=st.floats(1e-3, 2),
    level=st.floats(-2, 2),
)
def test_expected_improvement_lies_above_that_of_the_mean(
    mean: float, sd: float, level: float
) -> None:
    improvement = expected_improvement(
        *(torch.tensor(v, dtype=DOUBLE) for v in (mean, sd, level))
    ).item()
    assert improvement >= max(mean - level, 0.0) - 1e-12
    assert improvement <= max(mean - level, 0.0) + sd * 0.3990


def test_an_infinite_level_is_never_exceeded() -> None:
    one = torch.ones((), dtype=DOUBLE)
    assert expected_improvement(one, one, one * math.inf).item() == 0.0


def test_scores_do_not_depend_on_how_candidates_are_grouped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    front = torch.rand((5, 2), generator=torch.Generator().manual_seed(0), dtype=DOUBLE)
    boxes = non_dominated_boxes(front, torch.zeros(2, dtype=DOUBLE))
    mean, sd, cost = torch.rand((3, 40), generator=torch.Generator().manual_seed(1), dtype=DOUBLE)
    together = expected_hypervolume_improvement(mean, sd, cost[:, None], boxes)
    monkeypatch.setattr("optimizer.acquisition._MAX_ELEMENTS", 7 * boxes.lower.numel())
    assert torch.equal(together, expected_hypervolume_improvement(mean, sd, cost[:, None], boxes))


def test_a_candidate_that_cannot_gain_scores_nothing() -> None:
    front = torch.tensor([[0.9, 0.5]], dtype=DOUBLE)
    boxes = non_dominated_boxes(front, torch.zeros(2, dtype=DOUBLE))
    score = expected_hypervolume_improvement(
        torch.tensor([0.3], dtype=DOUBLE),
        torch.tensor([0.01], dtype=DOUBLE),
        torch.tensor([[0.4]], dtype=DOUBLE),
        boxes,
    )
    assert score.item() == pytest.approx(0.0, abs=1e-12)
