"""The C export computes what the reference runtime computes, bit for bit."""

import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exports.c_header import to_c_header
from exports.c_run import FLAGS, find_compiler, run_c_header
from exports.errors import TargetFailedError, TargetMissingError
from quantization.artifact import HEADER_BYTES, RECORD_BYTES, read_artifact, write_artifact
from quantization.fixed_point import to_fixed_point
from quantization.integer_runtime import run
from quantization.packed_layer import Artifact
from tests.unit.quantization.packed_networks import (
    NetworkMaker,
    every_kind,
    every_mode,
    networks,
)

SANITIZED: Final = (
    *FLAGS[:-1],
    "-O0",
    "-fsanitize=undefined,address",
    "-fno-sanitize-recover=all",
)


@pytest.fixture(scope="module")
def compiler() -> str:
    try:
        return find_compiler()
    except TargetMissingError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def sanitizing(compiler: str) -> tuple[str, ...]:
    header = to_c_header(every_kind()).content
    try:
        run_c_header(header, _images(every_kind(), 1), 5, compiler=compiler, flags=SANITIZED)
    except TargetFailedError as error:
        if "sanitize" in error.output or "asan" in error.output:
            pytest.skip(f"no sanitizers: {error}")
        raise
    return SANITIZED


def _images(artifact: Artifact, count: int, seed: int = 0) -> np.ndarray:
    shape = (count, artifact.channels, artifact.height, artifact.width)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def _check(artifact: Artifact, compiler: str, flags: tuple[str, ...], count: int = 40) -> None:
    stored = read_artifact(write_artifact(artifact))
    images = _images(artifact, count)
    expected = run(stored, images)
    header = to_c_header(stored)
    decided, logits = run_c_header(
        header.content, images, artifact.n_classes, compiler=compiler, flags=flags
    )
    np.testing.assert_array_equal(logits, expected)
    np.testing.assert_array_equal(decided, expected.argmax(axis=1))


@pytest.mark.parametrize("make", [every_kind, every_mode])
@pytest.mark.parametrize("seed", range(2))
def test_every_kind_and_mode_bit_for_bit(make, seed: int, compiler: str, sanitizing) -> None:
    _check(make(seed), compiler, sanitizing)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(networks())
def test_random_networks_bit_for_bit(compiler: str, sanitizing, network: Artifact) -> None:
    _check(network, compiler, sanitizing, 8)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    exponents=st.tuples(st.integers(-60, 26), st.integers(-60, 26)),
    bias=st.integers(-60, 38),
    bits=st.sampled_from([1, 8, 32]),
    seed=st.integers(0, 1000),
)
def test_extreme_multipliers_and_biases(
    compiler: str, sanitizing, exponents: tuple[int, int], bias: int, bits: int, seed: int
) -> None:
    maker = NetworkMaker(seed, channels=1, height=3, width=3)
    stem = maker.conv(0, 3, activation="none", activation_bits=bits, weight_bits=8)
    joined = maker.add(stem, stem, bits=bits)
    network = maker.logits(joined, 3)
    rng = np.random.default_rng(seed)

    def numbers(count: int, n_biases: int) -> dict[str, object]:
        scales = 2.0 ** rng.choice(exponents, count)
        fixed = to_fixed_point(
            rng.uniform(-1, 1, count) * scales, rng.uniform(-1, 1, n_biases) * 2.0**bias
        )
        return {name: getattr(fixed, name) for name in fixed.__slots__}

    layers = list(network.layers)
    for index in (stem, joined, len(layers) - 1):
        layer = layers[index]
        changed = numbers(len(layer.multipliers), len(layer.biases))
        layers[index] = _replaced(layer, changed)
    _check(_replaced(network, {"layers": tuple(layers)}), compiler, sanitizing, 8)


def _replaced(value, changes):
    return replace(value, **changes)


def test_holds_the_payloads_of_the_file_and_says_what_it_needs() -> None:
    artifact = every_mode()
    header = to_c_header(artifact)
    file = write_artifact(artifact)
    payloads = file[HEADER_BYTES + RECORD_BYTES * len(artifact.layers) :]
    body = re.search(rb"bitpareto_data\[\d+\] = \{([^}]*)\}", header.content)
    assert body is not None
    assert bytes(int(number) for number in body[1].split(b",")) == payloads
    assert header.data_bytes == len(payloads)
    assert f"#define BITPARETO_BUFFER_BYTES {header.buffer_bytes}\n".encode() in header.content
    assert b"malloc" not in header.content


def test_may_be_included_without_being_used(compiler: str, tmp_path: Path) -> None:
    (tmp_path / "network.h").write_bytes(to_c_header(every_kind()).content)
    source = tmp_path / "main.c"
    source.write_text('#include "network.h"\n#include "network.h"\nint main(void) { return 0; }\n')
    subprocess.run([compiler, *FLAGS, str(source), "-o", str(tmp_path / "main")], check=True)
