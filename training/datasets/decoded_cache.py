"""Keeps decoded images, because decoding 60,000 PNGs takes longer than a short training.

An entry is two ``.npy`` files named by the SHA-256 of the source file. Entries are written to a
temporary name and renamed, so a reader sees a whole file or none. A cache that cannot be written is
no error: the next load decodes again.
"""

import hashlib
import logging
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from training.datasets.dataset import Split
from training.datasets.places import cache_dir

logger = logging.getLogger(__name__)

_LAYOUT: Final = "v1"
"""Part of every name; raise it when a decoder's output changes."""


def decode_once(
    source: Path, decode: Callable[[Path], Split], *, cache: Path | None = None
) -> Split:
    """Return ``decode(source)``, from the cache when this very file was decoded before.

    Args:
        source: The encoded file; its bytes, not its name, identify the entry.
        decode: Reads the file.
        cache: Folder of the entries; the user's cache folder by default.
    """
    folder = (cache or cache_dir()) / "decoded"
    with source.open("rb") as file:
        key = hashlib.file_digest(file, "sha256").hexdigest()
    images_path, labels_path = (folder / f"{key}-{_LAYOUT}-{x}.npy" for x in ("images", "labels"))
    try:
        images = np.load(images_path, allow_pickle=False)
        labels = np.load(labels_path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        split = decode(source)
    else:
        return Split(images=images, labels=labels)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(images_path, split.images)
        _write(labels_path, split.labels)
    except OSError as error:
        logger.warning("decoded images are not cached: %s", error)
    return split


def _write(path: Path, array: NDArray[Any]) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".partial")
    try:
        with os.fdopen(handle, "wb") as file:
            np.save(file, array, allow_pickle=False)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
