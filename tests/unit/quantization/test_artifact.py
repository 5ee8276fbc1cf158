"""The packed file: exact length, exact round trip, and a typed error for whatever is not right."""

import dataclasses
import hashlib
import struct
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantization.artifact import (
    HEADER_BYTES,
    RECORD_BYTES,
    Artifact,
    PackedLayer,
    read_artifact,
    write_artifact,
)
from quantization.errors import ArtifactError
from tests.unit.quantization.packed_networks import NetworkMaker, every_kind, networks

VALID = write_artifact(every_kind())
RECORD = "<BBBBBBBBBbbBHHHHf"
FIELDS = (
    *("kind", "activation", "weight_bits", "activation_bits", "flags", "encoding"),
    *("kernel", "stride", "padding", "scale_exponent", "bias_exponent", "zero_point"),
    *("groups", "out_channels", "input_0", "input_1", "output_scale"),
)


def signed_again(data: bytes) -> bytes:
    """The file with length and hash made right, so that deeper checks are reached."""
    data = data[:8] + struct.pack("<Q", len(data)) + data[16:]
    return data[:16] + hashlib.sha256(data[48:]).digest() + data[48:]


def with_field(layer: int, name: str, value: float) -> bytes:
    start = HEADER_BYTES + layer * RECORD_BYTES
    fields = list(struct.unpack_from(RECORD, VALID, start))
    fields[FIELDS.index(name)] = value
    record = struct.pack(RECORD, *fields)
    return signed_again(VALID[:start] + record + VALID[start + RECORD_BYTES :])


def with_bytes(offset: int, value: bytes) -> bytes:
    return signed_again(VALID[:offset] + value + VALID[offset + len(value) :])


def test_layout_of_header_and_records_is_fixed() -> None:
    assert (HEADER_BYTES, RECORD_BYTES) == (128, 24)
    assert VALID[:8] == b"BPAR\x01\x00\x08\x00"
    assert struct.unpack_from("<Q", VALID, 8) == (len(VALID),)
    assert VALID[16:48] == hashlib.sha256(VALID[48:]).digest()
    assert VALID[48:80].hex() == "0123456789abcdef" * 4
    assert VALID[80:96] == bytes(range(16))
    assert struct.unpack_from("<QHHHH", VALID, 96) == (2**63 + 1, 7, 6, 3, 5)
    assert VALID[112:128] == b"0.1.0".ljust(16, b"\0")
    stem = dict(zip(FIELDS, struct.unpack_from(RECORD, VALID, 128 + 24), strict=True))
    assert (stem["kind"], stem["activation"], stem["weight_bits"]) == (1, 1, 8)
    assert (stem["kernel"], stem["stride"], stem["padding"]) == (2, 1, 1 << 4)
    assert (stem["input_0"], stem["input_1"]) == (0, 0xFFFF)
    assert stem["output_scale"] == 0.25


