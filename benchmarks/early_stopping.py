"""What early stopping saves and what it costs, in real searches on digits.

``python -m benchmarks.early_stopping --out benchmarks/results/early_stopping.json`` reads
``benchmarks/tables/digits_curves.json``, where every trial ran to its end, so that of every stop it
is known whether it was false: whether the trial would have entered the front of that moment, or be
on the last one.

- ``oracle``: what would be saved by stopping, at the first rung, just those that never enter.
- ``replay``: whole searches under rules of several bounds, learning from the search itself, or from
  the other one as well; what is proposed does not change with what is stopped.
- ``live``: searches under the rule, in which what was stopped taught the optimizer only its
  prediction, against what the same trials would have cost and brought to their end; where the
  search also went on whole from the same trials, ``against_whole`` compares the two.

Seconds are CPU seconds of the epochs; under a rule its probes are added to them.
"""

import argparse
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.digits_table import (
    N_EPOCHS,
    NAMES,
    REF_POINT,
    RUNGS,
    RecordedTrial,
    read_table,
    verdict,
)
from benchmarks.report import write_report
from search.hypervolume import hypervolume
from search.pareto import Losses, insert, losses

BOUNDS: Final = (0.02, 0.03, 0.05, 0.07, 0.1, 0.15)
FOUR_RUNGS: Final = (6, 12, 22, 36)
"""As many as a rule has by default."""
GROWN: Final = (33, 60, 80, 100)
"""Trials of a search under the rule, after which it is said what was saved so far."""
Run = dict[str, object]


