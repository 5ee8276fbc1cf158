"""How many evaluations methods need for a hypervolume, on the same problems in the same run.

``python -m benchmarks.search_efficiency [--quick] [--problems NAME ...] [--methods NAME ...]
[--problem package.module:factory] [--seeds N] [--evaluations N] [--json FILE] [--keep FOLDER]``

Problems: ``nas_bench_macro`` (a table of trained networks), ``ptq_resnet20`` (40 widths after
training, by a surrogate frozen from real inference; ``ptq_resnet20_real`` infers), ``mixed`` (144
genes, composed of both), and any other by ``--problem`` (``benchmarks/search_problems.py`` has the
interface). One evaluation at a time; every seed moves the optima (``disguised``).

- ``<problem>.hv_at_<n>.<method>``: mean hypervolume without noise of what was evaluated, over that
  of everything that any method found in this run; ``hv_sd_at_<n>`` is the spread over seeds.
- ``<problem>.evals_ratio.<rival>``: evaluations after which the mean curve of the rival reaches the
  mean of ours at 60, over 60. With ``_low`` and ``_high``, 2.5 % and 97.5 % of bootstraps over
  seeds. Where the rival never gets there, the end of its run counts, a lower bound, and
  ``evals_ratio_reached.<rival>`` is 0.
- ``<problem>.end_ratio.<rival>``: evaluations at the end of the rival's run over those after which
  our mean curve reaches what the rival's has there, with ``_low`` and ``_high``: says something of
  a rival whose run ended at a cap.
- ``<problem>.lead_low_at_<n>.<rival>``: 2.5 % bootstrap of our lead in normalised hypervolume; ours
  is behind at 95 % where ``lead_high_at_<n>`` is below zero.
- ``<problem>.proposal_s.<method>``: seconds of the processor between evaluations, mean. Caps are in
  such seconds, too, so that other work on the machine takes nothing from a method.
"""

import argparse
import pickle
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import torch

from benchmarks import mixed_problem, nas_bench_macro, ptq_problem
from benchmarks.report import write_report
from benchmarks.search_methods import METHODS, SpentError
from benchmarks.search_problems import Floats, Problem, disguised, external
from search.hypervolume import hypervolume
from search.pareto import losses_of
from search_space.space import Places

PROBLEMS: Final[Mapping[str, Callable[[], Problem]]] = MappingProxyType(
    {
        "nas_bench_macro": nas_bench_macro.problem,
        "ptq_resnet20": ptq_problem.problem,
        "mixed": mixed_problem.problem,
        "ptq_resnet20_real": ptq_problem.real,
    }
)
BUILT_IN: Final = ("nas_bench_macro", "ptq_resnet20", "mixed")
OURS: Final = "ours"
AT: Final = (25, 50, 100, 200)
TARGET_AT: Final = 60
_BOOTSTRAPS: Final = 2000
_EVALUATIONS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "ours": 200,
        "random": 1800,
        "local_search": 600,
        "regularized_evolution": 600,
        "bomp": 200,
        "optuna_tpe": 200,
        "optuna_nsga2": 1200,
        "optuna_gp": 60,
        "pymoo_nsga2": 1200,
        "ax": 120,
    }
)
_LONG: Final = ("curve", "places")
"""Kept of a run, but not printed."""
_SLOW: Final = ("ax", "optuna_gp")
"""Seconds for each proposal: few seeds, and a run ends at a cap, wherever it is."""
_SLOW_SEEDS: Final = 3
_QUICK: Final[Mapping[str, int]] = MappingProxyType(
    {"ours": 60, "random": 1200, "optuna_nsga2": 600, "pymoo_nsga2": 600}
)
"""Evaluations per method; those left out take too long when it has to be quick."""


class _Recorder:
    """Measures, remembers, and ends the run."""

    def __init__(self, problem: Problem, seed: int, n: int, until: float) -> None:
        self._problem, self._n, self._until = problem, n, until  # of the process's own time
        self._rng = np.random.default_rng([seed, 7])
        self.places: list[Places] = []

    def __call__(self, places: Places) -> float:
        if len(self.places) == self._n or time.process_time() > self._until:
            raise SpentError
        self.places.append(np.array(places))
        return self._problem.measure(places, self._rng)


