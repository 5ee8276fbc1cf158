"""The integer runtime equals the same network computed another way, to the last integer."""

import dataclasses
import hashlib
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantization.artifact import Artifact, PackedLayer, read_artifact, write_artifact
from quantization.integer_convolution import convolve, largest_sum
from quantization.integer_runtime import run
from quantization.tensor_spec import TensorSpec
from tests.unit.quantization.packed_networks import (
    NetworkMaker,
    every_kind,
    every_mode,
    networks,
)
from tests.unit.quantization.plain_reader import PlainNetwork


def in_plain_python(data: bytes, images: np.ndarray) -> np.ndarray:
    """Logits by the reader that is written from the documentation."""
    network = PlainNetwork(data)
    return np.array([network.logits(image) for image in images.tolist()], dtype=np.int64)


def some_images(artifact: Artifact, count: int, seed: int = 0) -> np.ndarray:
    shape = (count, artifact.channels, artifact.height, artifact.width)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize("artifact", [every_kind(), every_mode()])
def test_every_kind_and_mode_equals_plain_python(artifact: Artifact) -> None:
    images = some_images(artifact, 8)
    data = write_artifact(artifact)
    logits = run(read_artifact(data), images)
    assert logits.dtype == np.int32
    assert len(np.unique(logits)) > 5
    np.testing.assert_array_equal(logits, in_plain_python(data, images))
    np.testing.assert_array_equal(run(artifact, images), logits)


@settings(max_examples=60)
@given(artifact=networks(), seed=st.integers(0, 1000))
def test_the_file_of_any_network_computes_what_the_documentation_says(
    artifact: Artifact, seed: int
) -> None:
    images = some_images(artifact, 2, seed)
    data = write_artifact(artifact)
    logits = run(read_artifact(data), images)
    np.testing.assert_array_equal(logits, in_plain_python(data, images))
    np.testing.assert_array_equal(run(artifact, images), logits)


@settings(max_examples=40)
@given(
    out_channels=st.integers(1, 4),
    fan=st.integers(1, 3),
    groups=st.integers(1, 3),
    weight_size=st.sampled_from([3, 255, 2**19 - 1]),
    input_size=st.sampled_from([1, 255, 2**19 - 1]),
    stride=st.integers(1, 2),
    seed=st.integers(0, 1000),
)
def test_sums_of_every_path_equal_loops_of_integers(
    out_channels: int,
    fan: int,
    groups: int,
    weight_size: int,
    input_size: int,
    stride: int,
    seed: int,
) -> None:
    """Single and double precision, dense, grouped and depthwise, at the extremes of both grids."""
    rng = np.random.default_rng(seed)
    shape = (groups * fan, 4, 5)
    x = rng.choice([-input_size, input_size, input_size - 1], (*shape, 3))
    weights = rng.choice(
        [-weight_size, weight_size, weight_size - 1], (groups * out_channels, fan, 2, 2)
    )
    layer = PackedLayer(
        kind="conv",
        out_channels=groups * out_channels,
        kernel=2,
        stride=stride,
        groups=groups,
        weight_bits=32,
        weights=weights,
        output_scale=1.0,
    )
    height, width = (4 - 2) // stride + 1, (5 - 2) // stride + 1
    reads = TensorSpec(channels=shape[0], height=4, width=5, bits=32, signed=True)
    output = reads.reshaped(layer.out_channels, height, width)
    seen = []
    largest = largest_sum(weights, input_size)

    def finish(sums: np.ndarray) -> np.ndarray:
        seen.append(sums.astype(np.int64))
        return np.zeros(sums.shape)

    convolve(x.astype(np.float32), layer, reads, output, finish)
    expected = np.zeros((layer.out_channels, height, width, 3), dtype=np.int64)
    for o, r, k, n in np.ndindex(*expected.shape):
        for i, dr, dk in np.ndindex(fan, 2, 2):
            value = int(x[o // out_channels * fan + i, r * stride + dr, k * stride + dk, n])
            expected[o, r, k, n] += int(weights[o, i, dr, dk]) * value
    np.testing.assert_array_equal(np.concatenate(seen, axis=1).reshape(expected.shape), expected)
    assert np.abs(expected).max() <= largest


def test_a_flipped_bit_of_the_packed_weights_changes_the_logits() -> None:
    """The weights that are run are those of the file, each bit of them."""
    maker = NetworkMaker(5, channels=2, height=4, width=4)
    artifact = maker.logits(maker.conv(0, 4, weight_bits=2, activation="none"), 3, bits=3)
    data = write_artifact(artifact)
    images = some_images(artifact, 20)
    logits = run(read_artifact(data), images)
    weights = 128 + 3 * 24 + 4 * 2  # behind the payload of the input
    n_bits = 4 * 2 * 9 * 2  # of the convolution
    for bit in range(n_bits):
        changed = bytearray(data)
        changed[weights + bit // 8] ^= 1 << bit % 8
        changed[16:48] = hashlib.sha256(changed[48:]).digest()
        assert (run(read_artifact(bytes(changed)), images) != logits).any(), bit


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
    np.testing.assert_array_equal(logits, in_plain_python(write_artifact(artifact), images))


def test_batches_and_bands_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    artifact = every_kind(3)
    images = some_images(artifact, 300)
    logits = run(artifact, images)
    monkeypatch.setattr("quantization.integer_runtime._BATCH_ELEMENTS", 1 << 11)
    monkeypatch.setattr("quantization.integer_runtime._ADD_ELEMENTS", 1 << 5)
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
    expected = in_plain_python(write_artifact(artifact), images)
    np.testing.assert_array_equal(run(artifact, images), expected)


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