class Front:
    """Members by number, as the service keeps them."""

    def __init__(self, trials: Sequence[RecordedTrial] = ()) -> None:
        self.members: dict[str, Losses] = {}
        for trial in trials:
            self.add(trial)

    def would_enter(self, trial: RecordedTrial) -> bool:
        """Whether a trial belongs on the front."""
        return not trial.failed and insert(self.members, trial.losses).added

    def add(self, trial: RecordedTrial) -> bool:
        """Take a trial in and return whether it entered."""
        if trial.failed:
            return False
        change = insert(self.members, trial.losses)
        for key in change.removed:
            del self.members[key]
        if change.added:
            self.members[str(trial.number)] = trial.losses
        return change.added

    @property
    def hypervolume(self) -> float:
        """What it dominates."""
        return hypervolume([*self.members.values()], losses(REF_POINT, NAMES))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of the trials with probes of one search under one rule."""

    n: int
    stopped: int
    false_then: int
    false_at_end: int
    spent_s: float
    whole_s: float
    epochs: int
    hypervolume: float

    @property
    def saved(self) -> float:
        """Share of CPU seconds."""
        return 1 - self.spent_s / self.whole_s


def replay(
    trials: Sequence[RecordedTrial],
    bound: float,
    taught: Sequence[RecordedTrial] = (),
    rungs: Sequence[int] = RUNGS,
) -> Outcome:
    """Run recorded trials one after another; a trial that is stopped joins no front.

    Args:
        trials: Of one search; those without probes run whole and are not counted.
        bound: The rule's.
        taught: Trials of other searches that the rule learns from, too.
        rungs: Where it looks.
    """
    front, completed = Front(), list(taught)
    stops: dict[int, int] = {}
    for trial in trials:
        found = verdict(trial, [*front.members.values()], completed, bound, rungs)
        if found is not None:
            stops[trial.number] = found[0]
            continue
        front.add(trial)
        completed.append(trial)
    return account(trials, stops, rungs)


def account(
    trials: Sequence[RecordedTrial], stops: dict[int, int], rungs: Sequence[int] = RUNGS
) -> Outcome:
    """Count what was stopped when, by number, and what of it was false."""
    front, then = Front(), 0
    for trial in trials:
        if trial.number in stops:
            then += front.would_enter(trial)
        else:
            front.add(trial)
    probed = [trial for trial in trials if trial.probes]
    ends = {trial.number: stops.get(trial.number, N_EPOCHS) for trial in probed}
    return Outcome(
        n=len(probed),
        stopped=len(stops),
        false_then=then,
        false_at_end=sum(front.would_enter(t) for t in trials if t.number in stops),
        spent_s=sum(trial.spent_s(ends[trial.number], rungs) for trial in probed),
        whole_s=sum(trial.whole_s for trial in probed),
        epochs=sum(ends.values()),
        hypervolume=front.hypervolume,
    )


def _live(
    seed: int,
    whole: Sequence[RecordedTrial],
    ours: Sequence[RecordedTrial],
    metrics: dict[str, float],
) -> Run:
    first = ours[0].number
    common = [trial for trial in whole if trial.number < first]
    stops = {t.number: t.stopped_at for t in ours if t.stopped_at is not None}
    counted, before = account([*common, *ours], stops), account(common, {})
    spent = counted.spent_s - before.spent_s
    saved = 1 - spent / sum(trial.whole_s for trial in ours)
    ratio = counted.hypervolume / Front([*common, *ours]).hypervolume
    name = f"live.{seed}"
    metrics[f"{name}.from_trial"] = first
    metrics[f"{name}.trials"] = len(ours)
    metrics[f"{name}.stopped"] = counted.stopped
    metrics[f"{name}.false_stops"] = counted.false_then
    metrics[f"{name}.false_at_end"] = counted.false_at_end
    metrics[f"{name}.saved"] = saved
    metrics[f"{name}.epochs_saved"] = sum(N_EPOCHS - at for at in stops.values()) / (
        N_EPOCHS * len(ours)
    )
    metrics[f"{name}.hypervolume_ratio"] = ratio
    for n in (n for n in GROWN if n < len(ours)):
        part = account([*common, *ours[:n]], {k: v for k, v in stops.items() if k < first + n})
        whole_s = sum(trial.whole_s for trial in ours[:n])
        metrics[f"{name}.saved_after_{n}"] = 1 - (part.spent_s - before.spent_s) / whole_s
    metrics[f"{name}.error_over_forecast"] = statistics.median(
        (1 - t.accuracy) / (1 - t.predicted) for t in ours if t.predicted is not None
    )
    last = min(max(trial.number for trial in arm) for arm in (whole or ours, ours))
    theirs = [trial for trial in whole if first <= trial.number <= last]
    if theirs:
        cut = [trial for trial in ours if trial.number <= last]
        kept = account([*common, *cut], {n: at for n, at in stops.items() if n <= last})
        metrics[f"{name}.against_whole.trials"] = len(theirs)
        metrics[f"{name}.against_whole.saved"] = 1 - (kept.spent_s - before.spent_s) / sum(
            trial.whole_s for trial in theirs
        )
        metrics[f"{name}.against_whole.hypervolume_ratio"] = (
            kept.hypervolume / Front([*common, *theirs]).hypervolume
        )
        afforded, left = list(common), kept.spent_s - before.spent_s
        for trial in theirs:
            left -= trial.whole_s
            if left < 0:
                break
            afforded.append(trial)
        metrics[f"{name}.against_whole.hypervolume_ratio_same_seconds"] = (
            kept.hypervolume / Front(afforded).hypervolume
        )
        metrics[f"{name}.against_whole.hypervolume_before"] = (
            before.hypervolume / Front([*common, *theirs]).hypervolume
        )
    return _run("live", seed, None, "own", counted, saved, ratio)


def measure(table: Sequence[RecordedTrial]) -> tuple[dict[str, float], list[Run]]:
    """Return metrics and single runs."""
    metrics: dict[str, float] = {}
    runs: list[Run] = []
    whole: dict[int, list[RecordedTrial]] = {}
    for trial in table:
        if trial.arm == "whole":
            whole.setdefault(trial.seed, []).append(trial)
    for seed, trials in whole.items():
        _oracle(f"oracle.{seed}", trials, metrics)
    for bound in BOUNDS:
        for learns in ("own", "all"):
            for rungs in (FOUR_RUNGS, RUNGS):
                outcomes = []
                for seed, trials in whole.items():
                    others = [t for s in whole if s != seed for t in whole[s] if t.probes]
                    outcome = replay(trials, bound, others if learns == "all" else (), rungs)
                    outcomes.append(outcome)
                    ratio = outcome.hypervolume / Front(trials).hypervolume
                    kind = f"replay, {len(rungs)} rungs"
                    runs.append(_run(kind, seed, bound, learns, outcome, outcome.saved, ratio))
                name = f"replay.rungs_{len(rungs)}.bound_{bound:g}.{learns}"
                spent, full = sum(o.spent_s for o in outcomes), sum(o.whole_s for o in outcomes)
                metrics[f"{name}.saved"] = 1 - spent / full
                metrics[f"{name}.stopped"] = sum(o.stopped for o in outcomes)
                metrics[f"{name}.false_stops"] = sum(o.false_then for o in outcomes)
                metrics[f"{name}.false_at_end"] = sum(o.false_at_end for o in outcomes)
    for seed in sorted({trial.seed for trial in table}):
        under_rule = [t for t in table if (t.arm, t.seed) == ("stopped", seed)]
        if under_rule:
            runs.append(_live(seed, whole.get(seed, []), under_rule, metrics))
    return metrics, runs


def _oracle(name: str, trials: Sequence[RecordedTrial], metrics: dict[str, float]) -> None:
    front = Front()
    entered = {trial.number: front.add(trial) for trial in trials}
    probed = [trial for trial in trials if trial.probes]
    spent = sum(t.whole_s if entered[t.number] else t.spent_s(RUNGS[0], RUNGS[:1]) for t in probed)
    metrics[f"{name}.n"], metrics[f"{name}.n_probed"] = len(trials), len(probed)
    metrics[f"{name}.enter_share"] = sum(entered.values()) / len(trials)
    metrics[f"{name}.enter_share_probed"] = sum(entered[t.number] for t in probed) / len(probed)
    metrics[f"{name}.saved_probed"] = 1 - spent / sum(t.whole_s for t in probed)
    for trial in probed[:1]:
        metrics[f"{name}.probe_share"] = trial.spent_s(N_EPOCHS, RUNGS) / trial.whole_s - 1


def _run(
    kind: str,
    seed: int,
    bound: float | None,
    learns: str,
    outcome: Outcome,
    saved: float,
    ratio: float,
) -> Run:
    return {
        "kind": kind,
        "search": seed,
        "bound": bound,
        "learns_from": learns,
        "trials": outcome.n,
        "stopped": outcome.stopped,
        "false_stops": outcome.false_then,
        "false_at_end": outcome.false_at_end,
        "saved": saved,
        "hypervolume_ratio": ratio,
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Print or write what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args(arguments)
    metrics, runs = measure(read_table())
    write_report("early_stopping", metrics, runs, args.out)


if __name__ == "__main__":
    main()
