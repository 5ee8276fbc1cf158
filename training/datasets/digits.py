"""scikit-learn's digits: 1,797 images of 8x8, part of its wheel, so always there."""

import numpy as np
from sklearn.datasets import load_digits

from search.datasets import DATASETS
from training.datasets.dataset import Dataset, Split, make_dataset
from training.stratify import stratified_split


def load() -> Dataset:
    """Scale the 17 grey levels to bytes and deal the images into stratified splits."""
    facts = DATASETS["digits"]
    bunch = load_digits()
    # rint(v * 255 / 16) for the levels v = 0..16
    images = np.rint(bunch.images * (255 / 16)).astype(np.uint8)[:, np.newaxis]  # (N, 1, 8, 8)
    everything = Split(images=images, labels=bunch.target.astype(np.int64))
    sizes = (facts.n_train, facts.n_validation, facts.n_test)
    train, validation, test = stratified_split(everything.labels, sizes)
    return make_dataset(
        facts,
        train=everything.take(train),
        validation=everything.take(validation),
        test=everything.take(test),
    )
