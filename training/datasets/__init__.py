"""Built-in data sets by name: ``load_dataset("digits")``; uploaded ones by their file."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from training.datasets import cifar10, digits, fashion_mnist
from training.datasets.dataset import Dataset, Split
from training.datasets.errors import (
    DatasetError,
    DatasetFormatError,
    DatasetUnavailableError,
    UnknownDatasetError,
)
from training.datasets.stored import load_stored, read_stored

__all__ = [
    "LOADERS",
    "Dataset",
    "DatasetError",
    "DatasetFormatError",
    "DatasetUnavailableError",
    "Split",
    "UnknownDatasetError",
    "load_dataset",
    "load_stored",
    "read_stored",
]

LOADERS: Final[Mapping[str, Callable[[], Dataset]]] = MappingProxyType(
    {"digits": digits.load, "fashion-mnist": fashion_mnist.load, "cifar10": cifar10.load}
)


def load_dataset(name: str) -> Dataset:
    """Load a built-in data set, checked against ``search.datasets``.

    Raises:
        UnknownDatasetError: If there is none of that name.
        DatasetUnavailableError: If its files are nowhere to be found.
        DatasetFormatError: If its files are damaged.
    """
    if name not in LOADERS:
        raise UnknownDatasetError(name, sorted(LOADERS))
    return LOADERS[name]()
