"""Fits the profile ``bitfusion`` to measured layers and writes it with its error.

The table has, for each layer of MobileNets and each pair of widths, the latency and the energy that
the simulator of [Sharma2018] gives; it was published with [Wang2020]. For each kind of layer and
each pair, five rates of at least zero are fitted to four in five of the shapes, so that the mean
relative error is least. The error that is reported is on the other shapes.

Usage: python scripts/fit_bitfusion.py TABLE.csv.gz > search_space/hardware/profiles/bitfusion.yaml

Sources:
    [Sharma2018] H. Sharma et al., "Bit Fusion: bit-level dynamically composable architecture for
    accelerating deep neural networks", ISCA 2018, arXiv:1712.01507.
    [Wang2020] T. Wang et al., "APQ: joint search for network architecture, pruning and quantization
    policy", CVPR 2020, arXiv:2006.08509.
"""

import csv
import gzip
import sys
import textwrap
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import nnls

Floats = npt.NDArray[np.float64]
Shape = tuple[int, ...]

TERMS: Final = ("mac", "weight_byte", "input_byte", "output_byte", "layer")
UNITS: Final = {"time": 1e6, "energy": 1e9}
"""Nanoseconds of the table's milliseconds; picojoules of a millijoule, as which its energies,
of unstated unit, are read."""
HELD_OUT: Final = 5
"""One in so many shapes."""
ROUNDS: Final = 50
SMALL: Final = 1e-3
"""Relative error below which all are alike to the weights."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One measured layer.

    Attributes:
        group: Kind and pair.
        amounts: Of each of ``TERMS``.
        costs: Nanoseconds and picojoules.
    """

    shape: Shape
    group: tuple[str, int, int]
    amounts: tuple[float, ...]
    costs: dict[str, float]


def read_table(path: Path) -> list[Row]:
    """Read the table."""
    with gzip.open(path, "rt", newline="") as text:
        return [_row(cells) for cells in csv.DictReader(text)]


def _row(cells: dict[str, str]) -> Row:
    shape = tuple(
        int(cells[name]) for name in ("cin", "cout", "hw", "k", "stride", "pad", "groups")
    )
    cin, cout, side, kernel, stride, pad, groups = shape
    w_bits, a_bits = int(cells["w_bits"]), int(cells["a_bits"])
    out_side = (side + 2 * pad - kernel) // stride + 1
    weights = cin // groups * cout * kernel * kernel
    amounts = (
        weights * out_side**2,
        weights * w_bits / 8,
        cin * side**2 * a_bits / 8,
        cout * out_side**2 * a_bits / 8,
        1,
    )
    costs = {
        "time": float(cells["latency"]) * UNITS["time"],
        "energy": float(cells["energy"]) * UNITS["energy"],
    }
    kind = "depthwise" if groups > 1 else "pointwise"
    return Row(shape=shape, group=(kind, w_bits, a_bits), amounts=amounts, costs=costs)


def held_out_shapes(rows: list[Row]) -> set[Shape]:
    """Return the shapes whose rows are not fitted to."""
    shapes = sorted({row.shape for row in rows})
    order = np.random.default_rng(0).permutation(len(shapes))
    return {shapes[i] for i in order[: len(shapes) // HELD_OUT]}


def fit(amounts: Floats, costs: Floats) -> Floats:
    """Return rates of at least zero with the least mean relative error, ``(n_terms,)``.

    Least absolute errors by least squares whose weights follow the errors of the round before.

    Args:
        amounts: ``(n, n_terms)``.
        costs: ``(n,)``.
    """
    relative = amounts / costs[:, None]
    scale = relative.max(axis=0)
    weights = np.ones(len(costs))
    rates = np.zeros(len(scale))
    for _ in range(ROUNDS):
        rates = nnls(relative / scale * weights[:, None], weights)[0] / scale
        weights = 1 / np.sqrt(np.maximum(np.abs(relative @ rates - 1), SMALL))
    return rates


def main(path: Path) -> None:
    """Fit and print the profile."""
    rows = read_table(path)
    held_out = held_out_shapes(rows)
    groups: dict[tuple[str, int, int], list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.group].append(row)
    rates: dict[tuple[str, int, int], dict[str, str]] = {}
    errors: dict[str, list[float]] = {cost: [] for cost in UNITS}
    for group, members in sorted(
        groups.items(), key=lambda item: (item[0][0] != "pointwise", item)
    ):
        amounts = np.array([row.amounts for row in members])
        out = np.array([row.shape in held_out for row in members])
        rates[group] = {}
        for cost in UNITS:
            costs = np.array([row.costs[cost] for row in members])
            # as written, so that the error is that of the file
            shown = [f"{rate:.5g}" for rate in fit(amounts[~out], costs[~out])]
            written = np.array([float(text) for text in shown])
            errors[cost] += np.abs(amounts[out] @ written / costs[out] - 1).tolist()
            terms = [f"{t}: {text}" for t, text in zip(TERMS, shown, strict=True) if float(text)]
            rates[group][cost] = f"{{{', '.join(terms)}}}"
    median, high = (
        {cost: f"{100 * np.quantile(values, q):.1f} %" for cost, values in errors.items()}
        for q in (0.5, 0.95)
    )
    text = f"""BitFusion, an accelerator of composable 2-bit multipliers (arXiv:1712.01507), at
        widths of 4, 6 and 8 bits. Fitted by scripts/fit_bitfusion.py to {len(rows)} simulated
        layers of {len({row.shape for row in rows})} shapes, published with APQ (arXiv:2006.08509).
        Relative error on the {len(errors["time"])} layers of {len(held_out)} shapes that were not
        fitted to: latency median {median["time"]}, 95th percentile {high["time"]}; energy median
        {median["energy"]}, 95th percentile {high["energy"]}. The unit of the energies is not stated
        by their source; they are read as millijoules, so trust their ratios alone. Only 1x1 and
        depthwise convolutions were simulated: other convolutions and linear layers are taken to
        cost what a 1x1 convolution with as many multiply-accumulates and bytes does; sums and
        pooling cost nothing."""
    lines = [
        "schema: 1",
        "name: bitfusion",
        "description: |",
        *(f"  {line}" for line in textwrap.wrap(" ".join(text.split()), 96)),
        "cost:",
        "  model: per_mac",
        "  time_unit: ns",
        "  energy_unit: pJ",
        "  rates:",
    ]
    for (kind, w_bits, a_bits), terms in rates.items():
        kinds = "[depthwise]" if kind == "depthwise" else "[conv, pointwise, linear]"
        lines += [f"    - kinds: {kinds}", f"      bits: [{w_bits}, {a_bits}]"]
        lines += [f"      {cost}: {shown}" for cost, shown in terms.items()]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
