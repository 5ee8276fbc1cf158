"""Measure ResNet-20 on CIFAR-10 after training, at thousands of assignments of widths.

``python -m benchmarks.ptq_resnet20 [--minutes 30] [--table FILE]``

Every row is a real measurement: 2,000 fixed test images through the network in integer arithmetic
(``benchmarks/ptq_inference.py``). Half of the assignments are drawn at all levels of coarseness,
half are variations of the front of those before, since that is where optimizers go. The table is
extended where it ended, and saved after every chunk.
"""

import argparse
import time
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch

from benchmarks.ptq_inference import WIDTHS, PostTraining
from benchmarks.resnet20 import DECLARED, pretrained_network, pretrained_path
from search.pareto import non_dominated
from search_space.batch import batch_costs
from search_space.space import Places, Space, space_from_json
from training.batches import resident
from training.datasets import load_dataset

N_IMAGES: Final = 2000
N_CALIBRATION: Final = 256
TABLE: Final = Path(__file__).parent / "tables" / "ptq_resnet20.npz"
_STAGES: Final = ("stem", "stage1", "stage2", "stage3")
_LEAVES: Final = 2
"""Assignments per prefix, once behind stage 1 and once behind stage 2."""
_MOST_CHANGES: Final = 6
_CHUNK: Final = 8


def space() -> Space:
    """The 40 widths of all weights and activations; the architecture is fixed."""
    declared: dict[str, Any] = {
        **DECLARED,
        "weight_bits": list(WIDTHS),
        "activation_bits": list(WIDTHS),
        "first_layer_bits": "searched",
        "last_layer_bits": "searched",
        "last_activation_bits": "searched",
    }
    return space_from_json(declared, input_shape=(3, 32, 32), n_classes=10)


@cache
def inference() -> PostTraining:
    """The network with published weights, ready to measure."""
    dataset = load_dataset("cifar10")
    calibration = resident(dataset.train, torch.device("cpu"), N_CALIBRATION).images
    test = dataset.test.take(np.arange(N_IMAGES))
    zeros = np.zeros(len(space().genes), dtype=np.int64)
    network = pretrained_network(space().at_places(zeros).layers, pretrained_path())
    return PostTraining(network, calibration, torch.from_numpy(test.images), test.labels)


def measure(places: Places) -> npt.NDArray[np.float64]:
    """Return the share of right decisions, ``(n,)``, of assignments ``(n, 40)``."""
    layers = [space().at_places(row).layers for row in places]
    return np.array(inference().n_correct(layers)) / N_IMAGES


def read_table(path: Path = TABLE) -> tuple[Places, npt.NDArray[np.float64]]:
    """Return assignments ``(n, 40)`` and their accuracy ``(n,)``; none where there is no file."""
    if not path.exists():
        return np.empty((0, len(space().genes)), dtype=np.int64), np.empty(0)
    with np.load(path) as table:
        return table["places"].astype(np.int64), table["n_correct"] / N_IMAGES


def main() -> None:
    """Extend the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--table", type=Path, default=TABLE)
    arguments = parser.parse_args()
    until = time.monotonic() + 60 * arguments.minutes
    places, accuracy = read_table(arguments.table)
    while time.monotonic() < until:
        rng = np.random.default_rng(len(places))
        chunk = (
            _drawn(rng) if rng.random() < 0.5 or not len(places) else _near(places, accuracy, rng)
        )
        measured = measure(chunk)
        places, accuracy = np.concatenate([places, chunk]), np.concatenate([accuracy, measured])
        _save(arguments.table, places, accuracy)
        print(f"{len(places)} rows, last {np.round(measured, 3).tolist()}", flush=True)


def _drawn(rng: np.random.Generator) -> Places:
    """Return a tree of assignments: ``_LEAVES`` behind every shared prefix, ``(n, 40)``."""
    stage = np.array([_stage(gene.name) for gene in space().genes])
    rows = np.repeat(_tilted(rng)[None], _LEAVES**2, axis=0)
    middle = stage == _STAGES.index("stage2")
    last = stage == _STAGES.index("stage3")
    for i, row in enumerate(rows):
        if i % _LEAVES == 0:
            fresh = _tilted(rng)
        row[middle] = fresh[middle]
        row[last] = _tilted(rng)[last]
    return rows


def _tilted(rng: np.random.Generator) -> Places:
    """Return one assignment, ``(40,)``, of a level of coarseness drawn first."""
    u = rng.random(len(space().genes)) ** (2 ** rng.uniform(-3.0, 0.5))
    return np.minimum((u * len(WIDTHS)).astype(np.int64), len(WIDTHS) - 1)


def _near(places: Places, accuracy: npt.NDArray[np.float64], rng: np.random.Generator) -> Places:
    """Return variations of the front, ``(n, 40)``, in the order that shares most work."""
    sizes = batch_costs(space(), places)["size_bytes"]
    points = {str(i): (-a, float(s)) for i, (a, s) in enumerate(zip(accuracy, sizes, strict=True))}
    front = places[[int(i) for i in non_dominated(points)]]
    chosen = front[rng.integers(len(front), size=_CHUNK)]
    mates = front[rng.integers(len(front), size=_CHUNK)]
    rows = np.where(rng.random(chosen.shape) < 0.5, chosen, mates)
    for row in rows:
        changed = rng.choice(len(row), size=rng.integers(1, _MOST_CHANGES + 1), replace=False)
        step = rng.choice([-2, -1, 1, 2], size=len(changed))
        row[changed] = np.clip(row[changed] + step, 0, len(WIDTHS) - 1)
    return rows[np.lexsort(rows.T[::-1])]


def _stage(gene: str) -> int:
    name = gene.partition(".")[0]
    return _STAGES.index(name) if name in _STAGES else len(_STAGES) - 1


def _save(path: Path, places: Places, accuracy: npt.NDArray[np.float64]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.stem}.partial.npz")
    correct = np.rint(accuracy * N_IMAGES).astype(np.uint16)
    np.savez_compressed(partial, places=places.astype(np.uint8), n_correct=correct)
    partial.replace(path)


if __name__ == "__main__":
    main()
