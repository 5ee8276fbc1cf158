"""The table of trials on digits that all ran to their end, and what early stopping says of one.

``benchmarks.digits_curves`` records them, ``benchmarks.early_stopping`` reads them.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

from benchmarks.report import ROOT
from search.curve_regression import Point, forecast
from search.early_stopping import to_beat
from search.pareto import Losses, losses
from search_space.genes import GeneValue

TABLE: Final = ROOT / "benchmarks" / "tables" / "digits_curves.json"
NAMES: Final = ("accuracy", "size_bytes")
REF_POINT: Final = {"accuracy": 0.1, "size_bytes": 32768.0}
RUNGS: Final = (6, 12, 18, 22, 30, 36)
"""Epochs of 42; fine-tuning begins after the 30th."""
MIN_COMPLETED: Final = 8
N_FLOAT_EPOCHS: Final = 30
N_EPOCHS: Final = 42


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedTrial:
    """One trial that ran to its end.

    Attributes:
        arm: ``whole``, or ``stopped`` in a search under the rule.
        seed: Of the search.
        number: 1, 2, … within the search.
        genes: Of the candidate.
        candidate_hash: Its identity.
        costs: ``size_bytes``, ``macs`` and ``bops``.
        curve: Validation accuracy after each epoch of both phases.
        probes: Accuracy of a quantized copy, by epoch; the first trials of a search have none.
        accuracy: Of the packed file, at the end.
        epoch_s: CPU seconds of a float epoch and of one of fine-tuning, without the probe; ``None``
            where there are no probes.
        probe_s: CPU seconds of a probe in either phase.
        stopped_at: The epoch at which the rule gave it up.
        predicted: The accuracy that it was given up for.
        failed: Nothing could be packed, or not well enough; its accuracy stands as 0, it is on no
            front.
    """

    arm: Literal["whole", "stopped"]
    seed: int
    number: int
    genes: Mapping[str, GeneValue]
    candidate_hash: str
    costs: Mapping[str, float]
    curve: tuple[float, ...]
    probes: Mapping[int, float]
    accuracy: float
    epoch_s: tuple[float, float] | None
    probe_s: tuple[float, float] | None
    stopped_at: int | None = None
    predicted: float | None = None
    failed: bool = False

    @property
    def losses(self) -> Losses:
        """On both objectives."""
        return losses({"accuracy": self.accuracy, **self.costs}, NAMES)

    @property
    def whole_s(self) -> float:
        """CPU seconds of all its epochs, without probes; only of a trial that has them."""
        return self.spent_s(N_EPOCHS, ())

    def spent_s(self, epoch: int, probed: Sequence[int]) -> float:
        """Return the CPU seconds up to the end of an epoch, with probes at some of them."""
        if self.epoch_s is None or self.probe_s is None:
            raise ValueError(f"trial {self.number} of search {self.seed} was not timed")
        n_float = min(epoch, N_FLOAT_EPOCHS)
        trained = n_float * self.epoch_s[0] + (epoch - n_float) * self.epoch_s[1]
        return trained + sum(
            self.probe_s[rung > N_FLOAT_EPOCHS] for rung in probed if rung <= epoch
        )

    def point(self, epoch: int, *, ended: bool) -> Point:
        """Return what is known of it at a rung, and at its end if that has come."""
        return Point(
            accuracy=self.curve[epoch - 1],
            probe_accuracy=self.probes[epoch],
            costs=self.costs,
            final=self.accuracy if ended else None,
        )


def read_table(path: Path = TABLE) -> list[RecordedTrial]:
    """Return the recorded trials, each search's by number."""
    return [_from_json(row) for row in json.loads(path.read_text())["trials"]]


def _from_json(row: Mapping[str, Any]) -> RecordedTrial:
    pairs = {name: row[name] and tuple(row[name]) for name in ("epoch_s", "probe_s")}
    probes = {int(epoch): accuracy for epoch, accuracy in row["probes"].items()}
    return RecordedTrial(**{**row, **pairs, "curve": tuple(row["curve"]), "probes": probes})


def verdict(
    trial: RecordedTrial,
    front: Sequence[Losses],
    completed: Sequence[RecordedTrial],
    bound: float,
    rungs: Sequence[int] = RUNGS,
) -> tuple[int, float] | None:
    """Return the epoch at which a trial is stopped and what it is predicted to reach.

    Args:
        trial: In question; how it ended is not looked at.
        front: Of that moment.
        completed: Trials to learn from.
        bound: Probability of entering the front below which it is stopped.
        rungs: Epochs at which it is looked at.
    """
    level = to_beat(trial.costs, front, NAMES)
    ended = [other for other in completed if not other.failed]
    known = [other for other in ended if set(rungs) <= other.probes.keys()]
    if level is None or len(known) < MIN_COMPLETED or not set(rungs) <= trial.probes.keys():
        return None
    for epoch in rungs:
        end = forecast(
            trial.point(epoch, ended=False), [other.point(epoch, ended=True) for other in known]
        )
        if end.probability_above(level) < bound:
            return epoch, end.accuracy
    return None


def write_table(path: Path, trials: Sequence[RecordedTrial]) -> None:
    """Write the table, one trial a line."""
    ordered = sorted(trials, key=lambda trial: (trial.seed, trial.arm == "stopped", trial.number))
    rows = ",\n".join(json.dumps(asdict(trial)) for trial in ordered)
    path.write_text(f'{{"trials": [\n{rows}\n]}}\n')
