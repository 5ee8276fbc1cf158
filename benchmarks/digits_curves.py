"""Learning curves of whole searches on digits, recorded once and kept as a table.

``python -m benchmarks.digits_curves --seed 11 --trials 80`` runs a real search (the demo's space
and recipe, the ``bayesian`` strategy) in this process, every trial to its end, and adds what is
missing to ``benchmarks/tables/digits_curves.json``. With ``--bound 0.05 --after 40`` the same
search goes on after its 40th trial with early stopping: what the rule stops joins neither front nor
history, though it is trained on, so that of every stop it is known whether it was false.
"""

import argparse
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Literal

import torch
import yaml

from benchmarks.digits_table import (
    N_EPOCHS,
    REF_POINT,
    RUNGS,
    TABLE,
    RecordedTrial,
    read_table,
    verdict,
    write_table,
)
from benchmarks.report import ROOT
from optimizer.registry import STRATEGIES
from search.datasets import DATASETS
from search.entities import Progress, Proposal
from search.errors import TrialFailure
from search.objectives import OBJECTIVES
from search.pareto import Losses, insert
from search.ports import PREDICTED, AskRequest, Observation
from search.recipe import Recipe
from search.use_cases.advance import trial_seed
from search_space.space import space_from_json
from training.datasets import load_dataset
from training.trial import run_trial

_DECLARATION: Final = ROOT / "scripts" / "demo_searches" / "digits.yaml"


class _NoCheckpoints:
    """Trials here are not interrupted."""

    def load(self) -> bytes | None:
        return None

    def save(self, checkpoint: bytes) -> None:
        pass


def _train(
    proposal: Proposal, recipe: Recipe, arm: Literal["whole", "stopped"], seed: int, number: int
) -> RecordedTrial:
    told: list[Progress] = []
    accuracy: float | None
    seconds: list[float] = []
    last = time.process_time()

    def report(progress: Progress) -> None:
        nonlocal last
        if progress.phase != "pack":
            now = time.process_time()
            told.append(progress)
            seconds.append(now - last)
            last = now

    try:
        accuracy = run_trial(
            layers=proposal.layers,
            recipe=recipe,
            dataset=load_dataset("digits"),
            seed=trial_seed(seed, number),
            candidate_hash=proposal.candidate_hash,
            report=report,
            checkpoints=_NoCheckpoints(),
            probed=RUNGS,
        ).metrics["accuracy"]
    except TrialFailure:
        if len(told) < N_EPOCHS:
            raise  # there is no whole curve to keep
        accuracy = None
    plain, probes = zip(*(_split(told, seconds, phase) for phase in ("float", "qat")), strict=True)
    return RecordedTrial(
        arm=arm,
        seed=seed,
        number=number,
        genes=dict(proposal.genes),
        candidate_hash=proposal.candidate_hash,
        costs={name: float(proposal.costs[name]) for name in ("size_bytes", "macs", "bops")},
        curve=tuple(round(p.accuracy or 0.0, 5) for p in told),
        probes={
            epoch: round(p.probe_accuracy, 5)
            for epoch, p in enumerate(told, start=1)
            if p.probe_accuracy is not None
        },
        accuracy=accuracy or 0.0,
        failed=accuracy is None,
        epoch_s=plain,
        probe_s=probes,
    )


def _split(told: Sequence[Progress], seconds: Sequence[float], phase: str) -> tuple[float, float]:
    """Return the CPU seconds of an epoch of a phase, and of the probe behind one."""
    of_phase = [(p, s) for p, s in zip(told, seconds, strict=True) if p.phase == phase]
    plain = statistics.fmean(s for p, s in of_phase if p.probe_accuracy is None)
    probed = statistics.fmean(s for p, s in of_phase if p.probe_accuracy is not None)
    return round(plain, 4), round(max(0.0, probed - plain), 4)


class _Search:
    """A search in this process; ``bound`` makes it one under the rule."""

    def __init__(self, declaration: Mapping[str, Any], seed: int, bound: float | None) -> None:
        facts = DATASETS["digits"]
        space = space_from_json(
            declaration["space"], input_shape=facts.input_shape, n_classes=facts.n_classes
        )
        self._request = AskRequest(
            space=space,
            objectives=[OBJECTIVES[name] for name in declaration["objectives"]],
            ref_point=REF_POINT,
            budgets={},
            history=[],
            n=1,
            seed=seed,
            n_initial=declaration["strategy"]["n_initial"],
            deadline_s=300.0,  # what is proposed must not depend on how busy the machine is
        )
        self._recipe = Recipe(**declaration["recipe"])
        self._bound = bound
        self._history: list[Observation] = []
        self._completed: list[RecordedTrial] = []
        self._front: dict[int, Losses] = {}

    def learn(self, trial: RecordedTrial) -> None:
        """Take in a trial that is over."""
        values: Mapping[str, float] | None = {"accuracy": trial.accuracy, **trial.costs}
        status = "completed"
        if trial.stopped_at is not None and trial.predicted is not None:
            values, status = {PREDICTED: trial.predicted}, "stopped"
        elif trial.failed:
            values, status = None, "failed"
        self._history.append(
            Observation(
                genes=trial.genes,
                candidate_hash=trial.candidate_hash,
                values=values,
                status=status,
            )
        )
        if status == "completed":
            self._completed.append(trial)
            change = insert(self._front, trial.losses)
            for key in change.removed:
                del self._front[key]
            if change.added:
                self._front[trial.number] = trial.losses

    def next(self) -> RecordedTrial:
        """Propose a trial and run it."""
        (proposal,) = STRATEGIES["bayesian"](replace(self._request, history=self._history))
        number = len(self._history) + 1
        arm: Literal["whole", "stopped"] = "whole" if self._bound is None else "stopped"
        trial = _train(proposal, self._recipe, arm, self._request.seed, number)
        if self._bound is None:
            return trial
        found = verdict(trial, [*self._front.values()], self._completed, self._bound)
        if found is None:
            return trial
        return replace(trial, stopped_at=found[0], predicted=found[1])


def main(arguments: Sequence[str] | None = None) -> None:
    """Record what the table lacks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--trials", type=int, default=80)
    parser.add_argument("--bound", type=float, help="early stopping below this probability")
    parser.add_argument("--after", type=int, default=0, help="trials before the rule begins")
    parser.add_argument("--table", type=Path, default=TABLE)
    args = parser.parse_args(arguments)
    torch.set_num_threads(1)
    declaration = yaml.safe_load(_DECLARATION.read_text())
    table = read_table(args.table) if args.table.exists() else []
    own = [trial for trial in table if trial.seed == args.seed]
    before = [trial for trial in own if trial.arm == "whole"]
    if args.bound is not None:
        before = before[: args.after] + [trial for trial in own if trial.arm == "stopped"]
    search = _Search(declaration, args.seed, args.bound)
    for trial in before:
        search.learn(trial)
    for number in range(len(before) + 1, args.trials + 1):
        trial = search.next()
        search.learn(trial)
        table.append(trial)
        write_table(args.table, table)
        print(f"search {args.seed}, trial {number}: {trial.accuracy:.4f}", flush=True)


if __name__ == "__main__":
    main()
