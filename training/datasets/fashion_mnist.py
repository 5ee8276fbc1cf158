"""Fashion-MNIST from its IDX files: a data folder, the Debian package, or a checked download."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np

from search.datasets import DATASETS
from training.datasets.dataset import Dataset, Split, make_dataset
from training.datasets.download import Fetch, fetch
from training.datasets.errors import DatasetUnavailableError
from training.datasets.idx import read_idx
from training.datasets.places import data_dirs
from training.stratify import stratified_split

DEBIAN_DIR: Final = Path("/usr/share/datasets/fashion-mnist")
"""Of the package ``dataset-fashion-mnist``, which compresses the same files anew, so that the gzip
files' hashes differ from the published ones."""

URL: Final = "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion"
MD5: Final[Mapping[str, str]] = MappingProxyType(
    {
        "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
        "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
        "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
    }
)
"""As the authors publish them, in the README of https://github.com/zalandoresearch/fashion-mnist."""


def load(places: Sequence[Path] | None = None, fetch: Fetch = fetch) -> Dataset:
    """Load from the first place that has all four files.

    Args:
        places: Folders to look into before downloading.
        fetch: Downloads one file.

    Raises:
        DatasetUnavailableError: If no place has them and the download fails.
        DatasetFormatError: If a file is damaged.
    """
    if places is None:
        places = (*(folder / "fashion-mnist" for folder in data_dirs()), DEBIAN_DIR)
    paths = _find(places, fetch)
    facts = DATASETS["fashion-mnist"]
    train = _read(paths["train-images-idx3-ubyte.gz"], paths["train-labels-idx1-ubyte.gz"])
    test = _read(paths["t10k-images-idx3-ubyte.gz"], paths["t10k-labels-idx1-ubyte.gz"])
    kept, validation = stratified_split(train.labels, (facts.n_train, facts.n_validation))
    return make_dataset(facts, train=train.take(kept), validation=train.take(validation), test=test)


def _find(places: Sequence[Path], fetch: Fetch) -> dict[str, Path]:
    looked_at = []
    for folder in places:
        missing = [name for name in MD5 if not (folder / name).is_file()]
        if not missing:
            return {name: folder / name for name in MD5}
        looked_at.append(f"{folder}: no {', '.join(missing)}")
    try:
        return {name: fetch(f"{URL}/{name}", f"md5:{md5}") for name, md5 in MD5.items()}
    except OSError as error:
        looked_at.append(f"{URL}: {error}")
        advice = (
            "Install the Debian package dataset-fashion-mnist, or put the four IDX gzip files into "
            "a folder fashion-mnist and name its parent in BITPARETO_DATA_DIR, or allow the "
            "network."
        )
        raise DatasetUnavailableError("fashion-mnist", looked_at, advice) from error


def _read(images: Path, labels: Path) -> Split:
    pixels = read_idx(images)  # (N, H, W)
    return Split(images=pixels[:, np.newaxis], labels=read_idx(labels).astype(np.int64))
