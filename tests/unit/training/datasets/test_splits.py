import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.stratify import stratified_split


@given(
    labels=st.lists(st.integers(0, 4), min_size=20, max_size=200),
    first=st.integers(0, 10),
    second=st.integers(0, 10),
    seed=st.integers(0, 99),
)
def test_splits_are_disjoint_ascending_and_of_the_sizes_asked_for(
    labels: list[int], first: int, second: int, seed: int
) -> None:
    splits = stratified_split(np.array(labels), (first, second), seed=seed)
    assert [len(s) for s in splits] == [first, second]
    together = np.concatenate(splits)
    assert len(set(together.tolist())) == first + second
    assert all(np.all(np.diff(s) > 0) for s in splits)


@given(seed=st.integers(0, 99), counts=st.lists(st.integers(20, 60), min_size=2, max_size=5))
def test_every_class_has_its_share(seed: int, counts: list[int]) -> None:
    labels = np.repeat(np.arange(len(counts)), counts)
    n = len(labels) // 3
    (split,) = stratified_split(labels, (n,), seed=seed)
    share = np.bincount(labels[split], minlength=len(counts))
    assert np.all(np.abs(share - n * np.array(counts) / len(labels)) <= 1.5)


def test_a_balanced_set_is_split_exactly() -> None:
    labels = np.tile(np.arange(10), 100)
    (split,) = stratified_split(labels, (250,))
    assert np.bincount(labels[split]).tolist() == [25] * 10


def test_the_seed_decides() -> None:
    labels = np.tile(np.arange(10), 100)
    splits = [stratified_split(labels, (100,), seed=seed)[0] for seed in (1, 1, 2)]
    assert np.array_equal(splits[0], splits[1])
    assert not np.array_equal(splits[0], splits[2])


def test_more_than_there_is_cannot_be_had() -> None:
    with pytest.raises(ValueError, match="11 images asked for"):
        stratified_split(np.zeros(10, np.int64), (6, 5))
