"""Keeping data sets of users', and taking them away."""

import re
from typing import Final

from search.datasets import DATASETS, UploadedDataset
from search.entities import Search
from search.errors import (
    DatasetGoneError,
    DatasetInUseError,
    FieldProblem,
    InvalidRequestError,
    NameTakenError,
    NotFoundError,
)
from search.store import UnitOfWork

ID_PREFIX: Final = "dts_"
LONGEST_NAME: Final = 64
_NAME: Final = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{LONGEST_NAME - 1}}}")


def check_name(name: str) -> None:
    """Check the name of a new data set.

    Raises:
        InvalidRequestError: If it cannot be one.
        NameTakenError: If a built-in data set has it.
    """
    if not _NAME.fullmatch(name) or name.startswith(ID_PREFIX):
        detail = f"{name!r} cannot name a data set"
        allowed = (f"1 to {LONGEST_NAME} of A-Z a-z 0-9 . _ -, not beginning with . _ - or dts_",)
        raise InvalidRequestError([FieldProblem("?name", "bad_name", detail, allowed)])
    if name in DATASETS:
        raise NameTakenError("data set", name)


def add_dataset(uow: UnitOfWork, dataset: UploadedDataset) -> UploadedDataset:
    """Store a checked data set whose files are in the artifact store.

    Returns:
        It, or the one that holds the very same already, under whatever name.

    Raises:
        NameTakenError: If another one has its name.
    """
    known = uow.datasets.of_content(dataset.sha256)
    if known is not None:
        return known
    if not uow.datasets.add(dataset):
        known = uow.datasets.of_content(dataset.sha256)  # of two at once, the first
        if known is None:
            raise NameTakenError("data set", dataset.name)
        return known
    return dataset


def delete_dataset(uow: UnitOfWork, reference: str) -> UploadedDataset:
    """Take a data set away; its files go with the next collection of the sweeper.

    What searches that have ended need of it stays: its facts, by which their networks are
    understood. They cannot be extended any more, and nor can their trials be replicated.

    Raises:
        NotFoundError: If there is none of this name or id.
        DatasetInUseError: If a search that has not ended uses it.
    """
    found = uow.datasets.find(reference)
    if found is None:
        raise NotFoundError("data set", reference)
    found = uow.datasets.lock(found.id)
    if found.is_deleted:
        raise NotFoundError("data set", reference)
    if at_work := uow.datasets.unfinished_searches(found.id):
        raise DatasetInUseError(found.name, at_work)
    uow.datasets.remove(found.id)
    return found


def hold_dataset(uow: UnitOfWork, dataset_id: str | None) -> None:
    """Keep a data set from being deleted until the transaction ends.

    Raises:
        InvalidRequestError: If it was deleted since the request was checked.
    """
    if dataset_id is None:
        return
    try:
        held = uow.datasets.lock(dataset_id)
    except NotFoundError:
        held = None
    if held is None or held.is_deleted:
        detail = "the data set was deleted just now"
        raise InvalidRequestError([FieldProblem("/dataset", "unknown_dataset", detail)])


def require_data(uow: UnitOfWork, search: Search) -> None:
    """Make sure that trials of a search could still be trained, and hold its data set.

    Raises:
        DatasetGoneError: If its data set was deleted.
    """
    if search.dataset_id is not None and uow.datasets.lock(search.dataset_id).is_deleted:
        raise DatasetGoneError(search.id, search.dataset)
