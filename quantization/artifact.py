"""The packed file of one trial: written from and read into plain values.

``docs/artifact-format.md`` specifies the bytes. ``read_artifact`` takes files from strangers: it
checks the hash, every field and every length before it allocates anything, holds at most a small
multiple of the file's length in memory, and ends in ``ArtifactError`` for whatever is not right.
Equal networks have equal files: ``write_artifact(read_artifact(data)) == data``.
"""

import dataclasses
import hashlib
import struct
from collections.abc import Sequence
from typing import Final

from quantization.errors import ArtifactError
from quantization.layer_codec import (
    RECORD_BYTES,
    pack_payload,
    pack_record,
    payload_sizes,
    unpack_payload,
    unpack_record,
    with_channel_bits,
    with_stored_scale,
)
from quantization.network_rules import tensor_specs
from quantization.packed_layer import (
    LOGIT_BITS,
    LOGIT_SCALE,
    Artifact,
    PackedActivation,
    PackedKind,
    PackedLayer,
)
from quantization.tensor_spec import TensorSpec

__all__ = [
    "FORMAT_VERSION",
    "HEADER_BYTES",
    "LOGIT_BITS",
    "LOGIT_SCALE",
    "MAX_FILE_BYTES",
    "RECORD_BYTES",
    "Artifact",
    "PackedActivation",
    "PackedKind",
    "PackedLayer",
    "read_artifact",
    "write_artifact",
]

MAGIC: Final = b"BPAR"
FORMAT_VERSION: Final = 1
MAX_FILE_BYTES: Final = 1 << 30
"""Longest file that is read; limits what reading can cost."""

_PREFIX: Final = struct.Struct("<4sHHQ32s")  # magic, version, n_layers, file_length, sha256
_ORIGIN: Final = struct.Struct("<32s16sQHHHH16s")  # what follows the hash and is covered by it

HASHED_FROM: Final = _PREFIX.size
HEADER_BYTES: Final = _PREFIX.size + _ORIGIN.size


def write_artifact(artifact: Artifact) -> bytes:
    """Serialise a packed network.

    Args:
        artifact: The network; its layers hold exactly the arrays their kinds need.

    Returns:
        The file. Its length depends on shapes and bit-widths alone.

    Raises:
        ArtifactError: If the network breaks a rule of the format.
    """
    layers = [with_stored_scale(layer, index) for index, layer in enumerate(artifact.layers)]
    specs = tensor_specs(dataclasses.replace(artifact, layers=layers))
    records: list[bytes] = []
    payloads: list[bytes] = []
    for index, layer in enumerate(layers):
        records.append(pack_record(layer, index))
        payloads.append(pack_payload(layer, _read_by(layer, specs), index))
    body = b"".join([_pack_origin(artifact), *records, *payloads])
    if len(layers) > 0xFFFF or HASHED_FROM + len(body) > MAX_FILE_BYTES:
        raise ArtifactError("too_large", f"{len(layers)} layers, {len(body)} bytes")
    length = HASHED_FROM + len(body)
    digest = hashlib.sha256(body).digest()
    return _PREFIX.pack(MAGIC, FORMAT_VERSION, len(layers), length, digest) + body


def read_artifact(data: bytes) -> Artifact:
    """Read a packed network from bytes of any origin.

    Args:
        data: The whole file.

    Returns:
        The network, every rule of the format checked.

    Raises:
        ArtifactError: If ``data`` is not a valid artifact of this version.
    """
    n_layers = _check_prefix(data)
    payload_start = HEADER_BYTES + n_layers * RECORD_BYTES
    artifact = _unpack_origin(
        data,
        [
            unpack_record(data, HEADER_BYTES + index * RECORD_BYTES, index)
            for index in range(n_layers)
        ],
    )
    specs = tensor_specs(artifact)
    offset = payload_start
    pieces: list[tuple[PackedLayer, TensorSpec, memoryview]] = []
    for index, record in enumerate(artifact.layers):
        layer = with_channel_bits(record, data, offset, index)
        reads = _read_by(layer, specs)
        size = payload_sizes(layer, reads).total
        pieces.append((layer, reads, memoryview(data)[offset : offset + size]))
        offset += size
    if offset != len(data):
        raise ArtifactError("bad_length", f"layers need {offset} bytes, file has {len(data)}")
    layers = [unpack_payload(*piece, index) for index, piece in enumerate(pieces)]
    return dataclasses.replace(artifact, layers=tuple(layers))


def _check_prefix(data: bytes) -> int:
    """Check everything before the records that needs no record; returns the number of layers."""
    if len(data) < HEADER_BYTES:
        raise ArtifactError("truncated", f"{len(data)} bytes are less than the header")
    magic, version, n_layers, file_length, digest = _PREFIX.unpack_from(data)
    if magic != MAGIC:
        raise ArtifactError("bad_magic", f"file starts with {magic!r}, not {MAGIC!r}")
    if version != FORMAT_VERSION:
        raise ArtifactError("unknown_version", f"version {version}, not {FORMAT_VERSION}")
    if file_length != len(data):
        raise ArtifactError("bad_length", f"header says {file_length} bytes, file has {len(data)}")
    if len(data) > MAX_FILE_BYTES:
        raise ArtifactError("too_large", f"{len(data)} bytes exceed {MAX_FILE_BYTES}")
    if hashlib.sha256(memoryview(data)[HASHED_FROM:]).digest() != digest:
        raise ArtifactError("bad_hash", "the content does not match its sha256")
    if len(data) < HEADER_BYTES + n_layers * RECORD_BYTES:
        raise ArtifactError("truncated", f"no room for {n_layers} layer records")
    return int(n_layers)


def _read_by(layer: PackedLayer, specs: Sequence[TensorSpec]) -> TensorSpec:
    """The tensor a layer's weights apply to; an input layer, without weights, gets its own."""
    return specs[layer.inputs[0] if layer.inputs else 0]


def _pack_origin(artifact: Artifact) -> bytes:
    try:
        candidate_hash = bytes.fromhex(artifact.candidate_hash)
        code_version = artifact.code_version.encode("ascii")
    except ValueError as error:
        raise ArtifactError("bad_header", str(error)) from error
    lengths = len(candidate_hash), len(artifact.data_hash)
    if lengths != (32, 16) or len(code_version) > 16 or b"\0" in code_version:
        raise ArtifactError(
            "bad_header",
            f"candidate_hash and data_hash of {lengths} bytes, code_version {code_version!r}",
        )
    try:
        return _ORIGIN.pack(
            candidate_hash,
            artifact.data_hash,
            artifact.seed,
            artifact.height,
            artifact.width,
            artifact.channels,
            artifact.n_classes,
            code_version,
        )
    except struct.error as error:
        raise ArtifactError("bad_header", f"a header field does not fit: {error}") from error


def _unpack_origin(data: bytes, layers: list[PackedLayer]) -> Artifact:
    candidate_hash, data_hash, seed, height, width, channels, n_classes, code_version = (
        _ORIGIN.unpack_from(data, HASHED_FROM)
    )
    version = code_version.rstrip(b"\0")
    if b"\0" in version or not version.isascii():
        raise ArtifactError("bad_header", f"code_version {code_version!r}")
    return Artifact(
        candidate_hash=candidate_hash.hex(),
        data_hash=data_hash,
        seed=seed,
        height=height,
        width=width,
        channels=channels,
        n_classes=n_classes,
        code_version=version.decode("ascii"),
        layers=layers,
    )
