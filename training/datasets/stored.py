"""Uploaded data sets: the stored file, and copies of it on this machine.

A copy is named by the SHA-256 of the file, is verified whenever it is opened, and may be deleted at
any time. One that nobody has opened for a month goes.
"""

import hashlib
import json
import logging
import mmap
import os
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from networks.safetensors import SafetensorsError, read_safetensors
from search.datasets import DatasetFacts
from training.datasets.dataset import Dataset, Split, hash_dataset
from training.datasets.errors import DatasetFormatError
from training.datasets.places import cache_dir

logger = logging.getLogger(__name__)

_SUFFIX: Final = ".safetensors"
_KEPT_S: Final = 30 * 86_400.0
_LENGTH_BYTES: Final = 8

Fetch = Callable[[Path], None]
"""Writes the stored file to a path."""


def load_stored(facts: DatasetFacts, fetch: Fetch, *, cache: Path | None = None) -> Dataset:
    """Load an uploaded data set, fetching it unless its file is here; pixels stay on the disk.

    Args:
        facts: Of the data set.
        fetch: Called where there is no copy, or a damaged one.
        cache: Folder of the copies; in the user's cache folder by default.

    Raises:
        DatasetFormatError: If what comes is not the file.
    """
    folder = (cache or cache_dir()) / "datasets"
    path = folder / f"{facts.sha256}{_SUFFIX}"
    if not path.is_file() or _sha256(path) != facts.sha256:
        folder.mkdir(parents=True, exist_ok=True)
        _fetch_to(path, fetch)
        if _sha256(path) != facts.sha256:
            path.unlink()
            raise DatasetFormatError(facts.name, f"its file has not the hash {facts.sha256}")
    os.utime(path)
    _forget_old(folder)
    splits = _splits_of(path)
    return hash_dataset(facts, **splits)


def read_stored(path: Path) -> Dataset:
    """Load a data set from its stored file, as a server sends it.

    Raises:
        DatasetFormatError: If it is no such file.
    """
    splits = _splits_of(path)
    with path.open("rb") as file:
        length = int.from_bytes(file.read(_LENGTH_BYTES), "little")
        header = json.loads(file.read(length))
    try:
        said = header["__metadata__"]
        names, mean, std = (json.loads(said[name]) for name in ("class_names", "mean", "std"))
        _, channels, height, width = splits["train"].images.shape
        facts = DatasetFacts(
            name=path.stem,
            sha256=_sha256(path),
            input_shape=(channels, height, width),
            n_classes=len(names),
            n_train=len(splits["train"]),
            n_validation=len(splits["validation"]),
            n_test=len(splits["test"]),
            mean=tuple(mean),
            std=tuple(std),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DatasetFormatError(path, f"no data set as a server sends it: {error}") from error
    return hash_dataset(facts, **splits)


def _splits_of(path: Path) -> dict[str, Split]:
    try:
        with path.open("rb") as file:
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)  # for as long as the arrays
        tensors = read_safetensors(data)
        return {
            split: Split(images=tensors[f"{split}.images"], labels=tensors[f"{split}.labels"])
            for split in ("train", "validation", "test")
        }
    except (SafetensorsError, KeyError, OSError, ValueError) as error:
        raise DatasetFormatError(path, f"no data set as a server sends it: {error}") from error


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fetch_to(path: Path, fetch: Fetch) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".partial")
    os.close(handle)
    try:
        fetch(Path(name))
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


def _forget_old(folder: Path) -> None:
    before = time.time() - _KEPT_S
    for path in folder.iterdir():
        with suppress(FileNotFoundError):  # another worker forgets them too
            if path.stat().st_mtime < before:
                logger.info("forgetting %s, which nobody has opened for a month", path)
                path.unlink()
