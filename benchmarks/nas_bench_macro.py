"""NAS-Bench-Macro as a search problem: 6,561 trained networks, three measured accuracies each.

Source: Su et al., "Prioritized Architecture Sampling with Monto-Carlo Tree Search",
arXiv:2103.11922: MobileNetV2-style networks of eight searched layers on CIFAR-10. A measurement is
one of the three runs at random; methods are judged by the mean of the three. Where identities stand
does not matter within a stage, so several assignments are one network.
"""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from benchmarks.search_problems import Floats, Problem, objectives
from search_space.genes import Gene
from search_space.space import Places
from training.datasets.errors import DatasetUnavailableError
from training.datasets.places import data_dirs

N_LAYERS = 8
OPERATIONS = ("identity", "mbconv_e3_k3", "mbconv_e6_k5")
FILE = Path("tables", "nasbench-macro.parquet")
_FLOAT_BYTES = 4


class Table:
    """The networks by number: the digits of an assignment, to base three."""

    def __init__(self) -> None:
        columns = pq.read_table(_path()).to_pydict()
        order = np.argsort([int(arch, 3) for arch in columns["arch"]])
        self.runs: Floats = np.stack([columns[f"acc_s{i}"] for i in range(3)], axis=1)[order] / 100
        self.parameters = np.array(columns["params"])[order]
        self.macs = np.array(columns["macs"])[order]
        digits = [[int(c) for c in arch] for arch in columns["canonical_arch"]]
        self.canonical: Places = np.array(digits, dtype=np.int64)[order]

    def number(self, places: Places) -> Places:
        """Return the numbers ``(n,)`` of assignments ``(n, 8)``."""
        return places @ 3 ** np.arange(N_LAYERS - 1, -1, -1)

    def accuracy(self, places: Places) -> Floats:
        """Return the mean over the runs, ``(n,)``."""
        means: Floats = self.runs[self.number(places)].mean(axis=1)
        return means

    def measure(self, places: Places, rng: np.random.Generator) -> float:
        """Return one of the runs of an assignment ``(8,)``."""
        return float(self.runs[int(self.number(places)), rng.integers(3)])


def problem() -> Problem:
    """Accuracy against the bytes of float parameters."""
    table = Table()
    genes = tuple(
        Gene(name=f"layer{i}", choices=OPERATIONS, ordered=False) for i in range(N_LAYERS)
    )
    return Problem(
        name="nas_bench_macro",
        parameters=genes,
        objectives=objectives("size_bytes"),
        costs=lambda places: {"size_bytes": _FLOAT_BYTES * table.parameters[table.number(places)]},
        measure=table.measure,
        accuracy=table.accuracy,
        ref_point={"accuracy": 0.8, "size_bytes": float(_FLOAT_BYTES * table.parameters.max())},
        summaries=lambda places: np.log2(table.macs[table.number(places)])[:, None],
        canonical=lambda places: table.canonical[table.number(places)],
    )


def _path() -> Path:
    places = [folder / FILE for folder in data_dirs()]
    for path in places:
        if path.is_file():
            return path
    advice = f"Put the table at {FILE} in a folder and name that in BITPARETO_DATA_DIR."
    raise DatasetUnavailableError("nasbench-macro", [f"{p}: no file" for p in places], advice)
