"""NumPy's npz: a zip of arrays; only their headers and numbers are read, never a pickle.

Sources:
    NumPy manual, numpy.lib.format, "Format Version 1.0".
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any, Final

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from training.uploads.archive import Archive
from training.uploads.collected import CHANNELS, Collected
from training.uploads.options import SPLIT_NAMES, refusal

SUFFIX: Final = ".npy"
_CLASS_NAMES: Final = "class_names"
_MOST_LABEL_BYTES: Final = 64 << 20
_MOST_NAME_BYTES: Final = 1 << 20
_HEADERS: Final = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
_CHUNK_BYTES: Final = 16 << 20
_EXPECTED: Final = (
    "x_train and y_train, and x_val, y_val, x_test, y_test where there are such splits",
    "train_images and train_labels, and val_..., test_...",
    "images and labels",
)


@dataclass(frozen=True, slots=True)
class _Header:
    shape: tuple[int, ...]
    dtype: np.dtype[Any]


def read_arrays(archive: Archive, into: Collected) -> None:
    """Take the images and labels of an npz file.

    Images are uint8 ``(N, H, W)``, ``(N, H, W, C)`` or ``(N, C, H, W)`` with 1 or 3 channels;
    labels are whole numbers ``(N,)`` or ``(N, 1)``.

    Raises:
        InvalidRequestError: If they are not.
    """
    names = {name.removesuffix(SUFFIX) for name in archive.names}
    pairs = {split: (images, labels) for split, images, labels in _pairs(names)}
    if "train" not in pairs:
        found = f"has the arrays {', '.join(sorted(names)[:20])}"
        raise refusal("archive", "no_arrays", found, _EXPECTED)
    known = {_CLASS_NAMES}.union(*pairs.values())
    if others := sorted(names - known):
        detail = "is an array that means nothing here"
        raise refusal(others[0], "unknown_array", detail, _EXPECTED)
    if _CLASS_NAMES in names:
        into.class_names = _class_names(archive)
    for split in ("train", "validation", "test"):
        if split in pairs:
            _read_pair(archive, into, split, *pairs[split])


def _pairs(names: set[str]) -> Iterator[tuple[str, str, str]]:
    known = [("train", "images", "labels")]
    for word, split in SPLIT_NAMES.items():
        known += [(split, f"x_{word}", f"y_{word}"), (split, f"{word}_images", f"{word}_labels")]
    for split, images, labels in known:
        if (images in names) != (labels in names):
            missing = labels if images in names else images
            raise refusal(missing, "missing", "is not in the archive, but its partner is")
        if images in names:
            yield split, images, labels


def _read_pair(archive: Archive, into: Collected, split: str, images: str, labels: str) -> None:
    y = _labels(archive, labels)
    with archive.open(images + SUFFIX) as file:
        header = _read_header(file, images)
        shape = _image_shape(header, images)
        if header.shape[0] != len(y):
            detail = f"has {header.shape[0]} images, {labels} has {len(y)} labels"
            raise refusal(images, "length", detail)
        each = math.prod(shape)
        at_once = max(1, _CHUNK_BYTES // each)
        for start in range(0, len(y), at_once):
            n = min(at_once, len(y) - start)
            chunk = np.frombuffer(_exactly(file, n * each, images), np.uint8)
            pixels = _channels_last(chunk.reshape(n, *header.shape[1:]))
            into.add(split, pixels, y[start : start + n], f"{images}[{start}]")
        _at_end(file, images)


def _image_shape(header: _Header, name: str) -> tuple[int, ...]:
    shape = header.shape
    if header.dtype != np.uint8:
        detail = f"has type {header.dtype}; pixels are whole numbers from 0 to 255"
        raise refusal(name, "array_type", detail, ("uint8",))
    fits = len(shape) == 3 or (len(shape) == 4 and {shape[1], shape[3]} & {*CHANNELS})
    if not fits or not all(shape):
        allowed = ("(N, H, W)", "(N, H, W, C)", "(N, C, H, W)", "with C 1 or 3")
        raise refusal(name, "array_shape", f"has shape {shape}", allowed)
    return shape[1:]


def _channels_last(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if images.ndim == 3:
        return images[..., np.newaxis]
    # sides have at least 4 pixels, so only channels can be 1 or 3
    return images if images.shape[3] in CHANNELS else images.transpose(0, 2, 3, 1)


def _labels(archive: Archive, name: str) -> NDArray[np.int64]:
    header, values = _small(archive, name, _MOST_LABEL_BYTES)
    if header.dtype.kind not in "iu":
        raise refusal(name, "array_type", f"has type {header.dtype}", ("whole numbers",))
    if header.shape not in ((len(values),), (len(values), 1)):
        raise refusal(name, "array_shape", f"has shape {header.shape}", ("(N,)", "(N, 1)"))
    if len(values) and int(values.max()) > np.iinfo(np.int64).max:
        raise refusal(name, "labels", f"has the label {values.max()}")
    return values.astype(np.int64)


def _class_names(archive: Archive) -> list[str]:
    header, values = _small(archive, _CLASS_NAMES, _MOST_NAME_BYTES)
    if header.dtype.kind != "U" or len(header.shape) != 1:
        detail = f"has type {header.dtype} and shape {header.shape}"
        raise refusal(_CLASS_NAMES, "array_type", detail, ("text, (n_classes,)",))
    return [str(value) for value in values]


def _small(archive: Archive, name: str, most: int) -> tuple[_Header, NDArray[Any]]:
    """Return a small array, flat."""
    with archive.open(name + SUFFIX) as file:
        header = _read_header(file, name)
        n_bytes = math.prod(header.shape) * header.dtype.itemsize
        if n_bytes > most:
            raise refusal(name, "too_large", f"has {n_bytes} bytes", (f"up to {most}",))
        values: NDArray[Any] = np.frombuffer(_exactly(file, n_bytes, name), header.dtype)
        _at_end(file, name)
    return header, values


def _read_header(file: IO[bytes], name: str) -> _Header:
    read = _HEADERS.get(npy.read_magic(file))
    if read is None:
        raise refusal(name, "array_format", "is an array of another format version", ("1, 2",))
    shape, fortran_order, dtype = read(file)
    if dtype.hasobject:
        raise refusal(name, "pickled", "holds Python objects, which are never loaded")
    if fortran_order and len(shape) > 1:
        detail = "is in Fortran order; save numpy.ascontiguousarray of it"
        raise refusal(name, "array_order", detail)
    return _Header(shape, dtype)


def _exactly(file: IO[bytes], n: int, name: str) -> bytes:
    content = file.read(n)
    if len(content) != n:
        raise refusal(name, "damaged", "has fewer numbers than its shape says")
    return content


def _at_end(file: IO[bytes], name: str) -> None:
    if file.read(1):  # also verifies the checksum of all that was read
        raise refusal(name, "damaged", "has more numbers than its shape says")
