"""How well models of accuracy predict networks near the front, from what a search has by then.

``python -m benchmarks.accuracy_model --keep FOLDER [--problems NAME ...] [--seeds N]
[--variants NAME ...] [--json FILE]``

Trained on the first 20, 50 and 100 evaluations of the default strategy; judged by accuracy without
noise of networks that any method evaluated in the same disguise of the problem, no more than 3 %
below the best accuracy at their size: those among which a search chooses. The runs are those that
``benchmarks.search_efficiency --keep FOLDER`` has left. ``ptq_table`` are real measurements of
``benchmarks.ptq_resnet20``: trained on rows drawn from the table, judged by others above 80 %.

- ``<problem>.mae_at_<n>.<variant>``: mean absolute error, mean over seeds.
- ``<problem>.nld_at_<n>.<variant>``: negative log density of a normal with the mean and standard
  deviation that are predicted; lower is better, and overconfidence costs.
- ``<problem>.rank_at_<n>.<variant>``: Spearman's correlation.
- ``<problem>.fit_s_at_<n>.<variant>``: seconds of the processor for a fit.
"""

import argparse
import pickle
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from benchmarks import ptq_problem
from benchmarks.model_variants import VARIANTS, Data
from benchmarks.ptq_resnet20 import read_table
from benchmarks.report import write_report
from benchmarks.search_efficiency import OURS, PROBLEMS
from benchmarks.search_problems import Floats, Problem, disguised
from search_space.space import Places

AT: Final = (20, 50, 100)
_TABLE: Final = "ptq_table"
_BELOW: Final = 0.03
_GOOD: Final = 0.8
_MOST_JUDGED: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """What a search has, in its order, and what is asked about."""

    problem: Problem
    places: Places
    measured: Floats
    judged: Places
    truth: Floats


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    known = ("ptq_resnet20", "nas_bench_macro", "mixed", _TABLE)
    parser.add_argument("--keep", type=Path, required=True, help="folder of kept runs")
    parser.add_argument("--problems", nargs="+", choices=known, default=known)
    parser.add_argument("--variants", nargs="+", choices=tuple(VARIANTS), default=tuple(VARIANTS))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    runs: list[dict[str, Any]] = []
    for name in arguments.problems:
        for seed in range(arguments.seeds):
            case = _from_table(seed) if name == _TABLE else _from_runs(name, seed, arguments.keep)
            for variant in arguments.variants:
                runs += [{"seed": seed, **run} for run in _judge(name, case, variant)]
                print(runs[-1], flush=True)
    write_report("accuracy_model", _summarise(runs), runs, arguments.json)


def _from_runs(name: str, seed: int, folder: Path) -> _Case:
    problem = disguised(PROBLEMS[name](), seed)
    runs = [pickle.loads(f.read_bytes()) for f in sorted(folder.glob(f"{name}-*-{seed}-*.pickle"))]  # noqa: S301 - written by the other benchmark
    history: Places = next(r["places"] for r in runs if r["method"] == OURS).astype(np.int64)
    rng = np.random.default_rng([seed, 7])  # the noise of that run
    measured = np.array([problem.measure(row, rng) for row in history[: max(AT)]])
    others = np.unique(np.concatenate([run["places"].astype(np.int64) for run in runs]), axis=0)
    seen = {row.tobytes() for row in history[: max(AT)]}
    others = others[[row.tobytes() not in seen for row in others]]
    accuracy, size = problem.accuracy(others), problem.costs(others)["size_bytes"]
    order = np.argsort(size)
    best = np.empty(len(others))
    best[order] = np.maximum.accumulate(accuracy[order])
    near = np.flatnonzero(accuracy >= best - _BELOW)
    near = np.random.default_rng(seed).permutation(near)[:_MOST_JUDGED]
    return _Case(
        problem=problem,
        places=history[: max(AT)],
        measured=measured,
        judged=others[near],
        truth=accuracy[near],
    )


def _from_table(seed: int) -> _Case:
    places, accuracy = read_table()
    order = np.random.default_rng(seed).permutation(len(places))
    train, rest = order[: max(AT)], order[max(AT) :]
    good = rest[accuracy[rest] > _GOOD][:_MOST_JUDGED]
    return _Case(
        problem=ptq_problem.problem(),
        places=places[train],
        measured=accuracy[train],
        judged=places[good],
        truth=accuracy[good],
    )


def _judge(name: str, case: _Case, variant: str) -> Iterator[dict[str, Any]]:
    for n in AT:
        data = Data(case.problem, case.places[:n], case.measured[:n])
        began = time.process_time()
        mean, sd = VARIANTS[variant](data, case.judged)
        seconds = time.process_time() - began
        error = mean - case.truth
        ranks = [values.argsort().argsort() for values in (mean, case.truth)]
        yield {
            "problem": name,
            "variant": variant,
            "n": n,
            "judged": len(case.truth),
            "mae": float(np.abs(error).mean()),
            "nld": float((0.5 * (error / sd) ** 2 + np.log(sd * np.sqrt(2 * np.pi))).mean()),
            "rank": float(np.corrcoef(*ranks)[0, 1]),
            "fit_s": seconds,
        }


def _summarise(runs: list[dict[str, Any]]) -> dict[str, float]:
    metrics: dict[str, float] = {}
    for run in runs:
        alike = [r for r in runs if all(r[k] == run[k] for k in ("problem", "variant", "n"))]
        for what in ("mae", "nld", "rank", "fit_s"):
            name = f"{run['problem']}.{what}_at_{run['n']}.{run['variant']}"
            metrics[name] = float(np.mean([r[what] for r in alike]))
    return metrics


if __name__ == "__main__":
    main()