@given(networks())
def test_length_is_the_sum_the_format_states(artifact: Artifact) -> None:
    expected = 128 + 24 * len(artifact.layers)
    for layer in artifact.layers:
        if layer.kind == "input":
            expected += 4 * layer.out_channels
        elif layer.kind in ("add", "global_avg_pool"):
            expected += 4
        elif layer.weights is not None:
            packed = -(-layer.weights.size * layer.weight_bits // 8)
            expected += packed + packed % 2 + 4 * layer.out_channels
    assert len(write_artifact(artifact)) == expected


@given(networks())
def test_reading_returns_what_was_written(artifact: Artifact) -> None:
    data = write_artifact(artifact)
    back = read_artifact(data)
    assert write_artifact(back) == data
    for name in (f.name for f in dataclasses.fields(Artifact) if f.name != "layers"):
        assert getattr(back, name) == getattr(artifact, name)
    for ours, theirs in zip(artifact.layers, back.layers, strict=True):
        for field in dataclasses.fields(PackedLayer):
            mine, other = getattr(ours, field.name), getattr(theirs, field.name)
            if isinstance(mine, np.ndarray):
                np.testing.assert_array_equal(other, mine)
            else:
                assert other == mine


def test_values_alone_never_change_the_length() -> None:
    assert len({len(write_artifact(every_kind(seed))) for seed in range(5)}) == 1


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "truncated"),
        (VALID[:127], "truncated"),
        (VALID[:-1], "bad_length"),
        (VALID + b"\0", "bad_length"),
        (signed_again(VALID[:-2]), "bad_length"),
        (signed_again(VALID + b"\0\0"), "bad_length"),
        (signed_again(VALID[:200]), "truncated"),
        (VALID[:-1] + bytes([VALID[-1] ^ 1]), "bad_hash"),
        (b"PARB" + VALID[4:], "bad_magic"),
        (VALID[:4] + b"\x02\x00" + VALID[6:], "unknown_version"),
        (VALID[:6] + b"\xff\xff" + VALID[8:], "truncated"),
        (VALID[:6] + b"\x00\x00" + VALID[8:], "bad_last_layer"),
        (VALID[:8] + b"\xff" * 8 + VALID[16:], "bad_length"),
        (with_bytes(104, b"\0\0"), "bad_shape"),
        (with_bytes(104, b"\xff\xff\xff\xff"), "bad_shape"),
        (with_bytes(110, b"\x09\0"), "bad_shape"),
        (with_bytes(112, b"a\0b"), "bad_header"),
        (with_bytes(112, b"\xe9"), "bad_header"),
        (with_field(1, "kind", 7), "unknown_kind"),
        (with_field(0, "kind", 1), "bad_inputs"),
        (with_field(3, "kind", 0), "bad_inputs"),
        (with_field(1, "activation", 3), "bad_activation"),
        (with_field(5, "activation", 1), "unused_field"),
        (with_field(1, "weight_bits", 0), "bad_bits"),
        (with_field(1, "weight_bits", 31), "bad_bits"),
        (with_field(1, "weight_bits", 1), "bad_length"),
        (with_field(1, "weight_bits", 32), "bad_length"),
        (with_field(1, "weight_bits", 9), "bad_bits"),
        (with_field(3, "weight_bits", 4), "bad_bits"),
        (with_field(1, "weight_bits", 7), "bad_length"),
        (with_field(1, "activation_bits", 0), "bad_bits"),
        (with_field(1, "activation_bits", 9), "bad_bits"),
        (with_field(5, "activation_bits", 5), "bad_bits"),
        (with_field(7, "activation_bits", 8), "bad_bits"),
        (with_field(1, "flags", 8), "unused_field"),
        (with_field(1, "flags", 128), "unused_field"),
        (with_field(3, "flags", 1), "unused_field"),
        (with_field(3, "flags", 2), "unused_field"),
        (with_field(1, "flags", 1), "bad_bits"),
        (with_field(1, "flags", 4), "bad_zero_point"),
        (with_field(5, "flags", 4), "bad_zero_point"),
        (with_field(7, "flags", 4), "bad_zero_point"),
        (with_field(1, "encoding", 1), "unknown_encoding"),
        (with_field(1, "encoding", 2), "unknown_encoding"),
        (with_field(1, "zero_point", 1), "unused_field"),
        (with_field(1, "kernel", 0), "bad_shape"),
        (with_field(1, "kernel", 255), "bad_shape"),
        (with_field(3, "kernel", 3), "unused_field"),
        (with_field(1, "stride", 0), "bad_shape"),
        (with_field(5, "padding", 2), "bad_shape"),
        (with_field(1, "scale_exponent", -39), "bad_exponent"),
        (with_field(1, "scale_exponent", 13), "bad_exponent"),
        (with_field(5, "scale_exponent", 1), "unused_field"),
        (with_field(1, "bias_exponent", -63), "bad_exponent"),
        (with_field(1, "bias_exponent", 25), "bad_exponent"),
        (with_field(3, "bias_exponent", 1), "unused_field"),
        (with_field(1, "groups", 0), "bad_shape"),
        (with_field(1, "groups", 2), "bad_shape"),
        (with_field(3, "groups", 2), "unused_field"),
        (with_field(1, "out_channels", 0), "bad_shape"),
        (with_field(1, "out_channels", 65535), "bad_shape"),
        (with_field(3, "out_channels", 5), "bad_shape"),
        (with_field(1, "input_0", 1), "bad_inputs"),
        (with_field(1, "input_0", 2), "bad_inputs"),
        (with_field(1, "input_0", 0xFFFF), "bad_inputs"),
        (with_field(1, "input_1", 0), "bad_inputs"),
        (with_field(3, "input_1", 3), "bad_inputs"),
        (with_field(3, "input_0", 0), "bad_shape"),
        (with_field(3, "input_0", 0xFFFF), "bad_inputs"),
        (with_field(1, "output_scale", float("nan")), "bad_scale"),
        (with_field(1, "output_scale", float("inf")), "bad_scale"),
        (with_field(1, "output_scale", -1.0), "bad_scale"),
        (with_field(1, "output_scale", 0.0), "bad_scale"),
        (with_field(5, "output_scale", 0.5), "bad_scale"),
        (with_field(7, "output_scale", 0.5), "bad_scale"),
    ],
)
def test_a_broken_file_ends_in_a_typed_error(data: bytes, code: str) -> None:
    with pytest.raises(ArtifactError) as caught:
        read_artifact(data)
    assert caught.value.code == code
    assert caught.value.detail


