"""What is particular to each baseline; what all strategies owe is in ``test_strategies``."""

from collections.abc import Callable

import numpy as np
import pytest

from optimizer import bomp, regularized_evolution
from optimizer.bomp import MOST_INITIAL, scores
from optimizer.confidence_bound import ConfidenceBound
from optimizer.deadline import Deadline
from optimizer.genotypes import Genotypes
from optimizer.measured import Measured, undominated
from optimizer.nsga2 import best
from optimizer.registry import STRATEGIES
from search.objectives import OBJECTIVES
from search.ports import AskRequest, Observation
from search_space.space import Space

MakeRequest = Callable[..., AskRequest]
RandomHistory = Callable[..., list[Observation]]
EVOLUTIONARY = ("local_search", "nsga2", "regularized_evolution")
KEYS = ("accuracy", "size_bytes")


def _losses(history: list[Observation]) -> np.ndarray:
    rows = [o.values for o in history if o.values]
    return np.array([[-row["accuracy"], np.log2(row["size_bytes"])] for row in rows])


@pytest.mark.parametrize("name", [*EVOLUTIONARY, "bomp"])
def test_first_trials_are_random_and_later_ones_are_not(
    name: str, staged: Space, make_request: MakeRequest, random_history: RandomHistory
) -> None:
    history = random_history(staged, 14)
    request = make_request(staged, history[:4], n=3, n_initial=6)
    methods = [p.gen_method for p in STRATEGIES[name](request)]
    first = "bomp_initial_capped" if name == "bomp" else "random"
    assert methods == [first, first, name]
    # nothing measured, nothing to breed or fit
    failed = random_history(staged, 14, status="failed")
    (only,) = STRATEGIES[name](make_request(staged, failed, n_initial=6))
    assert only.gen_method in ("random", "bomp_random")


@pytest.mark.parametrize("name", EVOLUTIONARY)
def test_children_resemble_trials_and_nothing_is_bred_behind_the_deadline(
    name: str, staged: Space, make_request: MakeRequest, random_history: RandomHistory
) -> None:
    history = random_history(staged, 60)
    genotypes = Genotypes(staged)
    known = np.stack([genotypes.places(o.genes) for o in history])

    def nearest(**changes: float) -> float:
        proposals = STRATEGIES[name](make_request(staged, history, n=8, **changes))
        rows = [genotypes.places(p.genes) for p in proposals]
        late = {p.gen_method == f"{name}_random" for p in proposals}
        assert late == {"deadline_s" in changes}
        return float(np.mean([(known != row).sum(axis=1).min() for row in rows]))

    assert nearest() < nearest(deadline_s=1e-9)


def test_local_search_changes_a_member_of_the_front(
    staged: Space, make_request: MakeRequest, random_history: RandomHistory
) -> None:
    history = random_history(staged, 30)
    front = [history[i] for i in undominated(_losses(history))]
    genotypes = Genotypes(staged)
    for proposal in STRATEGIES["local_search"](make_request(staged, history, n=6)):
        row = genotypes.places(proposal.genes)
        members = [genotypes.places(o.genes) for o in front]
        # one gene moved, and with it come and go those that depend on it
        both = [(row != m) & (row >= 0) & (m >= 0) for m in members]
        assert min(int(changed.sum()) for changed in both) <= 1


def test_survivors_are_the_best_ranks_and_the_least_crowded() -> None:
    line = np.array([[0.0, 4.0], [1.0, 3.0], [1.1, 2.9], [4.0, 0.0], [5.0, 5.0]])
    measured = Measured(np.zeros((5, 1), dtype=np.int64), line)
    assert set(best(measured, 3).tolist()) == {0, 2, 3}
    assert best(measured, 9).tolist()[-1] == 4


def test_regularized_evolution_forgets_the_old(
    staged: Space, make_request: MakeRequest, random_history: RandomHistory
) -> None:
    history = random_history(staged, regularized_evolution.POPULATION + 10)
    old, alive = history[:10], history[10:]
    ask = STRATEGIES["regularized_evolution"]

    def hashes(trials: list[Observation]) -> list[str]:
        return [p.candidate_hash for p in ask(make_request(staged, trials, n=4, seed=3))]

    # the same length, so that the draws are the same; other values for the dead change nothing
    worse = [
        Observation(
            genes=o.genes,
            candidate_hash=o.candidate_hash,
            values={**(o.values or {}), "accuracy": 1.0},
            status="completed",
        )
        for o in old
    ]
    assert hashes(old + alive) == hashes(worse + alive)


def test_the_model_of_bomp_starts_however_many_genes(
    staged: Space, make_request: MakeRequest, random_history: RandomHistory
) -> None:
    assert 3 * len(staged.genes) > MOST_INITIAL
    history = random_history(staged, MOST_INITIAL)
    (last,) = bomp.ask(make_request(staged, history[:-1]))
    (first,) = bomp.ask(make_request(staged, history))
    assert (last.gen_method, first.gen_method) == ("bomp_initial_capped", "bomp")


def test_bomp_says_when_its_optima_are_known_or_its_time_is_over(
    tiny: Space, make_request: MakeRequest, random_history: RandomHistory
) -> None:
    history = random_history(tiny, 8)
    methods = [p.gen_method for p in bomp.ask(make_request(tiny, history, n=4, n_initial=1))]
    assert "bomp_repeated" in methods
    late = make_request(tiny, history, n_initial=1, deadline_s=1e-9)
    assert bomp.ask(late)[0].gen_method == "bomp_deadline"


def test_half_the_size_is_worth_three_points_of_accuracy() -> None:
    losses = np.array([[-0.90, 15.0], [-0.87, 14.0]])
    large, small = scores(losses, [OBJECTIVES[key] for key in KEYS])
    assert small == pytest.approx(large, abs=2e-4)


def test_the_bound_has_the_slope_it_claims_and_is_climbed() -> None:
    rng = np.random.default_rng(0)
    x = rng.random((25, 3))
    score = np.sin(4 * x).sum(axis=1)
    bound = ConfidenceBound(x, score, 0, Deadline.after(60.0))
    point = rng.random(3)
    _, slope = bound._descent(point)
    for i, step in enumerate(1e-6 * np.eye(3)):
        ahead, behind = bound._descent(point + step)[0], bound._descent(point - step)[0]
        assert slope[i] == pytest.approx((ahead - behind) / 2e-6, rel=1e-4)
    ends = bound.optima(rng, 3, Deadline.after(60.0))
    assert bound(ends[:1])[0] == pytest.approx(bound(ends).max())
    assert bound(ends[:1])[0] > bound(rng.random((500, 3))).max() - 1e-6


def test_points_on_their_way_lower_the_bound_around_them() -> None:
    rng = np.random.default_rng(1)
    x = rng.random((12, 2))
    bound = ConfidenceBound(x, x.sum(axis=1), 0, Deadline.after(60.0))
    point = np.array([[0.97, 0.03]])
    before = bound(point)[0]
    bound.believe_worst(point)
    assert bound(point)[0] < before
