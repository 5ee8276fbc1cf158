"""What a warm start is worth: evaluations to the same hypervolume, cold and warm, in one run.

``python -m benchmarks.warm_start [--problems NAME ...] [--seeds N] [--evaluations N]
[--json FILE]``

- ``cold``: the default strategy as it is.
- ``searches``: taught by an earlier search of 60 trials (the default strategy too, seed moved) in a
  part of the same space: without every parameter's last choice.
- ``given``: the front of that earlier search is evaluated first.
- ``allocated``: eight networks with widths allocated by noise energy come first; only where the
  parameters are widths.

Metrics, over seeds: ``<problem>.hv_at_<n>.<way>`` is the mean hypervolume without noise, over that
of all that was found in this run; ``<problem>.evaluations.<way>`` is after how many the mean curve
reaches what cold has at the end, and ``.saved.<way>`` the share that this saves.
"""

import argparse
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from benchmarks import nas_bench_macro, ptq_problem
from benchmarks.report import write_report
from benchmarks.search_problems import Floats, Problem, ProblemTerrain
from optimizer.registry import STRATEGIES
from optimizer.seeds import with_seeds
from search.hypervolume import hypervolume
from search.pareto import losses_of, non_dominated
from search.ports import AskRequest, Observation
from search.warm_start import Lesson, WarmStart
from search_space.space import Places

PROBLEMS: Final = {
    "nas_bench_macro": nas_bench_macro.problem,
    "ptq_resnet20": ptq_problem.problem,
}
AT: Final = (5, 10, 15, 20, 30, 40, 60)
_EARLIER: Final = 60
_ALLOCATED: Final = 8
_N: Final = 60


def main() -> None:
    """Run and report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--problems", nargs="+", choices=PROBLEMS, default=[*PROBLEMS])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--evaluations", type=int, default=_N)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    runs: list[dict[str, Any]] = []
    metrics: dict[str, float] = {}
    for name in arguments.problems:
        problem = PROBLEMS[name]()
        of_problem = [
            run
            for seed in range(arguments.seeds)
            for run in _of_seed(problem, seed, arguments.evaluations)
        ]
        best = max(run["curve"][-1] for run in of_problem)
        metrics |= _summary(problem, of_problem, best)
        runs += [
            {**run, "curve": [round(value / best, 5) for value in run["curve"]]}
            for run in of_problem
        ]
    write_report("warm_start", metrics, runs, arguments.json)


def _of_seed(problem: Problem, seed: int, n: int) -> list[dict[str, Any]]:
    part = _part_of(problem)
    earlier = _search(part, seed + 1000, _EARLIER, {})
    ways: dict[str, dict[str, Any]] = {
        "cold": {},
        "searches": {"lessons": [_lesson(observation) for observation in earlier]},
        "given": {"warm_start": WarmStart(candidates=_front(problem, earlier))},
    }
    if all(gene.name.endswith("_bits") for gene in problem.parameters):
        ways["allocated"] = {"warm_start": WarmStart(allocate=_ALLOCATED)}
    found = []
    for way, changes in ways.items():
        began = time.monotonic()
        history = _search(problem, seed, n, changes)
        found.append(
            {
                "problem": problem.name,
                "way": way,
                "seed": seed,
                "seconds": round(time.monotonic() - began, 2),
                "curve": _curve(problem, history).tolist(),
            }
        )
        print(problem.name, way, seed, f"{found[-1]['curve'][-1]:.4f}", flush=True)
    return found


def _part_of(problem: Problem) -> Problem:
    """Return the problem without the last choice of any parameter."""
    genes = tuple(
        replace(gene, choices=gene.choices[:-1]) if len(gene.choices) > 2 else gene
        for gene in problem.parameters
    )
    return replace(problem, parameters=genes)


def _search(problem: Problem, seed: int, n: int, changes: Mapping[str, Any]) -> list[Observation]:
    rng = np.random.default_rng([seed, 7])
    terrain = ProblemTerrain(problem)
    history: list[Observation] = []
    while len(history) < n:
        request = AskRequest(
            space=terrain,
            objectives=problem.objectives,
            ref_point=problem.ref_point,
            budgets={},
            history=tuple(history),
            n=1,
            seed=seed,
            deadline_s=60.0,
            **changes,
        )
        for proposal in with_seeds(STRATEGIES["bayesian"], request):
            places = _places(problem, proposal.genes)
            values = {"accuracy": problem.measure(places, rng), **proposal.costs}
            history.append(
                Observation(
                    genes=proposal.genes,
                    candidate_hash=proposal.candidate_hash,
                    values=values,
                    status="completed",
                )
            )
    return history


def _places(problem: Problem, genes: Mapping[str, Any]) -> Places:
    places = [
        gene.choices.index(genes[gene.name]) if gene.name in genes else 0
        for gene in problem.parameters
    ]
    return np.array(places, dtype=np.int64)


def _lesson(observation: Observation) -> Lesson:
    values = dict(observation.values or {})
    accuracy = values.pop("accuracy")
    return Lesson(genes=observation.genes, costs=values, mean_weight_bits=0.0, accuracy=accuracy)


def _front(problem: Problem, history: Sequence[Observation]) -> tuple[Mapping[str, Any], ...]:
    points = {
        str(i): losses_of(observation.values or {}, problem.objectives)
        for i, observation in enumerate(history)
    }
    return tuple(history[int(i)].genes for i in non_dominated(points))


def _curve(problem: Problem, history: Sequence[Observation]) -> Floats:
    """Return the hypervolume without noise after each evaluation, ``(n,)``."""
    worst = losses_of(problem.ref_point, problem.objectives)
    places = np.stack([_places(problem, observation.genes) for observation in history])
    accuracies = problem.accuracy(places)
    points = [
        losses_of({**(o.values or {}), "accuracy": float(accuracy)}, problem.objectives)
        for o, accuracy in zip(history, accuracies, strict=True)
    ]
    return np.array([hypervolume(points[: i + 1], worst) for i in range(len(points))])


def _summary(problem: Problem, runs: Sequence[Mapping[str, Any]], best: float) -> dict[str, float]:
    metrics: dict[str, float] = {}
    curves = {
        way: np.array([run["curve"] for run in runs if run["way"] == way]).mean(axis=0) / best
        for way in dict.fromkeys(run["way"] for run in runs)
    }
    wanted = curves["cold"][-1]
    for way, curve in curves.items():
        for n in AT:
            if n <= len(curve):
                metrics[f"{problem.name}.hv_at_{n}.{way}"] = round(float(curve[n - 1]), 5)
        reached = np.flatnonzero(curve >= wanted)
        needed = int(reached[0]) + 1 if len(reached) else len(curve)
        metrics[f"{problem.name}.evaluations.{way}"] = needed
        metrics[f"{problem.name}.saved.{way}"] = round(1 - needed / len(curve), 3)
    return metrics


if __name__ == "__main__":
    main()
