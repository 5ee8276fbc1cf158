"""ResNet-20 after training as a search problem: 40 widths, real inference or its frozen surrogate.

Size is the exact length of the packed file. ``problem`` answers from the surrogate, ``real`` by
running the network on 2,000 test images, about a second each; measurements are kept on disk.
"""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.ptq_resnet20 import measure, space
from benchmarks.ptq_surrogate import Surrogate
from benchmarks.report import ROOT
from benchmarks.search_problems import Floats, Problem, objectives
from optimizer.terrain import Networks
from search_space.costs import cost_mapping
from search_space.space import Places

MEMORY = ROOT / "var" / "benchmarks" / "ptq_resnet20.jsonl"


def problem() -> Problem:
    """Accuracy by the frozen surrogate, against bytes."""
    surrogate = Surrogate()
    return _problem("ptq_resnet20", surrogate.accuracy)


def real() -> Problem:
    """Accuracy by inference, against bytes."""
    return _problem("ptq_resnet20_real", Measured(MEMORY))


class Measured:
    """Real accuracies, each measured once and kept in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[bytes, float] = {}
        if path.exists():
            for line in path.read_text().splitlines():
                row, accuracy = json.loads(line)
                self._known[bytes(row)] = accuracy

    def __call__(self, places: Places) -> Floats:
        """Return the accuracy ``(n,)`` of assignments ``(n, 40)``."""
        return np.array([self._one(row) for row in places])

    def _one(self, row: Places) -> float:
        key = bytes(row.tolist())
        if key not in self._known:
            self._known[key] = float(measure(row[None])[0])
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a") as file:
                file.write(json.dumps([row.tolist(), self._known[key]]) + "\n")
        return self._known[key]


def _problem(name: str, accuracy: Callable[[Places], Floats]) -> Problem:
    networks = Networks(space())
    largest = np.array([len(gene.choices) - 1 for gene in networks.genes])
    worst = cost_mapping(space().at_places(largest).layers)["size_bytes"]

    def summaries(places: Places) -> Floats:
        return networks.rows(places).summaries[:, 1:]

    return Problem(
        name=name,
        parameters=networks.genes,
        objectives=objectives("size_bytes"),
        costs=lambda places: {"size_bytes": networks.costs_of(places)["size_bytes"]},
        measure=lambda places, _: float(accuracy(places[None])[0]),
        accuracy=accuracy,
        ref_point={"accuracy": 0.1, "size_bytes": float(worst)},
        summaries=summaries,
    )
