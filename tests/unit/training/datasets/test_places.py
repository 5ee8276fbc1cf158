import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from search.datasets import DATASETS
from training.datasets import DatasetUnavailableError, cifar10, fashion_mnist
from training.datasets.parquet import read_parquet
from training.datasets.places import cache_dir, data_dirs


def no_network(url: str, known_hash: str) -> Path:
    raise OSError("Network is unreachable")


@pytest.mark.parametrize("module", [fashion_mnist, cifar10])
def test_without_files_and_network_every_place_and_the_way_out_are_named(
    module, tmp_path: Path
) -> None:
    places = (tmp_path / "here", tmp_path / "there")
    with pytest.raises(DatasetUnavailableError) as caught:
        module.load(places, no_network)
    message = str(caught.value)
    for part in (*map(str, places), module.URL, "Network is unreachable", "BITPARETO_DATA_DIR"):
        assert part in message


def test_downloads_are_asked_for_by_published_hash() -> None:
    asked: dict[str, str] = {}

    def fetch(url: str, known_hash: str) -> Path:
        asked[url] = known_hash
        raise OSError if len(asked) == 1 else AssertionError

    with pytest.raises(DatasetUnavailableError):
        cifar10.load((), fetch)
    assert asked == {
        "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz": (
            "md5:c32a1d4ab5d03f1284b67883e8d87530"
        )
    }


def write_idx(path: Path, array: np.ndarray) -> None:
    head = bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape)
    path.write_bytes(gzip.compress(head + array.tobytes(), compresslevel=1))


def test_fashion_mnist_files_in_a_folder_are_split(tmp_path: Path) -> None:
    facts = DATASETS["fashion-mnist"]
    rng = np.random.default_rng(0)
    for prefix, n in (("train", 60_000), ("t10k", 10_000)):
        # two grey levels with the right mean and deviation, each image marked by its number
        some = np.where(rng.random((500, 28, 28)) < 0.396, np.uint8(184), np.uint8(0))
        images = np.resize(some, (n, 28, 28))
        images[:, 0, 0], images[:, 0, 1] = np.arange(n) // 256, np.arange(n) % 256
        write_idx(tmp_path / f"{prefix}-images-idx3-ubyte.gz", images)
        write_idx(tmp_path / f"{prefix}-labels-idx1-ubyte.gz", (np.arange(n) % 10).astype(np.uint8))
    dataset = fashion_mnist.load((tmp_path / "empty", tmp_path), no_network)
    numbers = [
        s.images[:, 0, 0, 0].astype(int) * 256 + s.images[:, 0, 0, 1]
        for s in (dataset.train, dataset.validation)
    ]
    assert [len(n) for n in numbers] == [facts.n_train, facts.n_validation]
    assert len(np.unique(np.concatenate(numbers))) == 60_000
    for n, split in zip(numbers, (dataset.train, dataset.validation), strict=True):
        assert np.array_equal(n % 10, split.labels)


def test_the_environment_names_folders(tmp_path: Path) -> None:
    assert data_dirs({"BITPARETO_DATA_DIR": str(tmp_path)}) == (tmp_path,)
    assert cache_dir({"BITPARETO_CACHE_DIR": "/c", "XDG_CACHE_HOME": "/x"}) == Path("/c")
    assert cache_dir({"XDG_CACHE_HOME": "/x"}) == Path("/x/bitpareto")
    assert cache_dir({}) == Path.home() / ".cache/bitpareto"


def test_a_folder_beside_the_working_directory_is_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    assert data_dirs({}) == ()
    (tmp_path / "shared/data").mkdir(parents=True)
    assert data_dirs({}) == (tmp_path / "shared/data",)


@pytest.mark.skipif(
    not fashion_mnist.DEBIAN_DIR.is_dir(), reason="dataset-fashion-mnist is not installed"
)
def test_the_debian_package_is_the_published_data() -> None:
    dataset = fashion_mnist.load((fashion_mnist.DEBIAN_DIR,), no_network)
    assert np.bincount(dataset.validation.labels).tolist() == [500] * 10
    assert dataset.data_hash.hex() == "a5c25b25156bd5d0c8799e4252484cc5"


@pytest.mark.skipif(
    not any((d / "cifar10").is_dir() for d in data_dirs()), reason="no CIFAR-10 in the data folder"
)
def test_the_shared_cifar10_is_what_its_description_says() -> None:
    folder = next(d / "cifar10" for d in data_dirs() if (d / "cifar10").is_dir())
    # the test file alone: decoding all 60,000 images takes several seconds
    split = read_parquet(folder / "test-00000-of-00001.parquet", (3, 32, 32))
    assert np.bincount(split.labels).tolist() == [1000] * 10
    assert split.labels[:10].tolist() == [3, 8, 8, 0, 6, 6, 1, 6, 3, 1]  # cat, ship, ship, plane
    mean = split.images.mean(axis=(0, 2, 3)) / 255
    np.testing.assert_allclose(mean, DATASETS["cifar10"].mean, atol=0.01)