def main() -> None:
    """Run the benchmark."""
    arguments = _parse_arguments()
    # the matrices are small: threads that wait for each other only make it slower
    torch.set_num_threads(1)
    made = [PROBLEMS[name]() for name in arguments.problems]
    if arguments.problem:
        made = [external(arguments.problem)]
    metrics: dict[str, float] = {}
    runs: list[dict[str, Any]] = []
    for problem in made:
        found = _run_all(problem, arguments)
        metrics |= _summarise(problem.name, found)
        runs += found
    slim = [{k: v for k, v in run.items() if k not in _LONG} for run in runs]
    write_report("search_efficiency", metrics, slim, arguments.json)


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--problems", nargs="+", choices=tuple(PROBLEMS), default=BUILT_IN)
    parser.add_argument("--problem", metavar="MODULE:FACTORY", help="one from outside, alone")
    parser.add_argument("--methods", nargs="+", choices=tuple(METHODS))
    parser.add_argument("--seeds", type=int)
    parser.add_argument("--evaluations", type=int, help="of each method, at most")
    parser.add_argument(
        "--slow-seconds",
        type=float,
        default=180.0,
        help=f"of the processor, cap of a run of {_SLOW}",
    )
    parser.add_argument("--quick", action="store_true", help="few seeds, about a minute")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--keep", type=Path, help="folder of finished runs, taken from there again")
    arguments = parser.parse_args()
    arguments.seeds = arguments.seeds or (2 if arguments.quick else 10)
    arguments.budgets = dict(_QUICK if arguments.quick else _EVALUATIONS)
    arguments.methods = arguments.methods or tuple(arguments.budgets)
    if arguments.quick and arguments.problems == BUILT_IN:
        arguments.problems = BUILT_IN[:2]
    return arguments


