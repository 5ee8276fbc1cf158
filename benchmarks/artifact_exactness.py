"""Packed files of random candidates: predicted against real size, decisions, reloading; and peers.

``python -m benchmarks.artifact_exactness [--quick] [--candidates 500] [--seed 0] [--json FILE]``

Candidates of every family, in every mode of widths and with every quantizer, are trained for a
moment on the digits (two epochs in float, one with quantizers, so that decisions mean something),
rounded to the numbers a file holds, packed, and run on all 1,797 images by the integer runtime and,
in double precision, by the fake-quantized network. ``agreement_before_rounding`` compares with the
network before that last step of training. A sample of them is also exported by other tools; their
files are in the same table.
"""

import argparse
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import torch

from benchmarks.peer_exports import EXPORTS
from benchmarks.report import write_report
from networks.build import build_network
from networks.export import pack
from networks.network import QuantizedNetwork
from networks.rounding import round_to_file
from quantization.artifact import Artifact, read_artifact, write_artifact
from quantization.errors import FixedPointError
from quantization.integer_runtime import run
from quantization.registry import QUANTIZERS
from search.errors import DivergedError
from search_space.costs import costs, float_size_bytes, mean_weight_bits
from search_space.space import Candidate, space_from_json
from training.augmentation import Augmentation
from training.batch_norm import reestimate_batch_norm
from training.batches import Resident, epoch_generator
from training.datasets import Dataset, load_dataset
from training.evaluation import decisions
from training.loop import Phase, train_epoch
from training.optimizers import make_optimizer

