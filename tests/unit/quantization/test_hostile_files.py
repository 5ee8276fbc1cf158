"""Files from strangers: whatever is in them, a typed error or a network, in little memory."""

import hashlib
import struct
import subprocess
import sys
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantization.artifact import HEADER_BYTES, RECORD_BYTES, read_artifact, write_artifact
from quantization.errors import ArtifactError
from tests.unit.quantization.packed_networks import NetworkMaker, every_kind, every_mode

FILES = [write_artifact(every_kind()), write_artifact(every_mode())]
RECORD = "<BBBBBBBBBbbBHHHHf"


def signed_again(data: bytes) -> bytes:
    """The file with length and hash made right, so that deeper checks are reached."""
    data = data[:8] + struct.pack("<Q", len(data)) + data[16:]
    return data[:16] + hashlib.sha256(data[48:]).digest() + data[48:]


def read_or_refuse(data: bytes) -> None:
    """Whatever is accepted is again exactly one network's one file."""
    try:
        accepted = read_artifact(data)
    except ArtifactError as error:
        refused = error
    else:
        assert write_artifact(accepted) == data
        return
    assert refused.code
    assert refused.detail


@pytest.mark.parametrize("valid", FILES)
@pytest.mark.parametrize("flip", [0x01, 0x80, 0xFF])
def test_damage_of_any_single_byte_is_noticed(valid: bytes, flip: int) -> None:
    for place in range(len(valid)):
        changed = bytearray(valid)
        changed[place] ^= flip
        with pytest.raises(ArtifactError):
            read_artifact(bytes(changed))


@pytest.mark.parametrize("valid", FILES)
def test_every_single_byte_with_a_hash_that_fits_is_read_or_refused(valid: bytes) -> None:
    for place in range(48, len(valid)):
        for value in {0, 2, 0xFF, valid[place] ^ 1, valid[place] ^ 0x10}:
            changed = bytearray(valid)
            changed[place] = value
            read_or_refuse(signed_again(bytes(changed)))


@pytest.mark.parametrize("valid", FILES)
def test_a_file_cut_anywhere_is_refused(valid: bytes) -> None:
    for length in range(len(valid)):
        for data in (valid[:length], signed_again(valid[: max(length, 48)])):
            with pytest.raises(ArtifactError):
                read_artifact(data)


@settings(max_examples=300)
@given(data=st.data(), valid=st.sampled_from(FILES))
def test_no_change_of_a_file_ends_in_anything_but_a_typed_error(
    data: st.DataObject, valid: bytes
) -> None:
    changed = bytearray(valid)
    for _ in range(data.draw(st.integers(1, 4))):
        places = st.integers(0, len(changed) - 1) | st.integers(0, HEADER_BYTES + 8 * RECORD_BYTES)
        changed[data.draw(places) % len(changed)] = data.draw(st.integers(0, 255))
    length = data.draw(st.integers(0, len(changed)) | st.just(len(changed)))
    candidate = bytes(changed[:length])
    if length >= 48 and data.draw(st.booleans()):
        candidate = signed_again(candidate)
    read_or_refuse(candidate)


@given(st.binary(max_size=400))
def test_noise_ends_in_a_typed_error(noise: bytes) -> None:
    valid = FILES[0]
    for data in (noise, valid[:48] + noise, signed_again(valid[:HEADER_BYTES] + noise)):
        with pytest.raises(ArtifactError):
            read_artifact(data)


def huge_networks() -> list[bytes]:
    """Files of a few bytes that claim what no memory holds or no patience outlasts."""
    record = struct.Struct(RECORD)

    def network(height: int, width: int, *layers: tuple[Any, ...]) -> bytes:
        start = record.pack(0, 0, 0, 8, 0, 0, 1, 1, 0, 0, 0, 0, 1, 1, 0xFFFF, 0xFFFF, 1.0)
        records = [start, *(record.pack(*layer) for layer in layers)]
        header = b"BPAR" + struct.pack("<HH", 1, len(records)) + bytes(40)
        origin = bytes(56) + struct.pack("<HHHH", height, width, 1, 10) + bytes(16)
        return signed_again(header + origin + b"".join(records) + bytes(4))

    def linear(read: int) -> tuple[Any, ...]:
        return (2, 0, 8, 32, 0, 0, 1, 1, 0, 0, 0, 0, 1, 10, read, 0xFFFF, 2.0**-12)

    def conv(channels: int, kernel: int, read: int) -> tuple[Any, ...]:
        fields = (1, 1, 8, 8, 0, 0, kernel, 1, 0xFF, 0, 0, 0)
        return (*fields, 1, channels, read, 0xFFFF, 1.0)

    pool = (5, 0, 0, 8, 0, 0, 15, 1, 0x77, 0, 0, 0, 1, 1, 0, 0xFFFF, 1.0)
    deep = [(*pool[:14], i, 0xFFFF, 1.0) for i in range(300)]
    return [
        network(65535, 65535, linear(0)),
        network(4096, 4096, linear(0)),
        network(4000, 4000, conv(65535, 1, 0), linear(1)),
        network(64, 64, conv(65535, 15, 0), conv(65535, 15, 1), linear(2)),
        network(4000, 4000, *deep, linear(300)),
    ]


@pytest.mark.parametrize("data", huge_networks())
def test_a_small_file_cannot_claim_much(data: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(ArtifactError) as caught:
            read_artifact(data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert caught.value.code in {"bad_shape", "too_large", "bad_length"}
    assert peak < 1 << 20


def test_memory_is_a_small_multiple_of_the_file() -> None:
    maker = NetworkMaker(0, channels=3, height=8, width=8)
    artifact = maker.logits(maker.conv(0, 512, weight_bits=2), 200, bits=2)
    data = write_artifact(artifact)
    tracemalloc.start()
    try:
        read_artifact(data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 16 * len(data) + (32 << 20)


def test_a_process_of_little_memory_survives_huge_claims() -> None:
    """The operating system, not Python, counts here: 64 MiB more than the imports take."""
    program = """
import resource, sys
from quantization.artifact import read_artifact
from quantization.errors import ArtifactError
taken = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (taken + (64 << 20),) * 2)
for line in sys.stdin:
    try:
        read_artifact(bytes.fromhex(line))
    except ArtifactError as error:
        print(error.code)
"""
    lines = "".join(data.hex() + "\n" for data in huge_networks())
    done = subprocess.run(
        [sys.executable, "-c", program], input=lines, capture_output=True, text=True, check=True
    )
    assert len(done.stdout.split()) == len(huge_networks())