def _run_all(problem: Problem, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    runs = []
    for method in arguments.methods:
        n = arguments.budgets.get(method, TARGET_AT)
        n = min(n, arguments.evaluations or n)
        n_seeds = min(arguments.seeds, _SLOW_SEEDS) if method in _SLOW else arguments.seeds
        for seed in range(n_seeds):
            cap = arguments.slow_seconds if method in _SLOW else np.inf
            kept = arguments.keep and arguments.keep / f"{problem.name}-{method}-{seed}-{n}.pickle"
            if kept and kept.exists():
                runs.append(pickle.loads(kept.read_bytes()))  # noqa: S301 - written by ourselves
                continue
            runs.append(_run(problem, method, seed, n, cap))
            if kept:
                kept.parent.mkdir(parents=True, exist_ok=True)
                kept.write_bytes(pickle.dumps(runs[-1]))
            shown = {k: v for k, v in runs[-1].items() if k not in (*_LONG, "points")}
            print(shown, flush=True)
    best = hypervolume(
        [tuple(p) for run in runs for p in run.pop("points")],
        losses_of(problem.ref_point, problem.objectives),
    )
    for run in runs:
        run["curve"] = run["curve"] / best
        run["hypervolume"] = {n: float(run["curve"][n - 1]) for n in AT if n <= len(run["curve"])}
    return runs


def _run(problem: Problem, method: str, seed: int, n: int, cap: float) -> dict[str, Any]:
    problem = disguised(problem, seed)
    began, began_cpu = time.monotonic(), time.process_time()
    recorder = _Recorder(problem, seed, n, began_cpu + cap)
    with suppress(SpentError):
        METHODS[method](problem, seed, recorder)
    seconds, cpu_seconds = time.monotonic() - began, time.process_time() - began_cpu
    places = np.array(recorder.places)
    curve, front = _curve(problem, places)
    return {
        "problem": problem.name,
        "method": method,
        "seed": seed,
        "evaluations": len(places),
        "different": len(np.unique(places, axis=0)),
        "seconds": round(seconds, 2),
        "cpu_seconds": round(cpu_seconds, 2),
        "curve": curve,
        "places": places.astype(np.int8),
        "points": front,
    }


def _curve(problem: Problem, places: Places) -> tuple[Floats, list[tuple[float, ...]]]:
    """Return the hypervolume after each evaluation, ``(n,)``, and the front at the end."""
    worst = losses_of(problem.ref_point, problem.objectives)
    costs = problem.costs(places)
    accuracy = problem.accuracy(places)
    front: list[tuple[float, ...]] = []
    curve = np.zeros(len(places))
    for i in range(len(places)):
        values = {name: float(column[i]) for name, column in costs.items()}
        new = losses_of({**values, "accuracy": float(accuracy[i])}, problem.objectives)
        if any(all(a <= b for a, b in zip(old, new, strict=True)) for old in front):
            curve[i] = curve[i - 1] if i else 0.0
            continue
        front = [o for o in front if not all(b <= a for a, b in zip(o, new, strict=True))] + [new]
        curve[i] = hypervolume(front, worst)
    return curve, front


def _summarise(problem: str, runs: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    curves: dict[str, Floats] = {}
    metrics: dict[str, float] = {}
    for method in dict.fromkeys(run["method"] for run in runs):
        of_method = [run for run in runs if run["method"] == method]
        # a capped run ends early: what all seeds have counts
        shortest = min(len(run["curve"]) for run in of_method)
        curves[method] = np.stack([run["curve"][:shortest] for run in of_method])
        n_evaluations = sum(run["evaluations"] for run in of_method)
        seconds = sum(run["cpu_seconds"] for run in of_method)
        metrics[f"{problem}.proposal_s.{method}"] = seconds / max(1, n_evaluations)
        for n in (*AT, TARGET_AT):
            if n <= shortest:
                metrics[f"{problem}.hv_at_{n}.{method}"] = float(curves[method][:, n - 1].mean())
                spread = float(curves[method][:, n - 1].std())
                metrics[f"{problem}.hv_sd_at_{n}.{method}"] = spread
    if OURS in curves and curves[OURS].shape[1] >= TARGET_AT:
        for rival in curves:
            if rival != OURS:
                compared = _compare(curves[OURS], curves[rival], rival)
                metrics |= {f"{problem}.{name}": value for name, value in compared.items()}
    return metrics


def _compare(ours: Floats, theirs: Floats, rival: str) -> dict[str, float]:
    """Compare curves ``(seeds, n)``."""
    rng = np.random.default_rng(0)
    wanted = float(ours[:, TARGET_AT - 1].mean())
    point, reached = _needed(theirs.mean(axis=0), wanted)
    end_ratio, drawn, drawn_end = _end_ratio(ours, theirs), [], []
    for _ in range(_BOOTSTRAPS):
        mine = ours[rng.integers(len(ours), size=len(ours))]
        other = theirs[rng.integers(len(theirs), size=len(theirs))]
        needed, _ = _needed(other.mean(axis=0), float(mine[:, TARGET_AT - 1].mean()))
        leads = {
            n: float(mine[:, n - 1].mean() - other[:, n - 1].mean())
            for n in (50, 100, 200)
            if n <= min(mine.shape[1], other.shape[1])
        }
        drawn.append((needed, leads))
        drawn_end.append(_end_ratio(mine, other))
    low, high = np.quantile([needed for needed, _ in drawn], [0.025, 0.975])
    end_low, end_high = np.quantile(drawn_end, [0.025, 0.975])
    metrics = {
        f"evals_ratio.{rival}": point / TARGET_AT,
        f"evals_ratio_low.{rival}": float(low) / TARGET_AT,
        f"evals_ratio_high.{rival}": float(high) / TARGET_AT,
        f"evals_ratio_reached.{rival}": float(reached),
        f"end_ratio.{rival}": end_ratio,
        f"end_ratio_low.{rival}": float(end_low),
        f"end_ratio_high.{rival}": float(end_high),
    }
    for n in drawn[0][1]:
        low, high = np.quantile([leads[n] for _, leads in drawn], [0.025, 0.975])
        metrics[f"lead_low_at_{n}.{rival}"] = float(low)
        metrics[f"lead_high_at_{n}.{rival}"] = float(high)
    return metrics


def _end_ratio(ours: Floats, theirs: Floats) -> float:
    """Return the rival's evaluations over ours for what its mean curve ends with."""
    needed, _ = _needed(ours.mean(axis=0), float(theirs[:, -1].mean()))
    return float(theirs.shape[1] / needed)


def _needed(curve: Floats, wanted: float) -> tuple[int, bool]:
    """Return the evaluations after which a curve reaches a value, or its length, and whether."""
    above = np.flatnonzero(curve >= wanted)
    return (int(above[0]) + 1, True) if len(above) else (len(curve), False)


if __name__ == "__main__":
    main()