FAMILIES: Final = ("mobilenetv2", "resnet", "dscnn", "vgg")
_NARROW: Final = [1, 2, 3, 4, 5, 6, 7, 8]
MODES: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        **{f"{bits} bits": {"weight_bits": [bits], "activation_bits": [bits]} for bits in _NARROW},
        "32 bits": {"weight_bits": [32], "activation_bits": [32]},
        "per layer": {"weight_bits": [*_NARROW, 32], "activation_bits": [*_NARROW, 32]},
        "per stage": {"weight_bits": _NARROW, "activation_bits": _NARROW, "bits_per": "stage"},
        "per channel": {
            "weight_bits": _NARROW,
            "activation_bits": [2, 4, 8],
            "bits_per": "channel",
            "channel_groups": "all",
        },
        "everything searched": {
            "weight_bits": _NARROW,
            "activation_bits": _NARROW,
            "first_layer_bits": "searched",
            "last_layer_bits": "searched",
        },
    }
)
_QUICK_CANDIDATES: Final = 2 * len(MODES)
_PEER_CANDIDATES: Final = 8
_MOST_DRAWS: Final = 1000
_FLOAT_EPOCHS: Final = 2
_BATCH: Final = 32
_CALIBRATION_IMAGES: Final = 256
_RATE: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One network of the benchmark, everything it takes to make it again."""

    number: int
    family: str
    mode: str
    quantizer: str
    granularity: str
    candidate: Candidate


def main() -> None:
    """Run the benchmark."""
    arguments = _parse_arguments()
    dataset = load_dataset("digits")
    n = _QUICK_CANDIDATES if arguments.quick else arguments.candidates
    rows: list[dict[str, Any]] = []
    diverged: list[int] = []
    exported_at = {round(i * n / _PEER_CANDIDATES) for i in range(_PEER_CANDIDATES)}
    for case in cases(2 * n, arguments.seed, dataset):
        try:
            row = examine(case, dataset, with_peers=len(rows) in exported_at)
        except (FixedPointError, DivergedError) as error:
            # a trial ends as ``diverged`` here: there is no file to look at
            diverged.append(case.number)
            print(f"{case.number} {case.family}, {case.mode}, {case.quantizer}: {error}")
            continue
        rows.append(row)
        print(
            f"{len(rows)}/{n} {case.family}, {case.mode}, {case.quantizer}: "
            f"{row['size_bytes']} bytes, off by {row['prediction_error_bytes']}; agreement "
            f"{row['decision_agreement']:.4%}, accuracy {row['accuracy']:.3f}",
            flush=True,
        )
        if len(rows) == n:
            break
    metrics = {**summarise(rows), "diverged": float(len(diverged))}
    write_report("artifact_exactness", metrics, rows, arguments.json)


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help=f"{_QUICK_CANDIDATES} candidates")
    parser.add_argument("--candidates", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def cases(n: int, seed: int, dataset: Dataset) -> Iterator[Case]:
    """Yield distinct candidates; families, modes and quantizers take turns of coprime lengths."""
    rng = np.random.default_rng(seed)
    facts = dataset.facts
    modes, quantizers = list(MODES), list(QUANTIZERS)
    seen: set[str] = set()
    for number in range(n):
        family, mode = FAMILIES[number % len(FAMILIES)], modes[number % len(modes)]
        space = space_from_json(
            {"family": family, **MODES[mode]},
            input_shape=facts.input_shape,
            n_classes=facts.n_classes,
        )
        drawn = (space.sample(rng) for _ in range(_MOST_DRAWS))
        candidate = next(candidate for candidate in drawn if candidate.hash not in seen)
        seen.add(candidate.hash)
        yield Case(
            number=number,
            family=family,
            mode=mode,
            quantizer=quantizers[number % len(quantizers)],
            granularity=("per_channel", "per_tensor")[number // len(quantizers) % 2],
            candidate=candidate,
        )


def examine(case: Case, dataset: Dataset, *, with_peers: bool) -> dict[str, Any]:
    """Train, round, pack and run one network; returns its row of the report."""
    started = time.process_time()
    network = _trained(case, dataset)
    layers = case.candidate.layers
    images, labels = _everything(dataset)
    everything = Resident(images=torch.from_numpy(images), labels=torch.from_numpy(labels))
    as_trained = decisions(network, everything).numpy()
    round_to_file(network.double())
    artifact = pack(
        network,
        candidate_hash=case.candidate.hash,
        data_hash=dataset.data_hash,
        seed=case.number,
        code_version="benchmark",
    )
    data = write_artifact(artifact)
    packed = run(read_artifact(data), images).argmax(axis=1)
    fake = decisions(network, everything).numpy()
    row = {
        "number": case.number,
        "family": case.family,
        "mode": case.mode,
        "quantizer": case.quantizer,
        "granularity": case.granularity,
        "candidate_hash": case.candidate.hash,
        "mean_weight_bits": mean_weight_bits(layers),
        "size_bytes": len(data),
        "prediction_error_bytes": abs(len(data) - costs(layers).size_bytes),
        "float_size_bytes": float_size_bytes(layers),
        "n_images": len(labels),
        "n_decided_otherwise": int((packed != fake).sum()),
        "decision_agreement": float((packed == fake).mean()),
        "agreement_before_rounding": float((packed == as_trained).mean()),
        "accuracy": float((packed == labels).mean()),
        "accuracy_before_rounding": float((as_trained == labels).mean()),
        "reload_differs": int(not _reloads(artifact, data, images[:64])),
        "cpu_s": time.process_time() - started,
    }
    if with_peers:
        sample = torch.from_numpy(images[:_CALIBRATION_IMAGES])
        network.float()
        row["peers"] = {name: export(network, sample) for name, export in EXPORTS.items()}
    return row


def _trained(case: Case, dataset: Dataset) -> QuantizedNetwork:
    network = build_network(
        case.candidate.layers,
        mean=dataset.facts.mean,
        std=dataset.facts.std,
        seed=case.number,
        weight_granularity=case.granularity,
        quantizer=case.quantizer,
    )
    train = Resident(
        images=torch.from_numpy(dataset.train.images),
        labels=torch.from_numpy(dataset.train.labels),
    )
    for index, (name, n_epochs, rate) in enumerate(
        (("float", _FLOAT_EPOCHS, _RATE), ("qat", 1, _RATE / 4))
    ):
        phase = Phase(name=name, index=index, n_epochs=n_epochs, lr=rate)
        if name == "qat":
            network.initialise_quantizers(train.images[:_CALIBRATION_IMAGES])
            network.quantized = True
        optimizer = make_optimizer(network, weight_decay=1e-4)
        for epoch in range(n_epochs):
            train_epoch(
                network,
                optimizer,
                train,
                phase=phase,
                epoch=epoch,
                batch_size=_BATCH,
                augmentation=Augmentation(),
                seed=case.number,
            )
    chance = epoch_generator(case.number, 2, 0)
    reestimate_batch_norm(network, train, _BATCH, Augmentation(), chance)
    return network


def _reloads(artifact: Artifact, data: bytes, images: np.ndarray[Any, Any]) -> bool:
    """Whether the file read again is the same file and computes what was written."""
    again = read_artifact(data)
    same_file = write_artifact(again) == data
    return same_file and bool(np.array_equal(run(again, images), run(artifact, images)))


def _everything(dataset: Dataset) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    splits = (dataset.train, dataset.validation, dataset.test)
    images = np.concatenate([split.images for split in splits])
    return images, np.concatenate([split.labels for split in splits])


def summarise(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Return the metrics of all rows."""
    n_images = sum(row["n_images"] for row in rows)
    agreements = np.array([row["decision_agreement"] for row in rows])
    metrics = {
        "candidates": float(len(rows)),
        "max_prediction_error_bytes": float(max(row["prediction_error_bytes"] for row in rows)),
        "min_decision_agreement": float(agreements.min()),
        "decision_agreement": 1 - sum(row["n_decided_otherwise"] for row in rows) / n_images,
        "mean_agreement_before_rounding": _mean(rows, "agreement_before_rounding"),
        "min_agreement_before_rounding": min(row["agreement_before_rounding"] for row in rows),
        "mean_accuracy_before_rounding": _mean(rows, "accuracy_before_rounding"),
        "candidates_below_999_per_mille": float((agreements < 0.999).sum()),
        "reloads_that_differ": float(sum(row["reload_differs"] for row in rows)),
        "mean_accuracy": _mean(rows, "accuracy"),
        "cpu_s": sum(row["cpu_s"] for row in rows),
    }
    exported = [row for row in rows if "peers" in row]
    for name in EXPORTS:
        sizes = [
            (row["peers"][name], row["size_bytes"])
            for row in exported
            if isinstance(row["peers"][name], int)
        ]
        if sizes:
            ratios = [theirs / ours for theirs, ours in sizes]
            metrics[f"size_over_ours.{name}"] = float(np.exp(np.mean(np.log(ratios))))
    return metrics


def _mean(rows: list[dict[str, Any]], key: str) -> float:
    return float(np.mean([row[key] for row in rows]))


if __name__ == "__main__":
    main()
