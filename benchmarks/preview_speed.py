"""Time to preview a space with 10,000 sampled candidates, on one core.

``python -m benchmarks.preview_speed [--quick] [--seeds N] [--json FILE]``

Every family as it is by default, on images of the digits' and of CIFAR-10's shape, with widths per
layer and per group of channels. Times are seconds of processor time for the whole preview: the
number of networks, the proven extremes of all exact costs, the costs of 10,000 candidates, and 20
samples.

- ``seconds.<family>.<side>.<bits_per>``: without budgets.
- ``seconds``: the slowest of these.
- ``seconds_tight.<...>``: with a budget a fifth above the smallest file.
- ``seconds_tight``: the slowest of these.
- ``uniformity.<share>``: on a space that can be listed, with a budget that leaves this share of it:
  total variation between the draws and the uniform distribution within budget, divided by that of
  as many independent uniform draws. 1 is as even as chance allows.
"""

import argparse
import statistics
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.report import write_report
from search_space.batch import batch_costs
from search_space.counting import all_places
from search_space.preview import preview
from search_space.sampling import draw_within
from search_space.space import Space, space_from_json

SHAPES: Final = ((1, 8, 8), (3, 32, 32))
DECLARED_FAMILIES: Final = ("mobilenetv2", "resnet", "dscnn", "vgg")
LISTED: Final[dict[str, Any]] = {
    "family": "resnet",
    "bits_per": "stage",
    "weight_bits": [2, 4, 8],
    "activation_bits": [4, 8],
    "stem_channels": [8, 12, 16],
    "stages": [
        {"channels": [8, 16, 24], "blocks": [1, 2, 3]},
        {"channels": [8, 16, 32], "blocks": [1, 2, 3], "stride": 2},
    ],
}
SHARES: Final = (0.2, 0.01, 0.003, 0.001)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the candidates")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    n = 1_000 if arguments.quick else 10_000
    runs = [_run(seed, n) for seed in range(arguments.seeds)]
    metrics = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
    for whole in ("seconds", "seconds_tight"):
        metrics[whole] = max(v for name, v in metrics.items() if name.startswith(f"{whole}."))
    write_report("preview_speed", metrics, runs, arguments.json)


def _run(seed: int, n: int) -> dict[str, float]:
    run: dict[str, float] = {}
    for family in DECLARED_FAMILIES:
        for shape in SHAPES:
            for bits_per in ("layer", "channel"):
                declared = {"family": family, "bits_per": bits_per}
                space = space_from_json(declared, input_shape=shape, n_classes=10)
                name = f"{family}.{shape[1]}.{bits_per}"
                began = time.process_time()
                free = preview(space, n=n, seed=seed)
                run[f"seconds.{name}"] = time.process_time() - began
                budgets = {"size_bytes": 1.2 * free.costs["size_bytes"].smallest}
                began = time.process_time()
                preview(space, budgets=budgets, n=n, seed=seed)
                run[f"seconds_tight.{name}"] = time.process_time() - began
    space = space_from_json(LISTED, input_shape=(1, 8, 8), n_classes=10)
    for share in SHARES:
        run[f"uniformity.{share}"] = _unevenness(space, share, seed)
    return run


def _unevenness(space: Space, share: float, seed: int) -> float:
    """Return the distance from the uniform distribution, relative to that of chance."""
    places = all_places(space)
    sizes = batch_costs(space, places)["size_bytes"]
    bound = float(np.quantile(sizes, share))
    n_within = int((sizes <= bound).sum())
    rng = np.random.default_rng(seed)
    counts: Counter[tuple[int, ...]] = Counter()
    for _ in range(10):
        drawn = draw_within(space, rng, {"size_bytes": bound}, 200)
        counts.update(map(tuple, drawn.places.tolist()))
    n = counts.total()
    even = rng.multinomial(n, np.full(n_within, 1 / n_within), size=20)
    chance = float(np.abs(even / n - 1 / n_within).sum(axis=1).mean())
    missed = n_within - len(counts)
    off = sum(abs(count / n - 1 / n_within) for count in counts.values()) + missed / n_within
    return off / chance


if __name__ == "__main__":
    main()
