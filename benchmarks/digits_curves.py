"""Learning curves of whole searches on digits, recorded once and kept as a table.

``python -m benchmarks.digits_curves --searches 4 --trials 40`` runs real searches (the demo's space
and recipe, the ``bayesian`` strategy) in this process, every trial to its end, and writes
``benchmarks/tables/digits_curves.json``. Searches that the table has already are not run again.
"""

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import torch
import yaml

from benchmarks.report import ROOT
from optimizer.registry import STRATEGIES
from search.datasets import DATASETS
from search.entities import Progress, Proposal
from search.objectives import OBJECTIVES
from search.ports import AskRequest, Observation
from search.recipe import Recipe
from search.use_cases.advance import trial_seed
from search_space.space import space_from_json
from training.datasets import load_dataset
from training.trial import run_trial

TABLE: Final = ROOT / "benchmarks" / "tables" / "digits_curves.json"
REF_POINT: Final = {"accuracy": 0.1, "size_bytes": 32768.0}
_DECLARATION: Final = ROOT / "scripts" / "demo_searches" / "digits.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedTrial:
    """One trial that ran to its end.

    Attributes:
        seed: Of the search.
        number: 1, 2, … within the search.
        size_bytes: Of its file.
        curve: Validation accuracy after each epoch of both phases.
        accuracy: Of the packed file, at the end.
        seconds: Of training and evaluation.
    """

    seed: int
    number: int
    size_bytes: float
    curve: tuple[float, ...]
    accuracy: float
    seconds: float


def read_table(path: Path = TABLE) -> list[RecordedTrial]:
    """Return the recorded trials, search by search, each by number."""
    rows = json.loads(path.read_text())["trials"]
    return [RecordedTrial(**{**row, "curve": tuple(row["curve"])}) for row in rows]


class _NoCheckpoints:
    """Trials here are not interrupted."""

    def load(self) -> bytes | None:
        return None

    def save(self, checkpoint: bytes) -> None:
        pass


def _record(proposal: Proposal, recipe: Recipe, seed: int, number: int) -> RecordedTrial:
    curve: list[float] = []

    def report(progress: Progress) -> None:
        if progress.phase != "pack" and progress.accuracy is not None:
            curve.append(round(progress.accuracy, 5))

    started = time.process_time()
    result = run_trial(
        layers=proposal.layers,
        recipe=recipe,
        dataset=load_dataset("digits"),
        seed=trial_seed(seed, number),
        candidate_hash=proposal.candidate_hash,
        report=report,
        checkpoints=_NoCheckpoints(),
    )
    return RecordedTrial(
        seed=seed,
        number=number,
        size_bytes=float(proposal.costs["size_bytes"]),
        curve=tuple(curve),
        accuracy=result.metrics["accuracy"],
        seconds=round(time.process_time() - started, 2),
    )


def _run_search(
    declaration: dict[str, Any], seed: int, n_trials: int, kept: list[RecordedTrial]
) -> None:
    facts = DATASETS["digits"]
    request = AskRequest(
        space=space_from_json(
            declaration["space"], input_shape=facts.input_shape, n_classes=facts.n_classes
        ),
        objectives=[OBJECTIVES[name] for name in declaration["objectives"]],
        ref_point=REF_POINT,
        budgets={},
        history=[],
        n=1,
        seed=seed,
        n_initial=declaration["strategy"]["n_initial"],
    )
    recipe, history = Recipe(**declaration["recipe"]), list[Observation]()
    for number in range(1, n_trials + 1):
        (proposal,) = STRATEGIES["bayesian"](replace(request, history=history))
        trial = _record(proposal, recipe, seed, number)
        kept.append(trial)
        values = {"accuracy": trial.accuracy, **proposal.costs}
        history.append(
            Observation(
                genes=proposal.genes,
                candidate_hash=proposal.candidate_hash,
                values=values,
                status="completed",
            )
        )
        print(
            f"search {seed}, trial {number}: {trial.accuracy:.4f}, {trial.seconds:.1f} s",
            flush=True,
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """Record what the table lacks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--searches", type=int, default=4)
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--table", type=Path, default=TABLE)
    args = parser.parse_args(arguments)
    torch.set_num_threads(1)
    declaration = yaml.safe_load(_DECLARATION.read_text())
    kept = read_table(args.table) if args.table.exists() else []
    for seed in range(args.first_seed, args.first_seed + args.searches):
        if any(trial.seed == seed for trial in kept):
            continue
        _run_search(declaration, seed, args.trials, kept)
        _write(args.table, declaration, kept)


def _write(path: Path, declaration: dict[str, Any], kept: Sequence[RecordedTrial]) -> None:
    fields = RecordedTrial.__dataclass_fields__
    rows = [json.dumps({name: getattr(trial, name) for name in fields}) for trial in kept]
    head = json.dumps({"recipe": declaration["recipe"], "ref_point": REF_POINT})
    body = ",\n".join(rows)
    path.write_text(f'{head[:-1]}, "trials": [\n{body}\n]}}\n')


if __name__ == "__main__":
    main()
