"""Time to cost a candidate of a network of 20 weighted layers, on one core.

``python -m benchmarks.cost_speed [--quick] [--seeds N] [--json FILE]``

The candidates are ResNet-20-shaped (one convolution, nine blocks of two, a classifier; shortcuts
without parameters) with searched channels and a width per layer, on images of CIFAR-10's shape.
All exact costs are computed: the file's size, multiply-accumulates, bit operations, and the peak of
activation memory.

- ``us_per_candidate``: many assignments at once, ``search_space.batch.batch_costs``.
- ``us_per_candidate.channel``: the same with widths per group of four channels.
- ``us_per_candidate.one_by_one``: candidate and layer list made, then ``cost_mapping``.
- ``us_per_candidate.layer_list``: ``cost_mapping`` of layer lists that exist already.
- ``us_per_candidate.build_and_count``: the torch network built and counted by torch's
  ``FlopCounterMode`` on a forward pass, the usual way; it yields neither bytes nor memory.
- ``speedup_vs_build_and_count``: that over ``us_per_candidate``.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.report import write_report
from networks.build import build_network
from search_space.batch import batch_costs
from search_space.costs import cost_mapping
from search_space.space import Candidate, Space, space_from_json

INPUT_SHAPE: Final = (3, 32, 32)
DECLARED: Final[dict[str, Any]] = {
    "family": "resnet",
    "shortcut": "pad",
    "stem_channels": [8, 12, 16],
    "stages": [
        {"channels": [16, 20, 24], "blocks": [3]},
        {"channels": [24, 32, 40], "blocks": [3], "stride": 2},
        {"channels": [40, 48, 64], "blocks": [3], "stride": 2},
    ],
}


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the candidates")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    n = 1_000 if arguments.quick else 10_000
    runs = [_run(seed, n) for seed in range(arguments.seeds)]
    names = [name for name in runs[0] if name.startswith("us_")]
    metrics = {name: statistics.median(run[name] for run in runs) for name in names}
    metrics["speedup_vs_build_and_count"] = (
        metrics["us_per_candidate.build_and_count"] / metrics["us_per_candidate"]
    )
    write_report("cost_speed", metrics, runs, arguments.json)


def _run(seed: int, n: int) -> dict[str, float]:
    space = _space()
    by_channel = _space(bits_per="channel", weight_bits=[2, 3, 4, 6, 8])
    rng = np.random.default_rng(seed)
    places = space.sample_places(rng, n)
    channel_places = by_channel.sample_places(rng, n)
    few = places[: n // 20]
    candidates = [space.at_places(row) for row in few]
    _check(space, candidates, few)
    counted = candidates[: max(1, n // 500)]
    _build_and_count(counted[0])  # torch's first call is slow
    return {
        "seed": seed,
        "candidates": n,
        "weighted_layers": sum(layer.weight_bits > 0 for layer in candidates[0].layers),
        "us_per_candidate": _time(lambda: batch_costs(space, places), n),
        "us_per_candidate.channel": _time(lambda: batch_costs(by_channel, channel_places), n),
        "us_per_candidate.one_by_one": _time(
            lambda: [cost_mapping(space.at_places(row).layers) for row in few], len(few)
        ),
        "us_per_candidate.layer_list": _time(
            lambda: [cost_mapping(candidate.layers) for candidate in candidates], len(candidates)
        ),
        "us_per_candidate.build_and_count": _time(
            lambda: [_build_and_count(candidate) for candidate in counted], len(counted)
        ),
    }


def _space(**changed: Any) -> Space:
    return space_from_json(DECLARED | changed, input_shape=INPUT_SHAPE, n_classes=10)


def _check(space: Space, candidates: list[Candidate], places: Any) -> None:
    """Make sure that both ways yield the same numbers."""
    together = batch_costs(space, places)
    for i, candidate in enumerate(candidates):
        one = cost_mapping(candidate.layers)
        if one != {name: int(values[i]) for name, values in together.items()}:
            raise AssertionError(f"costs of candidate {i} differ")


@torch.no_grad()
def _build_and_count(candidate: Candidate) -> tuple[int, int]:
    network = build_network(candidate.layers, mean=[0.5] * 3, std=[0.25] * 3, seed=0).eval()
    with FlopCounterMode(display=False) as counter:
        network(torch.zeros(1, *INPUT_SHAPE))
    parameters = sum(parameter.numel() for parameter in network.parameters())
    return parameters, counter.get_total_flops() // 2


def _time(work: Callable[[], object], n: int) -> float:
    """Return microseconds of processor time per candidate."""
    started = time.process_time()
    work()
    return (time.process_time() - started) / n * 1e6


if __name__ == "__main__":
    main()
