"""Disguises keep what a problem is; ours and the rivals run on one; tables say what they hold."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks import mixed_problem, nas_bench_macro, ptq_problem, search_methods
from benchmarks.ptq_surrogate import Surrogate
from benchmarks.resnet20 import PUBLISHED_FLOAT_ACCURACY
from benchmarks.search_efficiency import _compare, _run, external
from benchmarks.search_problems import Problem, ProblemTerrain, disguised, objectives
from search_space.genes import Gene
from search_space.space import Places
from training.datasets.errors import DatasetUnavailableError

D = 6


def make_problem() -> Problem:
    """Six ordered choices of which each costs and helps, the first most."""
    worth = np.arange(1, D + 1)[::-1]

    def costs(places: Places) -> dict[str, np.ndarray]:
        return {"size_bytes": 100.0 + places.sum(axis=1)}

    def accuracy(places: Places) -> np.ndarray:
        return 0.3 + 0.6 * (places @ worth) / (3 * worth.sum())

    return Problem(
        name="toy",
        parameters=tuple(Gene(name=f"g{i}", choices=(1, 2, 3, 5)) for i in range(D)),
        objectives=objectives("size_bytes"),
        costs=costs,
        measure=lambda places, rng: float(accuracy(places[None])[0] + rng.normal(0, 1e-3)),
        accuracy=accuracy,
        ref_point={"accuracy": 0.2, "size_bytes": 120.0},
    )


def test_a_disguise_moves_assignments_and_changes_no_value() -> None:
    plain = make_problem()
    hidden = disguised(plain, 3)
    every = np.array(np.meshgrid(*[range(4)] * D)).reshape(D, -1).T
    for of in (lambda p: p.accuracy(every), lambda p: p.costs(every)["size_bytes"]):
        assert np.allclose(np.sort(of(plain)), np.sort(of(hidden)))
    assert not np.allclose(plain.accuracy(every), hidden.accuracy(every))
    places = hidden.costs(every)["size_bytes"].argmin()
    names = {gene.name: gene for gene in hidden.parameters}
    assert set(names) == {f"g{i}" for i in range(D)}
    for gene, place in zip(hidden.parameters, every[places], strict=True):
        # the cheapest choice is still the one with the smallest value
        assert gene.choices[place] == 1


def test_a_disguise_keeps_which_parameters_have_an_effect() -> None:
    def canonical(places: Places) -> Places:
        return np.where((places[:, :1] == 0) & (np.arange(D) > 3), -1, places)

    hidden = disguised(replace(make_problem(), canonical=canonical), 1)
    places = np.random.default_rng(0).integers(0, 4, (50, D))
    rows = ProblemTerrain(hidden).rows(places).places
    gone = {hidden.parameters[i].name for i in np.flatnonzero((rows < 0).any(axis=0))}
    assert gone == {"g4", "g5"}
    assert ((rows == places) | (rows < 0)).all()


@pytest.mark.parametrize("method", sorted(set(search_methods.METHODS) - {"ax"}))
def test_every_method_runs_to_the_end_of_its_evaluations(method: str) -> None:
    run = _run(make_problem(), method, 0, 14, float("inf"))
    assert run["evaluations"] == len(run["curve"]) == 14
    assert (np.diff(run["curve"]) >= 0).all()
    assert run["curve"][-1] > 0


def test_ours_repeats_nothing_and_finds_more_than_chance() -> None:
    runs = {m: [_run(make_problem(), m, s, 24, float("inf")) for s in range(3)] for m in METHODS}
    assert all(run["different"] == 24 for run in runs["ours"])
    means = {m: np.mean([run["curve"][-1] for run in found]) for m, found in runs.items()}
    assert means["ours"] > means["random"]


METHODS = ("ours", "random")


def test_the_ratio_counts_evaluations_and_says_when_it_is_a_bound() -> None:
    ours = np.tile(np.minimum(np.arange(1, 101) / 60, 1.0), (3, 1))
    slow = np.tile(np.arange(1, 601) / 300, (3, 1))
    found = _compare(ours, slow, "slow")
    assert found["evals_ratio.slow"] == pytest.approx(5.0)
    assert found["evals_ratio_low.slow"] == found["evals_ratio_high.slow"] == pytest.approx(5.0)
    assert found["evals_ratio_reached.slow"] == 1
    assert found["lead_low_at_50.slow"] == pytest.approx(50 / 60 - 50 / 300)
    never = _compare(ours, slow[:, :120], "slow")
    assert never["evals_ratio.slow"] == 2.0
    assert never["evals_ratio_reached.slow"] == 0


def test_a_problem_from_outside_is_found_by_name() -> None:
    assert external("tests.unit.benchmarks.test_search_problems:make_problem").name == "toy"


def test_the_table_of_networks_is_read_by_number() -> None:
    try:
        table, problem = nas_bench_macro.Table(), nas_bench_macro.problem()
    except DatasetUnavailableError as error:
        pytest.skip(str(error))
    assert table.number(np.array([[0] * 7 + [2], [2] * 8])).tolist() == [2, 3**8 - 1]
    every = np.array(np.meshgrid(*[range(3)] * 8, indexing="ij")).reshape(8, -1).T
    assert len(np.unique(problem.canonical(every), axis=0)) == 3969
    # as the data set's description states it
    assert table.accuracy(every).max() == pytest.approx(0.9313, abs=1e-4)
    means = table.accuracy(every)
    assert np.allclose(means, table.accuracy(problem.canonical(every)), atol=1e-12)
    rng = np.random.default_rng(0)
    assert {problem.measure(every[5], rng) for _ in range(50)} == set(table.runs[5])


def test_the_frozen_surrogate_falls_with_the_widths_and_states_its_error() -> None:
    surrogate = Surrogate()
    uniform = surrogate.accuracy(np.repeat(np.arange(6)[:, None], 40, axis=1))
    assert (np.diff(uniform) > -0.01).all()
    assert uniform[-1] == pytest.approx(0.918, abs=0.01)
    assert uniform[0] < 0.6
    assert 0 < surrogate.errors["mean_absolute_above_80"] < 0.01


def test_three_networks_share_a_device_in_the_mixed_problem() -> None:
    try:
        problem, macro = mixed_problem.problem(), nas_bench_macro.problem()
    except DatasetUnavailableError as error:
        pytest.skip(str(error))
    widths = ptq_problem.problem()
    assert widths.summaries is not None
    assert problem.canonical is not None
    assert len(problem.parameters) == 3 * (8 + 40)
    places = np.stack([np.arange(144) % 3, (np.arange(144) * 7) % 3, np.full(144, 2)])
    size, accuracy = 0.0, 0.0
    for k in range(3):
        of_network = places[:, 48 * k : 48 * (k + 1)]
        operations, bits = of_network[:, :8], of_network[:, 8:]
        mean_bits = widths.summaries(bits)[:, -1]
        size = size + macro.costs(operations)["size_bytes"] / 32 * mean_bits
        kept = widths.accuracy(bits) / PUBLISHED_FLOAT_ACCURACY
        accuracy = accuracy + macro.accuracy(operations) * kept / 3
    assert np.allclose(problem.costs(places)["size_bytes"], size)
    assert np.allclose(problem.accuracy(places), accuracy)
    # noise is that of the table's three runs, and averages out
    rng = np.random.default_rng(0)
    noisy = [problem.measure(places[0], rng) for _ in range(400)]
    assert np.std(noisy) > 0
    spread = np.std(noisy) / np.sqrt(len(noisy))
    assert np.mean(noisy) == pytest.approx(problem.accuracy(places)[0], abs=4 * spread)
    # identities of a stage change places without effect, widths never do
    swapped = problem.canonical(places)
    assert np.allclose(problem.costs(swapped)["size_bytes"], size)
    assert (swapped[:, 8:48] == places[:, 8:48]).all()
