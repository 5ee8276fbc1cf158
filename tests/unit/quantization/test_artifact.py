"""The packed file: exact length, exact round trip, and a typed error for whatever is not right."""

import dataclasses
import hashlib
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from quantization.artifact import (
    HEADER_BYTES,
    RECORD_BYTES,
    Artifact,
    PackedLayer,
    read_artifact,
    write_artifact,
)
from quantization.errors import ArtifactError
from tests.unit.quantization.packed_networks import every_kind, every_mode, networks

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
            each = layer.weights.size // layer.out_channels
            widths, n_bytes = [layer.weight_bits] * layer.out_channels, 0
            if layer.channel_bits is not None:
                widths, n_bytes = layer.channel_bits.tolist(), -(-layer.out_channels // 2)
            n_bytes += -(-sum(each * width for width in widths) // 8)
            expected += n_bytes + n_bytes % 2 + 4 * layer.out_channels
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


def test_widths_and_wide_weights_of_a_file_are_checked() -> None:
    data = write_artifact(every_mode())
    stem = 128 + 10 * 24 + 8  # three channels of 1, 8 and 3 bits
    assert data[stem : stem + 2] == bytes([1 | 8 << 4, 3])
    for place, value, code in (
        (0, 0x01, "bad_bits"),  # no width 0
        (0, 0x91, "bad_bits"),  # none above the record's
        (0, 0x71, "bad_bits"),  # the widest is the record's
        (1, 0x13, "bad_padding"),
    ):
        changed = bytearray(data)
        changed[stem + place] = value
        with pytest.raises(ArtifactError) as caught:
            read_artifact(signed_again(bytes(changed)))
        assert (caught.value.code, caught.value.layer) == (code, 1), (place, value)
    wide = bytearray(data)
    weights = next(layer.weights for layer in every_mode().layers if layer.weight_bits == 32)
    start = data.index(np.asarray(weights).astype("<i4").tobytes())
    wide[start : start + 4] = struct.pack("<i", 2**19)
    with pytest.raises(ArtifactError) as caught:
        read_artifact(signed_again(bytes(wide)))
    assert (caught.value.code, caught.value.layer) == ("bad_weights", 5)


def test_a_multiplier_that_is_no_number_is_refused() -> None:
    for bits in (0x7C00, 0xFC00, 0x7E00):
        with pytest.raises(ArtifactError) as caught:
            read_artifact(with_bytes(payload_start(0), struct.pack("<H", bits)))
        assert (caught.value.code, caught.value.layer) == ("bad_multipliers", 0)


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
        (replaced(1, channel_bits=np.array([8, 8, 8, 8], np.uint8)), "bad_bits"),
        (replaced(1, channel_bits=np.array([7, 6, 7, 7], np.uint8)), "bad_bits"),
        (replaced(1, channel_bits=np.array([8, 0, 8, 8], np.uint8)), "bad_bits"),
        (replaced(1, channel_bits=np.array([8, 7, 8], np.uint8)), "bad_bits"),
        (replaced(1, channel_bits=np.array([8, 7, 8, 8], np.int64)), "bad_bits"),
        (replaced(1, channel_bits=np.array([8, 1, 8, 8], np.uint8)), "bad_weights"),
        (replaced(3, channel_bits=np.array([1, 2, 1, 1], np.uint8)), "unused_field"),
        (replaced(1, odd_weights=True), "bad_weights"),
        (replaced(3, odd_weights=True), "unused_field"),
        (replaced(1, odd_weights=True, weight_bits=32), "bad_bits"),
        (replaced(1, weight_bits=32, weights=np.full((4, 3, 2, 2), 2**19)), "bad_weights"),
        (replaced(2, zero_point=32), "bad_zero_point"),
        (replaced(2, zero_point=-1), "bad_zero_point"),
        (replaced(2, zero_point=1, activation_bits=32), "bad_zero_point"),
        (replaced(1, zero_point=0), "bad_zero_point"),
        (replaced(5, zero_point=0), "bad_zero_point"),
        (replaced(7, zero_point=0), "bad_zero_point"),
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
