"""The loaded data set: three splits of byte images, checked against the published facts."""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.datasets import DatasetFacts
from training.datasets.errors import DatasetFormatError

_MOMENT_TOLERANCE = 0.01
"""The facts' mean and std are rounded and cover train plus validation; a wrong channel order or a
wrong scale of the pixels is off by far more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Images with their labels.

    Attributes:
        images: Pixels 0..255, ``(N, C, H, W)`` uint8.
        labels: Class indices, ``(N,)`` int64.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        """Number of images."""
        return len(self.labels)

    def take(self, indices: NDArray[np.int64]) -> "Split":
        """Images and labels at ``indices`` ``(n,)``, copied."""
        return Split(images=self.images[indices], labels=self.labels[indices])


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A data set in memory; the search sees train and validation, test is read once, at the end.

    Attributes:
        facts: Shape, sizes and moments.
        data_hash: First 16 bytes of the SHA-256 over all pixels and labels of all splits; written
            into every artifact.
    """

    facts: DatasetFacts
    train: Split
    validation: Split
    test: Split
    data_hash: bytes


def make_dataset(facts: DatasetFacts, *, train: Split, validation: Split, test: Split) -> Dataset:
    """Check the splits against ``facts`` and hash them.

    Raises:
        DatasetFormatError: If a shape, a size, a label or the pixels' moments disagree.
    """
    _check_moments(facts, train)
    return hash_dataset(facts, train=train, validation=validation, test=test)


def hash_dataset(facts: DatasetFacts, *, train: Split, validation: Split, test: Split) -> Dataset:
    """Likewise for pixels that are known to be those of ``facts``.

    Raises:
        DatasetFormatError: If a shape, a size or a label disagrees.
    """
    expected = {"train": facts.n_train, "validation": facts.n_validation, "test": facts.n_test}
    digest = hashlib.sha256()
    for (name, n), split in zip(expected.items(), (train, validation, test), strict=True):
        _check_split(f"{facts.name} {name}", facts, n, split)
        digest.update(np.ascontiguousarray(split.images).data)
        digest.update(np.ascontiguousarray(split.labels, dtype="<i8").data)
    return Dataset(
        facts=facts,
        train=train,
        validation=validation,
        test=test,
        data_hash=digest.digest()[:16],
    )


def _check_split(where: str, facts: DatasetFacts, n: int, split: Split) -> None:
    if split.images.shape != (n, *facts.input_shape) or split.images.dtype != np.uint8:
        found = f"{split.images.dtype} {split.images.shape}"
        raise DatasetFormatError(where, f"images are {found}, not uint8 {(n, *facts.input_shape)}")
    if split.labels.shape != (n,):
        raise DatasetFormatError(where, f"labels are {split.labels.shape}, not {(n,)}")
    present = np.unique(split.labels)
    classes = np.arange(facts.n_classes)
    # a small validation or test split of a user's may lack a class
    needs_all = facts.sha256 is None or where.endswith(" train")
    if not np.isin(present, classes).all() or (needs_all and len(present) < len(classes)):
        detail = f"labels are not exactly the classes 0..{facts.n_classes - 1}"
        raise DatasetFormatError(where, detail)


def _check_moments(facts: DatasetFacts, train: Split) -> None:
    pixels = train.images[:5000].astype(np.float64) / 255  # (n, C, H, W); enough for 2 digits
    mean, std = pixels.mean(axis=(0, 2, 3)), pixels.std(axis=(0, 2, 3))  # (C,)
    off = max(np.abs(mean - facts.mean).max(), np.abs(std - facts.std).max())
    if off > _MOMENT_TOLERANCE:
        detail = f"pixel mean {mean} and std {std}, not {facts.mean} and {facts.std}"
        raise DatasetFormatError(facts.name, detail)
