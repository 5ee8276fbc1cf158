"""The integer runtime equals the same network computed another way, to the last integer."""

import dataclasses
import time
from fractions import Fraction
from math import floor
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from quantization.artifact import Artifact, PackedLayer, read_artifact, write_artifact
from quantization.integer_runtime import run
from tests.unit.quantization.packed_networks import NetworkMaker, every_kind, networks


def by_torch(artifact: Artifact, images: np.ndarray) -> np.ndarray:
    """Convolutions by torch in double precision, requantization in rational numbers."""
    tensors: list[torch.Tensor] = []
    signed: list[bool] = []
    for layer in artifact.layers:
        reads = [tensors[i] for i in layer.inputs]
        low = -(2 ** (layer.activation_bits - 1)) if layer.activation == "none" else 0
        if layer.kind in ("max_pool", "global_avg_pool") and not signed[layer.inputs[0]]:
            low = 0
        signed.append(low < 0)
        high = 2 ** (layer.activation_bits - (1 if low < 0 else 0)) - 1
        before, after = layer.padding
        pads = (before, after, before, after)
        if layer.kind == "max_pool":
            padded = torch.nn.functional.pad(reads[0], pads, value=-torch.inf)
            tensors.append(torch.nn.functional.max_pool2d(padded, layer.kernel, layer.stride))
            continue
        if layer.kind == "input":
            terms = [torch.from_numpy(images).double()]
        elif layer.kind == "conv":
            padded = torch.nn.functional.pad(reads[0], pads)
            weights = torch.from_numpy(np.asarray(layer.weights)).double()
            terms = [
                torch.nn.functional.conv2d(
                    padded, weights, stride=layer.stride, groups=layer.groups
                )
            ]
        elif layer.kind == "linear":
            weights = torch.from_numpy(np.asarray(layer.weights)).double()
            terms = [(reads[0].flatten(1) @ weights.T)[:, :, None, None]]
        elif layer.kind == "global_avg_pool":
            terms = [reads[0].sum(dim=(2, 3), keepdim=True)]
        else:
            terms = reads
        tensors.append(requantized(layer, terms, low, high))
    return tensors[-1].flatten(1).numpy().astype(np.int64)


def requantized(layer: PackedLayer, terms: list[torch.Tensor], low: int, high: int) -> torch.Tensor:
    """The formula of the format, one element at a time, without rounding anywhere."""
    channels = terms[0].shape[1]
    scale = Fraction(2) ** layer.scale_exponent
    multipliers = [Fraction(float(m)) * scale for m in layer.multipliers]
    unit = Fraction(2) ** layer.bias_exponent
    biases = [int(b) * unit for b in layer.biases] or [Fraction(0)] * channels
    out = torch.empty_like(terms[0])
    for n, c, h, w in np.ndindex(*terms[0].shape):
        if layer.kind == "add":
            factors = multipliers
        else:
            factors = [multipliers[c if len(multipliers) > 1 else 0]]
        sums = [int(term[n, c, h, w]) for term in terms]
        real = sum((s * m for s, m in zip(sums, factors, strict=True)), start=biases[c])
        out[n, c, h, w] = min(max(floor(real + Fraction(1, 2)), low), high)
    return out


def some_images(artifact: Artifact, count: int, seed: int = 0) -> np.ndarray:
    shape = (count, artifact.channels, artifact.height, artifact.width)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def test_every_kind_equals_torch() -> None:
    artifact = every_kind()
    images = some_images(artifact, 5)
    logits = run(artifact, images)
    assert logits.dtype == np.int32
    assert len(np.unique(logits)) > 5
    np.testing.assert_array_equal(logits, by_torch(artifact, images))


@settings(max_examples=25)
@given(artifact=networks(), seed=st.integers(0, 1000))
def test_any_network_equals_torch(artifact: Artifact, seed: int) -> None:
    images = some_images(artifact, 2, seed)
    np.testing.assert_array_equal(run(artifact, images), by_torch(artifact, images))


@settings(max_examples=10)
@given(networks())
def test_the_file_computes_what_its_source_computes(artifact: Artifact) -> None:
    images = some_images(artifact, 3)
    np.testing.assert_array_equal(
        run(read_artifact(write_artifact(artifact)), images), run(artifact, images)
    )


def test_sums_beyond_float32_stay_exact() -> None:
    """8 x 8 bits over a fan-in of 18432 exceeds 2**24, where float32 would lose units."""
    maker = NetworkMaker(0, channels=1, height=16, width=16)
    wide = maker.conv(0, 72, weight_bits=8, activation_bits=8)
    artifact = maker.logits(wide, 3)
    layers = list(artifact.layers)
    last = layers[-1]
    # units of the sum survive into the logits, and the largest sums are formed
    layers[-1] = dataclasses.replace(
        last,
        weights=127 - maker.rng.integers(0, 2, (3, 72 * 16 * 16)),
        multipliers=np.ones(3, dtype=np.float16),
        scale_exponent=0,
    )
    layers[1] = dataclasses.replace(
        layers[1], biases=np.full(72, 32000, dtype=np.int16), bias_exponent=-7
    )
    artifact = dataclasses.replace(artifact, layers=tuple(layers))
    images = some_images(artifact, 2)
    logits = run(artifact, images)
    assert logits.max() > 2**25
    assert (logits % 2).any()
    np.testing.assert_array_equal(logits, by_torch(artifact, images))


def test_batches_and_bands_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    artifact = every_kind(3)
    images = some_images(artifact, 300)
    logits = run(artifact, images)
    monkeypatch.setattr("quantization.integer_runtime._BATCH_ELEMENTS", 1 << 11)
    monkeypatch.setattr("quantization.integer_convolution._BAND_ELEMENTS", 1 << 7)
    np.testing.assert_array_equal(run(artifact, images), logits)
    np.testing.assert_array_equal(run(artifact, images[7:8]), logits[7:8])


def test_a_read_later_tensor_is_kept_and_an_unread_one_dropped() -> None:
    maker = NetworkMaker(1, channels=2, height=5, width=5)
    early = maker.conv(0, 3)
    middle = maker.conv(early, 3)
    maker.conv(middle, 4)  # nobody reads this one
    artifact = maker.logits(maker.add(early, middle), 3)
    images = some_images(artifact, 4)
    np.testing.assert_array_equal(run(artifact, images), by_torch(artifact, images))


def test_no_images_give_no_logits() -> None:
    artifact = every_kind()
    assert run(artifact, some_images(artifact, 0)).shape == (0, 5)


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((2, 3, 7, 6), dtype=np.float32),
        np.zeros((2, 3, 6, 7), dtype=np.uint8),
        np.zeros((3, 7, 6), dtype=np.uint8),
    ],
)
def test_images_that_do_not_fit_are_refused(images: np.ndarray[Any, Any]) -> None:
    with pytest.raises(ValueError, match="not uint8"):
        run(every_kind(), images)


def test_digits_take_well_under_a_second() -> None:
    maker = NetworkMaker(0, channels=1, height=8, width=8)
    last = maker.conv(0, 16)
    for _ in range(3):
        wide = maker.conv(last, 64, kernel=1, padding=(0, 0))
        deep = maker.conv(wide, 64, groups=64)
        narrow = maker.conv(deep, 16, kernel=1, padding=(0, 0), activation="none")
        last = maker.add(narrow, last)
    artifact = maker.logits(maker.global_avg_pool(last), 10)
    started = time.process_time()
    run(artifact, some_images(artifact, 360))
    assert time.process_time() - started < 2.0  # 0.1 s on an idle core; slack for a busy machine
