"""Recipes on a fixed network: accuracy and size of the packed file, seconds of the whole trial.

``python -m benchmarks.recipes [--quick] [--device cuda] [--bits 4 2] [--seeds N] [--json FILE]``

The network is ResNet-20 with 1x1 shortcut convolutions on CIFAR-10, first and last layer at 8 bits,
all other weights and activations at the same width. ``--quick`` trains a small part of the digits'
counterpart instead, so that it ends within 5 minutes on 2 cores.
"""

import argparse
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.report import write_report
from search.entities import Progress
from search.recipe import Recipe
from search_space.costs import cost_mapping
from search_space.space import Candidate, space_from_json
from training.datasets import Dataset, load_dataset
from training.trial import measure_artifact, run_trial

RESNET20: Mapping[str, Any] = {
    "family": "resnet",
    "stem_channels": [16],
    "stages": [
        {"channels": [16], "blocks": [3], "stride": 1},
        {"channels": [32], "blocks": [3], "stride": 2},
        {"channels": [64], "blocks": [3], "stride": 2},
    ],
}


@dataclass(slots=True)
class Memory:
    """A checkpoint store that forgets with the process."""

    content: bytes | None = field(default=None)

    def load(self) -> bytes | None:
        """Return the last checkpoint."""
        return self.content

    def save(self, checkpoint: bytes) -> None:
        """Keep a checkpoint."""
        self.content = checkpoint


def main() -> None:
    """Run the benchmark."""
    arguments = _parse_arguments()
    dataset = load_dataset("digits" if arguments.quick else "cifar10")
    recipe = Recipe(
        float_epochs=5 if arguments.quick else arguments.float_epochs,
        qat_epochs=2 if arguments.quick else arguments.qat_epochs,
        batch_size=arguments.batch_size,
        lr=arguments.lr,
        qat_lr=arguments.qat_lr,
        weight_decay=5e-4,
    )
    runs = [
        _run(dataset, recipe, bits, seed, arguments.device)
        for bits in arguments.bits
        for seed in range(arguments.seeds)
    ]
    write_report("recipes", _metrics(runs), runs, arguments.json)


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="digits, a few epochs")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--bits", type=int, nargs="+", default=[8, 4, 2])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--float-epochs", type=int, default=60)
    parser.add_argument("--qat-epochs", type=int, default=30)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--lr", type=float, default=0.1)
    parser.add_argument("--qat-lr", type=float, default=0.02)
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def _candidate(dataset: Dataset, bits: int) -> Candidate:
    facts = dataset.facts
    declared = {**RESNET20, "weight_bits": [bits], "activation_bits": [bits]}
    space = space_from_json(declared, input_shape=facts.input_shape, n_classes=facts.n_classes)
    return space.candidate({})


def _run(dataset: Dataset, recipe: Recipe, bits: int, seed: int, device: str) -> dict[str, Any]:
    candidate = _candidate(dataset, bits)
    started = time.monotonic()

    def report(progress: Progress) -> None:
        print(
            f"W{bits}A{bits} seed {seed} {progress.phase} {progress.epoch}/{progress.n_epochs}: "
            f"loss {progress.train_loss} validation {progress.accuracy} "
            f"after {time.monotonic() - started:.0f} s",
            flush=True,
        )

    result = run_trial(
        layers=candidate.layers,
        recipe=recipe,
        dataset=dataset,
        seed=seed,
        candidate_hash=candidate.hash,
        device=device,
        report=report,
        checkpoints=Memory(),
    )
    seconds = time.monotonic() - started
    correct, total = measure_artifact(result.artifact, dataset.test.images, dataset.test.labels)
    return {
        "recipe": f"lsq.w{bits}a{bits}",
        "seed": seed,
        "test_accuracy": correct / total,
        "predicted_size_bytes": cost_mapping(candidate.layers)["size_bytes"],
        "size_bytes": len(result.artifact),
        "seconds": seconds,
        "float_epochs": recipe.float_epochs,
        "qat_epochs": recipe.qat_epochs,
        **result.metrics,
    }


def _metrics(runs: list[dict[str, Any]]) -> dict[str, float]:
    metrics: dict[str, float] = {}
    for name in dict.fromkeys(run["recipe"] for run in runs):
        of_recipe = [run for run in runs if run["recipe"] == name]
        metrics[f"{name}.accuracy"] = _mean(of_recipe, "accuracy")
        metrics[f"{name}.test_accuracy"] = _mean(of_recipe, "test_accuracy")
        metrics[f"{name}.size_bytes"] = _mean(of_recipe, "size_bytes")
        metrics[f"{name}.seconds"] = _mean(of_recipe, "seconds")
    return metrics


def _mean(runs: list[dict[str, Any]], key: str) -> float:
    return float(sum(run[key] for run in runs) / len(runs))


if __name__ == "__main__":
    main()
