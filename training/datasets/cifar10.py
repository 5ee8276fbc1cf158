"""CIFAR-10 from Hugging Face parquet files in a data folder, or from the authors' binary archive.

The two differ in 104 images, which the parquet files hold as JPEG decodes; artifacts record which
pixels were seen in their ``data_hash``.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from search.datasets import DATASETS, DatasetFacts
from training.datasets.cifar_binary import TEST_MEMBERS, TRAIN_MEMBERS, read_cifar_binary
from training.datasets.dataset import Dataset, Split, make_dataset
from training.datasets.decoded_cache import decode_once
from training.datasets.download import Fetch, fetch
from training.datasets.errors import DatasetUnavailableError
from training.datasets.parquet import read_parquet
from training.datasets.places import data_dirs
from training.stratify import stratified_split

URL: Final = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
MD5: Final = "md5:c32a1d4ab5d03f1284b67883e8d87530"
"""As its author publishes it, at https://www.cs.toronto.edu/~kriz/cifar.html."""


def load(places: Sequence[Path] | None = None, fetch: Fetch = fetch) -> Dataset:
    """Load from the first place that has the parquet files, else download the binary archive.

    Args:
        places: Folders to look into before downloading.
        fetch: Downloads one file.

    Raises:
        DatasetUnavailableError: If no place has them and the download fails.
        DatasetFormatError: If a file is damaged.
    """
    if places is None:
        places = tuple(folder / "cifar10" for folder in data_dirs())
    facts = DATASETS["cifar10"]
    looked_at = []
    for folder in places:
        train, test = (sorted(folder.glob(f"{x}-*-of-*.parquet")) for x in ("train", "test"))
        if train and test:
            return _from_parquet(facts, train, test)
        looked_at.append(f"{folder}: no train-*.parquet and test-*.parquet")
    try:
        archive = fetch(URL, MD5)
    except OSError as error:
        looked_at.append(f"{URL}: {error}")
        advice = (
            "Put the parquet files of the Hugging Face data set cifar10 (train-*.parquet, "
            "test-*.parquet) into a folder cifar10 and name its parent in BITPARETO_DATA_DIR, or "
            "allow the network."
        )
        raise DatasetUnavailableError("cifar10", looked_at, advice) from error
    return _with_validation(
        facts,
        read_cifar_binary(archive, TRAIN_MEMBERS),
        read_cifar_binary(archive, TEST_MEMBERS),
    )


def _from_parquet(facts: DatasetFacts, train: list[Path], test: list[Path]) -> Dataset:
    decode = partial(read_parquet, shape=facts.input_shape)

    def read(paths: list[Path]) -> Split:
        parts = [decode_once(path, decode) for path in paths]
        return Split(
            images=np.concatenate([part.images for part in parts]),
            labels=np.concatenate([part.labels for part in parts]),
        )

    return _with_validation(facts, read(train), read(test))


def _with_validation(facts: DatasetFacts, train: Split, test: Split) -> Dataset:
    kept, validation = stratified_split(train.labels, (facts.n_train, facts.n_validation))
    return make_dataset(facts, train=train.take(kept), validation=train.take(validation), test=test)
