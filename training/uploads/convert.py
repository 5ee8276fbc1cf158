"""An uploaded file, whatever its layout, to the stored form."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from training.stratify import stratified_split
from training.uploads import arrays, tables
from training.uploads.archive import open_archive
from training.uploads.collected import Collected
from training.uploads.folders import read_folders
from training.uploads.options import SPLITS, Options, refusal, shown
from training.uploads.samples import write_samples
from training.uploads.stored import Contents, write_stored

DATA: Final = "data.safetensors"
SAMPLES: Final = "samples.png"
LEAST_PER_CLASS: Final = 10
"""Training images that each class needs, before splits are dealt from them."""
CLASSES: Final = (2, 1000)
_LONGEST_NAME: Final = 100
_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")


@dataclass(frozen=True, slots=True)
class _Dealt:
    splits: dict[str, NDArray[np.int64]]
    names: list[str]


def convert(source: Path, folder: Path, options: Options) -> dict[str, Any]:
    """Check an upload and write ``DATA`` and ``SAMPLES`` into a folder.

    Returns:
        What is known of the data set, as plain values.

    Raises:
        InvalidRequestError: If the upload is not as it should be.
    """
    with Collected(folder / "pixels.raw", options) as into:
        layout = _read(source, folder, into)
        pixels, labels = into.pixels(), into.labels
    class_names = _class_names(into, labels)
    dealt = _deal(labels, into.splits, len(class_names), options)
    contents = Contents(pixels=pixels, labels=labels, splits=dealt.splits, class_names=class_names)
    stored = write_stored(contents, folder / DATA)
    if min(stored["std"]) <= 0:
        detail = "all training pixels of a channel are equal"
        raise refusal("archive", "constant_pixels", detail)
    write_samples(contents, folder / SAMPLES)
    return {
        **stored,
        "layout": layout,
        "input_shape": list(pixels.shape[1:]),
        "class_names": class_names,
        "n": {split: len(dealt.splits[split]) for split in SPLITS},
        "dealt": dealt.names,
        "split_seed": options.split_seed if dealt.names else None,
    }


def _read(source: Path, folder: Path, into: Collected) -> str:
    """Read a file by what its first bytes say it is; returns its layout."""
    with source.open("rb") as file:
        head = file.read(4)
    if head == tables.MAGIC:
        tables.read_table(source, "file", "train", into)
        return "parquet"
    if head not in _ZIP:
        allowed = ("npz", "parquet", "zip of class folders or of parquet files")
        raise refusal("file", "unknown_layout", f"begins with the bytes {head.hex()}", allowed)
    with open_archive(source) as archive:
        suffixes = {Path(name).suffix.lower() for name in archive.names}
        if suffixes == {arrays.SUFFIX}:
            arrays.read_arrays(archive, into)
            return "npz"
        if suffixes == {tables.SUFFIX}:
            tables.read_tables_of(archive, folder, into)
            return "parquet"
        read_folders(archive, into)
        return "folders"


def _class_names(into: Collected, labels: NDArray[np.int64]) -> list[str]:
    """Return the names of all classes; every label must be one of them, and every one be there."""
    names = into.class_names
    least, most = CLASSES
    low, high = int(labels.min()), int(labels.max())
    n = len(names) if names is not None else high + 1
    if low < 0 or high >= n:
        detail = f"labels reach from {low} to {high}"
        raise refusal("labels", "labels", detail, (f"0 to {max(n, 1) - 1}",))
    if not least <= n <= most:
        raise refusal("labels", "n_classes", f"there are {n} classes", (f"{least} to {most}",))
    if names is None:
        return [str(label) for label in range(n)]
    if len({*names}) != n or not all(names) or max(map(len, names)) > _LONGEST_NAME:
        detail = f"names of classes must differ and have 1 to {_LONGEST_NAME} characters"
        raise refusal("class_names", "class_names", detail)
    return names


def _deal(
    labels: NDArray[np.int64], splits: NDArray[np.uint8], n_classes: int, options: Options
) -> _Dealt:
    """Return the indices of each split; those that are missing are dealt from the training one."""
    given = {split: np.flatnonzero(splits == i) for i, split in enumerate(SPLITS)}
    train = given["train"]
    counts = np.bincount(labels[train], minlength=n_classes)
    if few := np.flatnonzero(counts < LEAST_PER_CLASS).tolist():
        seen = ", ".join(f"class {label} has {counts[label]}" for label in few[:5])
        allowed = (f"{LEAST_PER_CLASS} or more training images of each class",)
        raise refusal("labels", "too_few_images", seen, allowed)
    fractions = {"validation": options.validation_fraction, "test": options.test_fraction}
    missing = [split for split in fractions if not len(given[split])]
    sizes = [max(n_classes, round(fractions[split] * len(train))) for split in missing]
    parts = stratified_split(
        labels[train], (len(train) - sum(sizes), *sizes), seed=options.split_seed
    )
    dealt = {**given, **{split: train[p] for split, p in zip(missing, parts[1:], strict=True)}}
    dealt["train"] = train[parts[0]]
    if np.bincount(labels[dealt["train"]], minlength=n_classes).min() == 0:
        raise refusal("labels", "too_few_images", shown("a class is left without training images"))
    return _Dealt(dealt, missing)