def payload_start(layer: int) -> int:
    artifact = read_artifact(VALID)
    start = HEADER_BYTES + RECORD_BYTES * len(artifact.layers)
    for earlier in artifact.layers[:layer]:
        if earlier.kind == "global_avg_pool":
            start += 4
        weights = 0 if earlier.weights is None else earlier.weights.size * earlier.weight_bits
        start += 2 * -(-weights // 16) + earlier.multipliers.nbytes + earlier.biases.nbytes
    return start


def test_bytes_that_must_be_zero_are_checked() -> None:
    pool = 6
    lone_multiplier = payload_start(pool)
    with pytest.raises(ArtifactError) as caught:
        read_artifact(with_bytes(lone_multiplier + 2, b"\0\1"))
    assert (caught.value.code, caught.value.layer) == ("bad_padding", pool)
    # layer 7: 5 x 6 weights of 5 bits, 150 bits in 19 bytes and one to make it even
    last = payload_start(pool) + 4
    for offset, value in ((18, 0x40), (18, 0x80), (19, 1)):
        changed = bytes([VALID[last + offset] | value])
        with pytest.raises(ArtifactError) as caught:
            read_artifact(with_bytes(last + offset, changed))
        assert (caught.value.code, caught.value.layer) == ("bad_padding", 7)


def test_a_multiplier_that_is_no_number_is_refused() -> None:
    for bits in (0x7C00, 0xFC00, 0x7E00):
        with pytest.raises(ArtifactError) as caught:
            read_artifact(with_bytes(payload_start(0), struct.pack("<H", bits)))
        assert (caught.value.code, caught.value.layer) == ("bad_multipliers", 0)


@settings(max_examples=300)
@given(data=st.data())
def test_no_change_of_a_file_ends_in_anything_but_a_typed_error(data: st.DataObject) -> None:
    """Whatever is accepted is again exactly one network's one file."""
    changed = bytearray(VALID)
    for _ in range(data.draw(st.integers(1, 4))):
        places = st.integers(0, len(changed) - 1) | st.integers(0, HEADER_BYTES + 8 * RECORD_BYTES)
        changed[data.draw(places) % len(changed)] = data.draw(st.integers(0, 255))
    length = data.draw(st.integers(0, len(changed)) | st.just(len(changed)))
    candidate = bytes(changed[:length])
    if length >= 48 and data.draw(st.booleans()):
        candidate = signed_again(candidate)
    try:
        accepted = read_artifact(candidate)
    except ArtifactError:
        return
    assert write_artifact(accepted) == candidate


@given(st.binary(max_size=400))
def test_noise_ends_in_a_typed_error(noise: bytes) -> None:
    for data in (noise, VALID[:48] + noise, signed_again(VALID[:HEADER_BYTES] + noise)):
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


def replaced(layer: int, **changes: Any) -> Callable[[Artifact], Artifact]:
    def change(artifact: Artifact) -> Artifact:
        layers = list(artifact.layers)
        layers[layer] = dataclasses.replace(layers[layer], **changes)
        return dataclasses.replace(artifact, layers=tuple(layers))

    return change


def header(**changes: Any) -> Callable[[Artifact], Artifact]:
    return lambda artifact: dataclasses.replace(artifact, **changes)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (replaced(1, weights=None), "bad_weights"),
        (replaced(1, weights=np.zeros((4, 3, 2, 1), dtype=np.int8)), "bad_weights"),
        (replaced(1, weights=np.zeros((4, 3, 2, 2))), "bad_weights"),
        (replaced(1, weights=np.full((4, 3, 2, 2), 128)), "bad_weights"),
        (replaced(1, weights=np.full((4, 3, 2, 2), 70000)), "bad_weights"),
        (replaced(3, weights=np.zeros((4, 3, 2, 2), dtype=np.int8)), "bad_weights"),
        (replaced(1, multipliers=np.ones(4, dtype=np.float32)), "bad_multipliers"),
        (replaced(1, multipliers=np.ones(3, dtype=np.float16)), "bad_multipliers"),
        (replaced(1, multipliers=np.full(4, np.nan, dtype=np.float16)), "bad_multipliers"),
        (replaced(1, biases=np.ones(4, dtype=np.int32)), "bad_biases"),
        (replaced(3, biases=np.ones(4, dtype=np.int16)), "bad_biases"),
        (replaced(1, kind="softmax"), "unknown_kind"),
        (replaced(1, activation="swish"), "bad_activation"),
        (replaced(1, weight_bits=1), "bad_weights"),
        (replaced(1, weight_bits=9), "bad_bits"),
        (replaced(1, output_scale=1e39), "bad_scale"),
        (replaced(1, kernel=256, padding=(15, 15)), "bad_shape"),
        (replaced(1, stride=256), "too_large"),
        (replaced(1, padding=(16, 0)), "bad_shape"),
        (replaced(1, inputs=(-1,)), "bad_inputs"),
        (replaced(7, out_channels=6), "bad_shape"),
        (header(layers=()), "bad_last_layer"),
        (header(n_classes=6), "bad_shape"),
        (header(height=0), "bad_shape"),
        (header(candidate_hash="xyz"), "bad_header"),
        (header(candidate_hash="ab"), "bad_header"),
        (header(data_hash=b"short"), "bad_header"),
        (header(code_version="version 1.2.3.4.5"), "bad_header"),
        (header(code_version="é"), "bad_header"),
        (header(code_version="a\0"), "bad_header"),
        (header(seed=-1), "bad_header"),
        (header(seed=2**64), "bad_header"),
    ],
)
def test_the_writer_refuses_what_the_reader_would(
    change: Callable[[Artifact], Artifact], code: str
) -> None:
    with pytest.raises(ArtifactError) as caught:
        write_artifact(change(every_kind()))
    assert caught.value.code == code
