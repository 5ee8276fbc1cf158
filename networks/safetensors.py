"""Tensors in the safetensors format: a length, a JSON header, raw bytes; nothing is executed.

Sources:
    [safetensors] https://huggingface.co/docs/safetensors, "Format": eight bytes with the header's
        length, little-endian; the header with dtype, shape and offsets by name; the data.
"""

import json
import math
import mmap
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_DTYPES: Final[Mapping[str, np.dtype[Any]]] = {
    "F16": np.dtype("<f2"),
    "F32": np.dtype("<f4"),
    "F64": np.dtype("<f8"),
    "I32": np.dtype("<i4"),
    "I64": np.dtype("<i8"),
    "U8": np.dtype("u1"),
}
_LENGTH_BYTES: Final = 8
_MOST_HEADER_BYTES: Final = 16 << 20


class SafetensorsError(ValueError):
    """Bytes that are not a safetensors file; ``place`` says where in it."""

    def __init__(self, place: str, detail: str) -> None:
        self.place = place
        super().__init__(f"{place}: {detail}")


def write_safetensors(tensors: Mapping[str, NDArray[Any]]) -> bytes:
    """Return the file of these tensors, in the order given; equal tensors give equal bytes.

    Raises:
        ValueError: If a tensor's type is none of float16, float32, float64, int32, int64, uint8.
    """
    names = {dtype: name for name, dtype in _DTYPES.items()}
    header: dict[str, Any] = {}
    blobs: list[bytes] = []
    offset = 0
    for name, tensor in tensors.items():
        dtype = tensor.dtype.newbyteorder("<")
        if dtype not in names:
            raise ValueError(f"{name!r} has type {tensor.dtype}; allowed: {', '.join(_DTYPES)}")
        blob = np.ascontiguousarray(tensor, dtype=dtype).tobytes()
        header[name] = {
            "dtype": names[dtype],
            "shape": list(tensor.shape),
            "data_offsets": [offset, offset + len(blob)],
        }
        blobs.append(blob)
        offset += len(blob)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _LENGTH_BYTES)
    return b"".join((len(text).to_bytes(_LENGTH_BYTES, "little"), text, *blobs))


def read_safetensors(data: bytes | mmap.mmap) -> dict[str, NDArray[Any]]:
    """Return every tensor by name, read-only views into ``data``.

    Raises:
        SafetensorsError: If the file is malformed or holds a type that NumPy has not.
    """
    length = int.from_bytes(data[:_LENGTH_BYTES], "little")
    start = _LENGTH_BYTES + length
    if len(data) < _LENGTH_BYTES or length > _MOST_HEADER_BYTES or start > len(data):
        raise SafetensorsError("length of the header", f"{length} of {len(data)} bytes")
    try:
        header = json.loads(data[_LENGTH_BYTES:start])
    except (ValueError, RecursionError) as error:
        raise SafetensorsError("header", f"is not JSON: {error}") from error
    if not isinstance(header, dict):
        raise SafetensorsError("header", "is not an object")
    body = memoryview(data)[start:]
    return {
        name: _tensor(name, entry, body) for name, entry in header.items() if name != "__metadata__"
    }


def _tensor(name: str, entry: object, body: memoryview) -> NDArray[Any]:
    match entry:
        case {"dtype": str(kind), "shape": [*shape], "data_offsets": [int(begin), int(end)]}:
            dtype = _DTYPES.get(kind)
        case _:
            raise SafetensorsError(name, "needs dtype, shape and data_offsets")
    if dtype is None:
        raise SafetensorsError(name, f"type {kind!r} is none of {', '.join(_DTYPES)}")
    if not all(type(size) is int and size >= 0 for size in shape):
        raise SafetensorsError(name, f"{shape} is no shape")
    if not 0 <= begin <= end <= len(body) or end - begin != math.prod(shape) * dtype.itemsize:
        raise SafetensorsError(name, f"bytes {begin} to {end} do not hold {shape} of {kind}")
    values: NDArray[Any] = np.frombuffer(body[begin:end], dtype=dtype)
    return values.reshape(shape)
