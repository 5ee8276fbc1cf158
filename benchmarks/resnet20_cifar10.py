"""ResNet-20 on CIFAR-10 from published float weights: post-training and fine-tuned quantization.

``python -m benchmarks.resnet20_cifar10 [--arms float ptq8 w4a4 ...] [--minutes 20] [--json FILE]``

Arms: ``float`` runs the published weights in our network; ``ptq8`` quantizes them to 8 bits after a
look at some training images; ``w4a4``, ``w3a3`` and ``w2a2`` are fine-tuned for ``--minutes`` each.
The accuracy of a quantized arm is that of its packed file on the 10,000 test images, run by the
integer runtime. ``--quick`` takes half a minute each and 1,000 test images. A finished arm is not
run again, a stopped one goes on: both are kept in ``--folder``.
"""

import argparse
import json
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import torch

from benchmarks.report import ROOT, write_report
from benchmarks.resnet20 import (
    PUBLISHED_FLOAT_ACCURACY,
    WIDE_SUM_BITS,
    pretrained_network,
    pretrained_path,
    resnet20,
)
from benchmarks.timed_training import Plan, fine_tune
from networks.export import pack
from networks.network import QuantizedNetwork
from networks.rounding import round_to_file
from quantization.artifact import read_artifact, write_artifact
from quantization.integer_runtime import run
from search_space.costs import costs
from search_space.identity import candidate_hash
from training.augmentation import AUGMENTATIONS
from training.batches import resident
from training.datasets import Dataset, Split, load_dataset
from training.evaluation import decisions

_QAT_BITS: Final = {"w4a4": 4, "w3a3": 3, "w2a2": 2}
ARMS: Final = ("float", "ptq8", *_QAT_BITS)
_WEIGHT_DECAY: Final = {4: 1e-4, 3: 1e-4, 2: 3e-5}
"""As APoT trains ResNet-20 (github.com/yhhhli/APoT_Quantization)."""

_LEARNING_RATE: Final = {4: 0.01, 3: 0.02, 2: 0.02}
_CALIBRATION_IMAGES: Final = 1024
_COMPARED_IMAGES: Final = 2000
_QUICK_IMAGES: Final = 1000
_QUICK_MINUTES: Final = 0.5

PUBLISHED: Final[Mapping[str, Mapping[str, float]]] = MappingProxyType(
    {
        "PACT, paper (as github.com/KwangHoonAn/PACT quotes its table 2)": {
            "w4a4": 0.908,
            "w3a3": 0.906,
            "w2a2": 0.889,
        },
        "PACT, rerun by github.com/KwangHoonAn/PACT": {
            "w4a4": 0.9089,
            "w3a3": 0.9009,
            "w2a2": 0.8707,
        },
        "APoT (not uniform), github.com/yhhhli/APoT_Quantization, from float 0.9296": {
            "w4a4": 0.9245,
            "w3a3": 0.9249,
            "w2a2": 0.9096,
        },
    }
)
"""Test accuracies after full training schedules of hundreds of epochs."""

CONVENTION: Final = (
    "first convolution: 8-bit pixels, 8-bit weights; last layer: 8-bit features, 8-bit weights; "
    f"all other convolutions at the arm's width; residual sums at {WIDE_SUM_BITS} bits"
)


def main() -> None:
    """Run the benchmark."""
    arguments = _parse_arguments()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    dataset = load_dataset("cifar10")
    test = dataset.test
    if arguments.quick:
        test = test.take(np.arange(_QUICK_IMAGES))
    runs = [_arm(arm, arguments, dataset, test) for arm in arguments.arms]
    metrics = {f"{row['arm']}.accuracy": row["accuracy"] for row in runs}
    metrics["float.published_accuracy"] = PUBLISHED_FLOAT_ACCURACY
    if {"float", "ptq8"} <= set(arguments.arms):
        metrics["ptq8.loss"] = metrics["float.accuracy"] - metrics["ptq8.accuracy"]
    for source, figures in PUBLISHED.items():
        runs.append({"published": source, **figures})
    write_report("resnet20_cifar10", metrics, runs, arguments.json)


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--arms", nargs="+", choices=ARMS, default=ARMS)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--minutes", type=float, default=20.0, help="of fine-tuning, each arm")
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--lr", type=float, help="peak learning rate [by width]")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--float32", action="store_true", help="no bfloat16 while training")
    parser.add_argument("--eager", action="store_true", help="no torch.compile")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, default=ROOT / "var" / "benchmarks" / "resnet20")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def _arm(arm: str, arguments: argparse.Namespace, dataset: Dataset, test: Split) -> dict[str, Any]:
    kept = arguments.folder / f"{arm}.json"
    settings = {
        "n_test": len(test),
        **{
            name: getattr(arguments, name)
            for name in ("minutes", "clock", "lr", "batch_size", "float32", "seed", "quick")
        },
    }
    if kept.exists():
        found: dict[str, Any] = json.loads(kept.read_text())
        if found["settings"] == settings or arm in ("float", "ptq8"):
            _say(arm, "is done already")
            return found
    _say(arm, "starts")
    device = torch.device(arguments.device)
    if arm == "float":
        row = _float(device, test)
    elif arm == "ptq8":
        row = _post_training(device, dataset, test, arguments)
    else:
        row = _fine_tuned(arm, device, dataset, test, arguments)
    row = {"arm": arm, **row, "settings": settings}
    kept.write_text(json.dumps(row, indent=2) + "\n")
    _say(arm, f"ends at {row['accuracy']:.4f}")
    return row


