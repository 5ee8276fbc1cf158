"""The fitted profile against the table it was fitted to."""

import csv
import gzip
import os
from pathlib import Path

import numpy as np
import pytest

from search_space.hardware.estimate import layer_estimates
from search_space.hardware.reader import read_profile
from search_space.hardware.shipped import shipped_profiles
from search_space.layers import Layer, LayerList

FOLDER = Path(os.environ.get("BITPARETO_DATA_DIR") or "../shared/data")
TABLE = FOLDER / "tables" / "apq-bitfusion-lut.csv.gz"


def shape_of(row: dict[str, str]) -> tuple[int, ...]:
    return tuple(int(row[n]) for n in ("cin", "cout", "hw", "k", "stride", "pad", "groups"))


def as_layers(row: dict[str, str]) -> LayerList:
    cin, cout, side, kernel, stride, pad, groups, w_bits, a_bits = (
        int(row[name])
        for name in ("cin", "cout", "hw", "k", "stride", "pad", "groups", "w_bits", "a_bits")
    )
    out = (side + 2 * pad - kernel) // stride + 1
    return (
        Layer(
            name="input",
            kind="input",
            inputs=(),
            out_channels=cin,
            out_height=side,
            out_width=side,
            activation_bits=a_bits,
        ),
        Layer(
            name="layer",
            kind="conv",
            inputs=(0,),
            out_channels=cout,
            out_height=out,
            out_width=out,
            kernel=kernel,
            stride=stride,
            padding=(pad, pad),
            groups=groups,
            weight_bits=w_bits,
            activation_bits=a_bits,
        ),
    )


@pytest.mark.skipif(not TABLE.exists(), reason=f"needs {TABLE.name} in BITPARETO_DATA_DIR")
def test_the_error_is_the_one_that_is_stated() -> None:
    profile = read_profile(shipped_profiles()["bitfusion"])
    with gzip.open(TABLE, "rt", newline="") as text:
        rows = [*csv.DictReader(text)]
    shapes = sorted({shape_of(row) for row in rows})
    order = np.random.default_rng(0).permutation(len(shapes))
    held_out = {shapes[i] for i in order[: len(shapes) // 5]}
    time_errors, energy_errors = [], []
    for row in rows:
        if shape_of(row) in held_out:
            (found,) = layer_estimates(as_layers(row), profile)
            time_errors.append(abs(found.time_ms / float(row["latency"]) - 1))
            energy_errors.append(abs(found.energy_uj / 1e3 / float(row["energy"]) - 1))
    measured = [
        f"{100 * np.quantile(errors, q):.1f} %"
        for errors in (time_errors, energy_errors)
        for q in (0.5, 0.95)
    ]
    said = " ".join(profile.description.split())
    time, energy = measured[:2], measured[2:]
    assert f"latency median {time[0]}, 95th percentile {time[1]}" in said
    assert f"energy median {energy[0]}, 95th percentile {energy[1]}" in said
    assert f"the {len(time_errors)} layers of {len(held_out)} shapes" in said
