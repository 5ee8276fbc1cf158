import hashlib

import numpy as np
import pytest

from search.datasets import DATASETS
from training.datasets import LOADERS, Split, UnknownDatasetError, load_dataset
from training.datasets.dataset import make_dataset
from training.datasets.errors import DatasetFormatError


def test_every_listed_data_set_has_a_loader() -> None:
    assert set(LOADERS) == set(DATASETS)


def test_an_unknown_name_names_the_known_ones() -> None:
    with pytest.raises(UnknownDatasetError, match="cifar10, digits, fashion-mnist"):
        load_dataset("mnist")


def test_digits_are_bytes_in_three_disjoint_stratified_splits() -> None:
    digits = load_dataset("digits")
    facts = DATASETS["digits"]
    splits = (digits.train, digits.validation, digits.test)
    assert [len(s) for s in splits] == [facts.n_train, facts.n_validation, facts.n_test]
    assert set(np.unique(digits.train.images)) == {round(v * 255 / 16) for v in range(17)}
    assert digits.train.images.max() == 255
    shares = np.array([np.bincount(s.labels, minlength=10) / len(s) for s in splits])
    assert np.ptp(shares, axis=0).max() < 0.01
    images = np.concatenate([s.images.reshape(len(s), -1) for s in splits])
    assert len(images) == 1797


def test_digits_never_change() -> None:
    first, again = load_dataset("digits"), load_dataset("digits")
    assert first.data_hash == again.data_hash
    assert len(first.data_hash) == 16
    digest = hashlib.sha256(again.validation.labels.tobytes()).hexdigest()
    # the validation images of published results; a change makes accuracies incomparable
    assert digest.startswith("e352f51a1d6608c7")


def test_the_hash_sees_every_split() -> None:
    digits = load_dataset("digits")
    images = digits.test.images.copy()
    images[5, 0, 3, 3] ^= 1
    other = make_dataset(
        digits.facts,
        train=digits.train,
        validation=digits.validation,
        test=Split(images=images, labels=digits.test.labels),
    )
    assert other.data_hash != digits.data_hash


@pytest.mark.parametrize("damage", ["shape", "dtype", "labels", "brightness"])
def test_what_disagrees_with_the_facts_is_refused(damage: str) -> None:
    digits = load_dataset("digits")
    images, labels = digits.train.images, digits.train.labels
    if damage == "shape":
        images = images[:, :, :7]
    elif damage == "dtype":
        images = images.astype(np.float32)
    elif damage == "labels":
        labels = np.minimum(labels, 8)
    else:
        images = images // 16
    train = Split(images=images, labels=labels)
    with pytest.raises(DatasetFormatError):
        make_dataset(digits.facts, train=train, validation=digits.validation, test=digits.test)
