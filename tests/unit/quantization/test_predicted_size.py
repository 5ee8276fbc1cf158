"""The file is exactly as long as the search predicts, in every family and mode.

By default 100 candidates of each; ``BITPARETO_COUNT_CANDIDATES=2000`` takes that many.
"""

import os
from typing import Any

import numpy as np
import pytest

from quantization.artifact import (
    HEADER_BYTES,
    LOGIT_SCALE,
    RECORD_BYTES,
    Artifact,
    PackedLayer,
    write_artifact,
)
from quantization.grids import WIDE_BITS, grid
from search_space import costs
from search_space.layers import Layer, LayerList
from search_space.space import space_from_json
from tests.unit.search_space.conftest import DECLARED

WIDTHS = [1, 2, 3, 4, 5, 6, 7, 8, 32]
N_CANDIDATES = int(os.environ.get("BITPARETO_COUNT_CANDIDATES", "100"))
FAMILIES = ["mobilenetv2", "resnet", "dscnn", "vgg", "padded shortcuts"]


def packed(layers: LayerList, rng: np.random.Generator) -> Artifact:
    """A network of these layers with random integers, grids and zero points."""
    zero_points: list[int | None] = []
    records = []
    for layer in layers:
        records.append(_record(layer, layers, zero_points, rng))
        zero_points.append(records[-1].zero_point)
    return Artifact(
        candidate_hash="0" * 64,
        data_hash=bytes(16),
        seed=0,
        height=layers[0].out_height,
        width=layers[0].out_width,
        channels=layers[0].out_channels,
        n_classes=layers[-1].out_channels,
        code_version="test",
        layers=records,
    )


def _record(
    layer: Layer, layers: LayerList, zero_points: list[int | None], rng: np.random.Generator
) -> PackedLayer:
    n_out, kind = layer.out_channels, layer.kind
    keeps = kind in ("max_pool", "pad_channels")
    counts = {"add": 2, "global_avg_pool": 1, "max_pool": 0, "pad_channels": 0}
    n_biases = n_out if kind in ("input", "conv", "linear") else 0
    fields: dict[str, Any] = {}
    if kind in ("conv", "linear"):
        fields = _weights(layer, layers[layer.inputs[0]], rng)
    may_offset = not keeps and layer.activation == "none" and layer.activation_bits != WIDE_BITS
    if keeps:
        fields["zero_point"] = zero_points[layer.inputs[0]]
    elif may_offset and rng.random() < 0.5:
        fields["zero_point"] = int(rng.integers(0, 2**layer.activation_bits))
    windowed = kind in ("conv", "max_pool")
    return PackedLayer(
        kind=kind,
        out_channels=n_out,
        inputs=layer.inputs,
        activation=layer.activation,
        activation_bits=layer.activation_bits,
        kernel=layer.kernel if windowed else 1,
        stride=layer.stride if windowed or kind == "pad_channels" else 1,
        padding=layer.padding if windowed else (0, 0),
        groups=layer.groups if kind == "conv" else 1,
        output_scale=LOGIT_SCALE if layer is layers[-1] else 1.0,
        multipliers=rng.random(counts.get(kind, n_out)).astype(np.float16),
        biases=rng.integers(-99, 99, n_biases).astype(np.int16),
        **fields,
    )


def _weights(layer: Layer, source: Layer, rng: np.random.Generator) -> dict[str, Any]:
    shape: tuple[int, ...] = (source.out_channels * source.out_height * source.out_width,)
    if layer.kind == "conv":
        shape = (source.out_channels // layer.groups, layer.kernel, layer.kernel)
    odd = layer.weight_bits != WIDE_BITS and rng.random() < 0.5
    widths = layer.channel_weight_bits or (layer.weight_bits,) * layer.out_channels
    rows = []
    for width in widths:
        limits = grid(width, "odd" if odd else "signed")
        rows.append(rng.choice([limits.q_min, limits.q_max], shape))
    each = np.array(widths, dtype=np.uint8) if layer.channel_weight_bits else None
    return {
        "weight_bits": layer.weight_bits,
        "weights": np.stack(rows),
        "odd_weights": odd,
        "channel_bits": each,
    }


@pytest.mark.parametrize("bits_per", ["layer", "stage", "network", "channel"])
@pytest.mark.parametrize("name", FAMILIES)
def test_the_file_is_exactly_as_long_as_predicted(name: str, bits_per: str) -> None:
    declared = dict(DECLARED[name])
    declared |= {"bits_per": bits_per, "weight_bits": WIDTHS, "activation_bits": WIDTHS}
    if bits_per == "channel":
        declared["weight_bits"] = WIDTHS[:-1]
    space = space_from_json(declared, input_shape=(1, 8, 8), n_classes=10)
    rng = np.random.default_rng(1)
    mixed = 0
    for _ in range(N_CANDIDATES):
        layers = space.sample(rng).layers
        mixed += any(layer.channel_weight_bits for layer in layers)
        assert len(write_artifact(packed(layers, rng))) == costs.costs(layers).size_bytes
    assert (mixed > 0) == (bits_per == "channel")


def test_both_sides_have_the_same_constants() -> None:
    assert (HEADER_BYTES, RECORD_BYTES) == (costs.HEADER_BYTES, costs.RECORD_BYTES)
