"""What early stopping saves and what it costs, on recorded learning curves of real searches.

``python -m benchmarks.early_stopping --out benchmarks/results/early_stopping.json`` replays the
searches of ``benchmarks/tables/digits_curves.json`` under the rule that the service uses. Every
trial there ran to its end, so of each stop it is known whether it was false: whether the trial
would have entered the front of that moment. Beside the order in which the optimizer proposed them,
the trials are replayed in random orders; there they are no better late than early. The proposals
themselves do not change with what is stopped.
"""

import argparse
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.digits_curves import REF_POINT, RecordedTrial, read_table
from benchmarks.report import write_report
from search.early_stopping import EarlyStopping, Point, probability_above, rung_epochs, to_beat
from search.hypervolume import hypervolume
from search.pareto import Losses, insert, losses

_OBJECTIVES: Final = ("accuracy", "size_bytes")
_N_SHUFFLES: Final = 5
RULES: Final[Mapping[str, EarlyStopping]] = {
    "default": EarlyStopping(),
    **{
        f"bound_{bound:g}_rungs_{rungs}": EarlyStopping(bound=bound, rungs=rungs)
        for bound in (0.01, 0.02, 0.05, 0.1, 0.2)
        for rungs in (6, 12)
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What came of one search under one rule."""

    epochs: int
    stopped: int
    false_stops: int
    audited: int
    hypervolume: float


def replay(trials: Sequence[RecordedTrial], rule: EarlyStopping | None, seed: int) -> Replay:
    """Run recorded trials one after another; a trial that is stopped joins no front."""
    front: dict[str, Losses] = {}
    completed: list[RecordedTrial] = []
    sampled = random.Random(seed)  # noqa: S311 - which trials are audited
    epochs = stopped = false_stops = audited = 0
    for trial in trials:
        values = {"accuracy": trial.accuracy, "size_bytes": trial.size_bytes}
        own = losses(values, _OBJECTIVES)
        change = insert(front, own)
        spared = rule is not None and sampled.random() < rule.audit
        epoch = None if rule is None else _stops_at(trial, rule, completed, [*front.values()])
        if epoch is not None and not spared:
            epochs, stopped = epochs + epoch, stopped + 1
            false_stops += change.added
            continue
        audited += epoch is not None
        epochs += len(trial.curve)
        completed.append(trial)
        if change.added:
            front = {key: point for key, point in front.items() if key not in change.removed}
            front[str(trial.number)] = own
    return Replay(
        epochs=epochs,
        stopped=stopped,
        false_stops=false_stops,
        audited=audited,
        hypervolume=hypervolume([*front.values()], losses(REF_POINT, _OBJECTIVES)),
    )


def _stops_at(
    trial: RecordedTrial,
    rule: EarlyStopping,
    completed: Sequence[RecordedTrial],
    front: Sequence[Losses],
) -> int | None:
    level = to_beat({"size_bytes": trial.size_bytes}, front, _OBJECTIVES)
    if level is None or len(completed) < rule.min_completed:
        return None
    for epoch in rung_epochs(rule, len(trial.curve)):
        before = [_point(done, epoch, done.accuracy) for done in completed]
        if probability_above(level, _point(trial, epoch), before) < rule.bound:
            return epoch
    return None


def _point(trial: RecordedTrial, epoch: int, final: float | None = None) -> Point:
    return Point(accuracy=trial.curve[epoch - 1], size_bytes=trial.size_bytes, final=final)


def measure(trials: Sequence[RecordedTrial]) -> tuple[dict[str, float], list[dict[str, object]]]:
    """Return the metrics and the single runs of all rules."""
    metrics: dict[str, float] = {}
    runs: list[dict[str, object]] = []
    seeds = sorted({trial.seed for trial in trials})
    metrics["n_searches"], metrics["n_trials"] = len(seeds), len(trials)
    for name, rule in RULES.items():
        for order in ("as_proposed", "shuffled"):
            found = []
            for seed in seeds:
                own = [trial for trial in trials if trial.seed == seed]
                for shuffle in range(1 if order == "as_proposed" else _N_SHUFFLES):
                    ordered = list(own)
                    if order == "shuffled":
                        random.Random(shuffle).shuffle(ordered)  # noqa: S311
                    ended = replay(ordered, rule, shuffle)
                    whole = replay(ordered, None, shuffle)
                    found.append((ended, whole))
                    runs.append(
                        {
                            "rule": name,
                            "order": order,
                            "search": seed,
                            "shuffle": shuffle,
                            "saved": 1 - ended.epochs / whole.epochs,
                            "stopped": ended.stopped,
                            "false_stops": ended.false_stops,
                            "audited": ended.audited,
                            "hypervolume_ratio": ended.hypervolume / whole.hypervolume,
                        }
                    )
            metrics.update(_summed(f"{name}.{order}", found))
    return metrics, runs


def _summed(name: str, found: Sequence[tuple[Replay, Replay]]) -> dict[str, float]:
    stopped = sum(ended.stopped for ended, _ in found)
    false_stops = sum(ended.false_stops for ended, _ in found)
    ratios = [ended.hypervolume / whole.hypervolume for ended, whole in found]
    saved = 1 - sum(e.epochs for e, _ in found) / sum(w.epochs for _, w in found)
    return {
        f"{name}.saved": saved,
        f"{name}.stopped": stopped,
        f"{name}.false_stops": false_stops,
        f"{name}.false_share": false_stops / stopped if stopped else 0.0,
        f"{name}.hypervolume_ratio": sum(ratios) / len(ratios),
        f"{name}.worst_hypervolume_ratio": min(ratios),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Replay, and print or write what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args(arguments)
    metrics, runs = measure(read_table())
    write_report("early_stopping", metrics, runs, args.out)


if __name__ == "__main__":
    main()
