"""A worker process whose training is replaced by sleep, under the same protocol.

It claims, reports progress, saves and resumes checkpoints, stores a file of the predicted length
and records a result like a real one; only torch is never loaded.
"""

import hashlib
import os
import random
import sys
import time
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from search.entities import Progress, TrialResult
from search.ports import CheckpointStore, ReportProgress
from search_space.costs import cost_mapping, float_size_bytes

EPOCHS_VARIABLE = "BITPARETO_NOOP_EPOCHS"
SECONDS_VARIABLE = "BITPARETO_NOOP_EPOCH_S"


def run_trial(
    *,
    layers: Any,
    candidate_hash: str,
    seed: int,
    report: ReportProgress,
    checkpoints: CheckpointStore,
    **_: Any,
) -> TrialResult:
    """Stand in for ``training.trial.run_trial``."""
    rng = random.Random(f"{candidate_hash} {seed}")  # noqa: S311  # no secret
    begin, n_epochs = int(checkpoints.load() or b"0"), int(os.environ.get(EPOCHS_VARIABLE, "3"))
    for epoch in range(begin + 1, n_epochs + 1):
        time.sleep(float(os.environ.get(SECONDS_VARIABLE, "0")) * rng.uniform(0.5, 1.5))
        checkpoints.save(str(epoch).encode())
        report(Progress(phase="float", epoch=epoch, n_epochs=n_epochs))
    size = cost_mapping(layers)["size_bytes"]
    content = hashlib.sha256(candidate_hash.encode()).digest() * (size // 32 + 1)
    accuracy = round(rng.uniform(0.5, 1.0), 3)
    return TrialResult(
        metrics={
            "accuracy": accuracy,
            "float_accuracy": accuracy,
            "float_size_bytes": float(float_size_bytes(layers)),
            "n_validation": 1000.0,
        },
        artifact=content[:size],
    )


def measure_artifact(_content: bytes, _images: Any, _labels: Any) -> tuple[int, int]:
    """Stand in for ``training.trial.measure_artifact``."""
    return 900, 1000


class _Dataset:
    test = type("Split", (), {"images": None, "labels": None})()


def install() -> None:
    """Put the stand-ins where the tasks will import them from."""
    stands_in: dict[str, dict[str, Any]] = {
        "training.trial": {"run_trial": run_trial, "measure_artifact": measure_artifact},
        "training.datasets": {
            "Dataset": _Dataset,
            "Split": object,
            "load_dataset": _load,
            "load_stored": _load,
        },
        "worker.device": {"choose_device": lambda: "cpu"},
    }
    for name, content in stands_in.items():
        module = ModuleType(name)
        vars(module).update(content)
        sys.modules[name] = module


def _load(*_: object) -> _Dataset:
    return _Dataset()


def main(argv: Sequence[str] | None = None) -> int:
    """Run a worker."""
    install()
    from worker.main import main as run  # noqa: PLC0415  # after the stand-ins

    return run(argv)


if __name__ == "__main__":
    sys.exit(main())
