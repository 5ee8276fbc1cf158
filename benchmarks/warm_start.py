"""What a warm start is worth: evaluations to the same hypervolume, cold and warm, in one run.

``python -m benchmarks.warm_start [--problems NAME ...] [--ways NAME ...] [--seeds N]
[--first-seed N] [--evaluations N] [--json FILE] [--keep FOLDER]``

- ``cold``: the default strategy as it is.
- ``searches``: taught by an earlier search of 60 trials (the default strategy too, seed moved) in a
  part of the same space: without every parameter's last choice.
- ``given``: the front of that earlier search is evaluated first.
- ``allocated``: eight networks with widths allocated by noise energy come first; only where the
  parameters are widths.

Metrics, over seeds: ``<problem>.hv_at_<n>.<way>`` is the mean hypervolume without noise, over that
of all that was found in this run; ``<problem>.evaluations.<way>`` is after how many the mean curve
reaches what cold has at the end, and ``.saved.<way>`` the share that this saves;
``<problem>.lead_at_<n>.<way>`` is the mean lead over cold of the same seed, ``lead_low`` and
``lead_high`` the ends of its 95 % interval (Student's t).

``--keep`` takes finished runs from a folder again, so seeds can run in processes of their own.
"""

import argparse
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from scipy.stats import t as student

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
WAYS: Final = ("cold", "searches", "given", "allocated")
AT: Final = (5, 10, 15, 20, 30, 40, 60)
_EARLIER: Final = 60
_ALLOCATED: Final = 8
_N: Final = 60


def main() -> None:
    """Run and report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--problems", nargs="+", choices=PROBLEMS, default=[*PROBLEMS])
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=[*WAYS])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--evaluations", type=int, default=_N)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--keep", type=Path, help="folder of finished runs, taken from there again")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    runs: list[dict[str, Any]] = []
    metrics: dict[str, float] = {}
    for name in arguments.problems:
        problem = PROBLEMS[name]()
        of_problem = [
            run
            for seed in range(arguments.first_seed, arguments.first_seed + arguments.seeds)
            for run in _of_seed(problem, seed, arguments)
        ]
        best = max(run["curve"][-1] for run in of_problem)
        metrics |= _summary(problem, of_problem, best)
        runs += [
            {**run, "curve": [round(value / best, 5) for value in run["curve"]]}
            for run in of_problem
        ]
    write_report("warm_start", metrics, runs, arguments.json)


def _of_seed(
    problem: Problem, seed: int, arguments: argparse.Namespace
) -> Iterator[dict[str, Any]]:
    widths_alone = all(gene.name.endswith("_bits") for gene in problem.parameters)
    earlier: list[Observation] = []
    for way in arguments.ways:
        if way == "allocated" and not widths_alone:
            continue
        n = arguments.evaluations
        kept = arguments.keep and arguments.keep / f"{problem.name}-{way}-{seed}-{n}.json"
        if kept and kept.exists():
            yield json.loads(kept.read_text())
            continue
        if way in ("searches", "given") and not earlier:
            earlier = _search(_part_of(problem), seed + 1000, _EARLIER, {})
        began = time.monotonic()
        history = _search(problem, seed, n, _begin_with(problem, way, earlier))
        run = {
            "problem": problem.name,
            "way": way,
            "seed": seed,
            "seconds": round(time.monotonic() - began, 2),
            "curve": _curve(problem, history).tolist(),
        }
        if kept:
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(json.dumps(run))
        print(problem.name, way, seed, f"{run['curve'][-1]:.4f}", flush=True)
        yield run


def _begin_with(problem: Problem, way: str, earlier: Sequence[Observation]) -> dict[str, Any]:
    if way == "searches":
        return {"lessons": [_lesson(observation) for observation in earlier]}
    if way == "given":
        return {"warm_start": WarmStart(candidates=_front(problem, earlier))}
    return {"warm_start": WarmStart(allocate=_ALLOCATED)} if way == "allocated" else {}


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
    each = {
        way: np.array([run["curve"] for run in runs if run["way"] == way]) / best
        for way in dict.fromkeys(run["way"] for run in runs)
    }
    wanted = each["cold"].mean(axis=0)[-1]
    for way, of_seeds in each.items():
        curve = of_seeds.mean(axis=0)
        for n in (n for n in AT if n <= len(curve)):
            metrics[f"{problem.name}.hv_at_{n}.{way}"] = round(float(curve[n - 1]), 5)
            if way != "cold":
                lead = of_seeds[:, n - 1] - each["cold"][:, n - 1]
                middle, half = float(lead.mean()), _half_interval(lead)
                metrics[f"{problem.name}.lead_at_{n}.{way}"] = round(middle, 5)
                metrics[f"{problem.name}.lead_low_at_{n}.{way}"] = round(middle - half, 5)
                metrics[f"{problem.name}.lead_high_at_{n}.{way}"] = round(middle + half, 5)
        reached = np.flatnonzero(curve >= wanted)
        needed = int(reached[0]) + 1 if len(reached) else len(curve)
        metrics[f"{problem.name}.evaluations.{way}"] = needed
        metrics[f"{problem.name}.saved.{way}"] = round(1 - needed / len(curve), 3)
    return metrics


def _half_interval(values: Floats) -> float:
    """Return half of the 95 % interval of the mean of ``(n,)``; infinite for one value."""
    n = len(values)
    if n < 2:
        return float("inf")
    return float(student.ppf(0.975, n - 1) * values.std(ddof=1) / np.sqrt(n))


if __name__ == "__main__":
    main()
