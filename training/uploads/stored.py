"""The stored form: one safetensors file of six tensors, the same bytes for the same data.

``train.images`` and so on are uint8 ``(N, C, H, W)``, ``train.labels`` and so on int64 ``(N,)``.
The header's ``__metadata__`` has the classes' names and the moments of the training pixels.
"""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from training.uploads.options import SPLITS

FORMAT: Final = "bitpareto data set 1"
_AT_ONCE_BYTES: Final = 16 << 20
_ALIGNED: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What is stored.

    Attributes:
        pixels: All images in whatever order, ``(N, C, H, W)``.
        labels: ``(N,)``.
        splits: Ascending indices into both, by split.
        class_names: By label.
    """

    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]
    splits: Mapping[str, NDArray[np.int64]]
    class_names: Sequence[str]


def write_stored(contents: Contents, path: Path) -> dict[str, Any]:
    """Write the file; returns its ``sha256`` and ``size_bytes``, and ``mean`` and ``std``."""
    mean, std = _moments(contents)
    metadata = {
        "format": FORMAT,
        "class_names": json.dumps([*contents.class_names]),
        "mean": json.dumps(mean),
        "std": json.dumps(std),
    }
    header: dict[str, Any] = {"__metadata__": metadata}
    offset = 0
    for kind, dtype, shape, item_bytes in (
        ("labels", "I64", [], 8),  # first, so that they are aligned
        ("images", "U8", [*contents.pixels.shape[1:]], 1),
    ):
        for split in SPLITS:
            full = [len(contents.splits[split]), *shape]
            end = offset + math.prod(full) * item_bytes
            entry = {"dtype": dtype, "shape": full, "data_offsets": [offset, end]}
            header[f"{split}.{kind}"] = entry
            offset = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _ALIGNED)
    digest = hashlib.sha256()
    with path.open("wb") as file:

        def put(content: Any) -> None:
            digest.update(content)
            file.write(content)

        put(len(text).to_bytes(8, "little"))
        put(text)
        for split in SPLITS:
            put(contents.labels[contents.splits[split]].astype("<i8").data)
        for split in SPLITS:
            for some in _chunks(contents, contents.splits[split]):
                put(np.ascontiguousarray(contents.pixels[some]).data)
    return {
        "sha256": digest.hexdigest(),
        "size_bytes": path.stat().st_size,
        "mean": mean,
        "std": std,
    }


def _chunks(contents: Contents, chosen: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    each = max(1, _AT_ONCE_BYTES // math.prod(contents.pixels.shape[1:]))
    return [chosen[start : start + each] for start in range(0, len(chosen), each)]


def _moments(contents: Contents) -> tuple[list[float], list[float]]:
    """Return mean and standard deviation of the training pixels / 255, per channel, exactly."""
    train = contents.splits["train"]
    n_channels = contents.pixels.shape[1]
    histogram = np.zeros((n_channels, 256), np.int64)
    for some in _chunks(contents, train):
        chunk = contents.pixels[some]
        for channel in range(n_channels):
            histogram[channel] += np.bincount(chunk[:, channel].reshape(-1), minlength=256)
    levels = np.arange(256) / 255
    weights = histogram / histogram.sum(axis=1, keepdims=True)  # (C, 256)
    mean = weights @ levels
    std = np.sqrt(weights @ levels**2 - mean**2)
    return [round(float(x), 6) for x in mean], [round(float(x), 6) for x in std]
