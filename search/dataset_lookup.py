"""Which data set a request names, and which one a search has."""

from typing import Final

from search.datasets import DATASETS, DatasetFacts
from search.entities import Search
from search.errors import FieldProblem
from search.store import Store, UnitOfWork

_SHOWN: Final = 50
"""Names that a refusal lists."""


def facts_of(uow: UnitOfWork, search: Search) -> DatasetFacts:
    """Return the facts of a search's data set, also of one that was deleted."""
    if search.dataset_id is None:
        return DATASETS[search.dataset]
    return uow.datasets.get(search.dataset_id).facts


def named_dataset(store: Store, reference: str) -> DatasetFacts | FieldProblem:
    """Return what a request names, by name or id, or the problem that there is none.

    Args:
        store: As the project of the request sees it.
        reference: As written.
    """
    if reference in DATASETS:
        return DATASETS[reference]
    with store.read() as uow:
        found = uow.datasets.find(reference)
        names = [] if found else [each.name for each in uow.datasets.page(_SHOWN)]
    if found is not None:
        return found.facts
    detail = f"{reference!r} is not a data set of this server"
    return FieldProblem("/dataset", "unknown_dataset", detail, (*DATASETS, *names))
