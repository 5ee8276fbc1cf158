"""Data sets on the wire."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from bitpareto.types.base import Open, ResponseModel

SplitName = Literal["train", "validation", "test"]


class Dataset(ResponseModel):
    """A data set that a search may name, by ``name`` or ``id``."""

    id: str
    """Of a built-in one its name."""
    name: str
    built_in: bool
    input_shape: tuple[int, int, int]
    """``(C, H, W)``."""
    n_classes: int
    class_names: list[str] | None = None
    """By label; null for a built-in one."""
    n_train: int
    n_validation: int
    n_test: int
    mean: list[float]
    """Per channel, of the training pixels / 255."""
    std: list[float]
    layout: str | None = None
    """What was uploaded: ``npz``, ``parquet`` or ``folders``; null for a built-in one."""
    dealt_splits: list[Open[SplitName]] = Field(default_factory=list)
    """Splits that the upload did not have and that were dealt from its training images."""
    split_seed: int | None = None
    """Of that; null where nothing was."""
    sha256: str | None = None
    """Of the stored file: pixels, labels, splits and names of classes."""
    size_bytes: int | None = None
    """Length of the stored file."""
    created_at: datetime | None = None
