"""Time of the integer runtime on the images of CIFAR-10's test set.

``python -m benchmarks.runtime_speed [--quick] [--seeds N] [--json FILE]``

The network is a ResNet-20 with shortcuts without parameters, weights and activations of 4 bits,
first and last layer 8, random weights; the images are random. Both runtimes get the same cores,
``OMP_NUM_THREADS`` of them.

- ``seconds_per_10000_images``: the integer runtime on the packed file, wall time.
- ``seconds_per_10000_images.torch_float``: the same network in torch, unquantized, float32,
  batches of 256.
- ``ratio``: the first over the second.
- ``cpu_seconds_per_10000_images`` and ``cpu_seconds_per_10000_images.torch_float``: time of all
  cores together, which other load of the machine disturbs less; ``cpu_ratio`` their ratio.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from benchmarks.report import write_report
from networks.build import build_network
from networks.export import pack
from quantization.artifact import read_artifact, write_artifact
from quantization.integer_runtime import run
from search_space.space import space_from_json

IMAGES: Final = 10_000
BATCH: Final = 256
SPACE: Final[dict[str, Any]] = {
    "family": "resnet",
    "shortcut": "pad",
    "stem_channels": [16],
    "stages": [
        {"channels": [16], "blocks": [3], "stride": 1},
        {"channels": [32], "blocks": [3], "stride": 2},
        {"channels": [64], "blocks": [3], "stride": 2},
    ],
    "weight_bits": [4],
    "activation_bits": [4],
}


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a twentieth of the images")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    threads = int(os.environ.get("OMP_NUM_THREADS", os.cpu_count() or 1))
    torch.set_num_threads(threads)
    n = IMAGES // 20 if arguments.quick else IMAGES
    runs = [_run(seed, n) for seed in range(arguments.seeds)]
    metrics = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
    write_report(
        "runtime_speed", {**metrics, "threads": threads, "images": n}, runs, arguments.json
    )


def _run(seed: int, n: int) -> dict[str, float]:
    images = np.random.default_rng(seed).integers(0, 256, (n, 3, 32, 32), dtype=np.uint8)
    layers = space_from_json(SPACE, input_shape=(3, 32, 32), n_classes=10).candidate({}).layers
    network = build_network(layers, mean=(0.5,) * 3, std=(0.25,) * 3, seed=seed).eval()
    network.initialise_quantizers(torch.from_numpy(images[:64]))
    packed = pack(
        network, candidate_hash="0" * 64, data_hash=bytes(16), seed=seed, code_version="benchmark"
    )
    artifact = read_artifact(write_artifact(packed))
    network.quantized = False

    @torch.no_grad()
    def in_torch() -> None:
        for batch in torch.from_numpy(images).split(BATCH):
            network(batch)

    run(artifact, images[:BATCH])
    network(torch.from_numpy(images[:BATCH]))
    wall, cpu = _times(lambda: run(artifact, images), IMAGES / n)
    torch_wall, torch_cpu = _times(in_torch, IMAGES / n)
    return {
        "seconds_per_10000_images": wall,
        "seconds_per_10000_images.torch_float": torch_wall,
        "ratio": wall / torch_wall,
        "cpu_seconds_per_10000_images": cpu,
        "cpu_seconds_per_10000_images.torch_float": torch_cpu,
        "cpu_ratio": cpu / torch_cpu,
    }


def _times(work: Callable[[], object], factor: float) -> tuple[float, float]:
    """Wall and processor time of one call, times ``factor``."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return factor * (time.perf_counter() - wall), factor * (time.process_time() - cpu)


if __name__ == "__main__":
    main()
