"""Uploaded data sets are kept, found, held and forgotten alike in every store."""

import threading
from dataclasses import replace

import pytest

from search.dataset_lookup import facts_of, named_dataset
from search.datasets import DATASETS, UploadedDataset
from search.errors import (
    DatasetGoneError,
    DatasetInUseError,
    FieldProblem,
    InvalidRequestError,
    NameTakenError,
    NotFoundError,
)
from search.store import Store
from search.use_cases.access import create_project
from search.use_cases.datasets import add_dataset, delete_dataset
from search.use_cases.extend import extend_search
from search.use_cases.searches import cancel_search
from search.use_cases.trials import replicate_trial
from tests.service import NOW, new_dataset, new_search, proposals, queue_trials

FLOWERS = new_dataset("flowers", "a" * 64)
SAME = new_dataset("blumen", "a" * 64)
OTHER = new_dataset("flowers", "b" * 64)


def add(store: Store, dataset: UploadedDataset) -> UploadedDataset:
    with store.begin() as uow:
        return add_dataset(uow, dataset)


def delete(store: Store, reference: str) -> None:
    with store.begin() as uow:
        delete_dataset(uow, reference)


def test_what_is_stored_comes_back(store: Store) -> None:
    assert add(store, FLOWERS) == FLOWERS
    second = add(store, new_dataset("second", "c" * 64))
    with store.read() as uow:
        assert uow.datasets.get(FLOWERS.id) == FLOWERS
        assert uow.datasets.find("flowers") == uow.datasets.find(FLOWERS.id) == FLOWERS
        assert uow.datasets.page(10) == [second, FLOWERS]
        assert uow.datasets.page(10, second.id) == [FLOWERS]
        assert uow.datasets.find("roses") is None
    assert named_dataset(store, "flowers") == FLOWERS.facts
    assert named_dataset(store, "digits") == DATASETS["digits"]
    unknown = named_dataset(store, "roses")
    assert isinstance(unknown, FieldProblem)
    assert unknown.allowed == (*DATASETS, "second", "flowers")


def test_content_is_there_once_and_a_name_is_ones_own(store: Store) -> None:
    add(store, FLOWERS)
    assert add(store, SAME) == FLOWERS
    with pytest.raises(NameTakenError):
        add(store, OTHER)
    with store.begin() as uow:
        create_project(uow, "second", NOW)
    elsewhere = store.of_project("second")
    assert add(elsewhere, replace(SAME, id="dts_2")).id == "dts_2"
    with elsewhere.read() as uow:
        assert uow.datasets.find("flowers") is None
        with pytest.raises(NotFoundError):
            uow.datasets.get(FLOWERS.id)


def test_of_two_uploads_at_once_one_is_kept(store: Store) -> None:
    barrier, kept = threading.Barrier(2), []

    def upload(dataset: UploadedDataset) -> None:
        barrier.wait()
        kept.append(add(store, dataset))

    threads = [threading.Thread(target=upload, args=(each,)) for each in (FLOWERS, SAME)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(kept) == 2
    assert kept[0] == kept[1]


def test_a_search_that_has_not_ended_keeps_its_data(store: Store) -> None:
    add(store, FLOWERS)
    search = new_search(store, dataset="flowers", dataset_id=FLOWERS.id)
    with pytest.raises(DatasetInUseError) as caught:
        delete(store, "flowers")
    assert caught.value.search_ids == (search.id,)
    (trial_id,) = queue_trials(store, search, proposals(1))
    with store.begin() as uow:
        cancel_search(uow, search.id, NOW)
    delete(store, FLOWERS.id)
    with pytest.raises(NotFoundError):
        delete(store, "flowers")
    with store.begin() as uow:
        assert facts_of(uow, search) == FLOWERS.facts
        assert uow.datasets.get(FLOWERS.id).is_deleted
        assert uow.datasets.find("flowers") is None
        assert uow.datasets.page(10) == []
        with pytest.raises(DatasetGoneError):
            extend_search(uow, search.id, trials=9, wall_time_s=0, now=NOW)
    with store.begin() as uow, pytest.raises(DatasetGoneError):
        replicate_trial(uow, trial_id, None, NOW)
    assert add(store, OTHER) == OTHER  # the name is free again
    with store.read() as uow:
        assert uow.searches.get(search.id).dataset_id == FLOWERS.id


def test_what_no_search_knows_leaves_nothing(store: Store) -> None:
    add(store, FLOWERS)
    delete(store, "flowers")
    with store.read() as uow, pytest.raises(NotFoundError):
        uow.datasets.get(FLOWERS.id)
    with pytest.raises(InvalidRequestError, match="deleted just now"):
        new_search(store, dataset="flowers", dataset_id=FLOWERS.id)


def test_files_of_what_is_kept_are_in_use(store: Store) -> None:
    add(store, FLOWERS)
    new_search(store, dataset="flowers", dataset_id=FLOWERS.id)
    addresses = {FLOWERS.sha256, FLOWERS.samples_sha256}
    with store.read() as uow:
        assert uow.leftovers.referenced(addresses) == addresses
    with store.begin() as uow:
        uow.datasets.remove(FLOWERS.id)
    with store.read() as uow:
        assert uow.leftovers.referenced(addresses) == set()