def _float(device: torch.device, test: Split) -> dict[str, Any]:
    network = pretrained_network(resnet20(8), pretrained_path()).to(device)
    right = _decide(network, test, device) == test.labels
    return {"accuracy": float(right.mean()), "n_correct": int(right.sum())}


def _post_training(
    device: torch.device, dataset: Dataset, test: Split, arguments: argparse.Namespace
) -> dict[str, Any]:
    network = pretrained_network(resnet20(8), pretrained_path()).to(device)
    train = resident(dataset.train, device, _CALIBRATION_IMAGES)
    network.initialise_quantizers(train.images)
    network.quantized = True
    measured = _measure("ptq8", network, dataset, test, arguments)
    return {"calibration_images": len(train), **measured}


def _fine_tuned(
    arm: str,
    device: torch.device,
    dataset: Dataset,
    test: Split,
    arguments: argparse.Namespace,
) -> dict[str, Any]:
    bits = _QAT_BITS[arm]
    network = pretrained_network(resnet20(bits), pretrained_path()).to(device)
    train = resident(_all_training_images(dataset), device)
    network.initialise_quantizers(train.images[:_CALIBRATION_IMAGES])
    plan = Plan(
        minutes=_QUICK_MINUTES if arguments.quick else arguments.minutes,
        clock=arguments.clock,
        lr=arguments.lr or _LEARNING_RATE[bits],
        weight_decay=_WEIGHT_DECAY[bits],
        batch_size=arguments.batch_size,
        augmentation=AUGMENTATIONS["cifar10"],
        bfloat16=not arguments.float32,
        compiled=not arguments.eager,
        seed=arguments.seed,
    )
    checkpoint = arguments.folder / f"{arm}.pt"
    spent = fine_tune(network, train, plan, checkpoint, lambda line: _say(arm, line))
    return {
        "epochs": spent.images / len(train),
        "fine_tuning_wall_s": spent.wall_s,
        "fine_tuning_cpu_s": spent.cpu_s,
        "threads": torch.get_num_threads(),
        "plan": asdict(plan),
        "convention": CONVENTION,
        **_measure(arm, network, dataset, test, arguments),
    }


def _all_training_images(dataset: Dataset) -> Split:
    """Train and validation together: the 50,000 images that published figures are trained on."""
    parts = (dataset.train, dataset.validation)
    return Split(
        images=np.concatenate([part.images for part in parts]),
        labels=np.concatenate([part.labels for part in parts]),
    )


def _measure(
    arm: str,
    network: QuantizedNetwork,
    dataset: Dataset,
    test: Split,
    arguments: argparse.Namespace,
) -> dict[str, Any]:
    """Round, pack, write the file, and run it on the test images."""
    device = next(network.parameters()).device
    as_trained = _decide(network, test, device)
    round_to_file(network.double())
    artifact = pack(
        network,
        candidate_hash=candidate_hash(network.layers),
        data_hash=dataset.data_hash,
        seed=arguments.seed,
        code_version="benchmark",
    )
    data = write_artifact(artifact)
    (arguments.folder / f"{arm}.bpar").write_bytes(data)
    started, started_cpu = time.monotonic(), time.process_time()
    decided = run(read_artifact(data), test.images).argmax(axis=1)
    seconds, cpu_s = time.monotonic() - started, time.process_time() - started_cpu
    compared = test.take(np.arange(min(len(test), _COMPARED_IMAGES)))
    fake = _decide(network, compared, device)  # in double precision: tens of milliseconds each
    right = decided == test.labels
    return {
        "accuracy": float(right.mean()),
        "n_correct": int(right.sum()),
        "accuracy_before_rounding": float((as_trained == test.labels).mean()),
        "agreement_before_rounding": float((as_trained == decided).mean()),
        "decision_agreement": float((fake == decided[: len(fake)]).mean()),
        "n_compared": len(fake),
        "size_bytes": len(data),
        "predicted_size_bytes": costs(network.layers).size_bytes,
        "runtime_wall_s": seconds,
        "runtime_cpu_s": cpu_s,
    }


def _decide(
    network: QuantizedNetwork, test: Split, device: torch.device
) -> np.ndarray[Any, np.dtype[np.int64]]:
    return decisions(network, resident(test, device)).cpu().numpy()


def _say(arm: str, line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {arm}: {line}", flush=True)


if __name__ == "__main__":
    main()
