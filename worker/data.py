"""The data set of a search, kept in memory for the next trial."""

from threading import Lock
from typing import Final

from search.dataset_lookup import facts_of
from search.entities import Search
from training.datasets import Dataset, load_dataset, load_stored
from worker.parts import Parts

_held: Final[dict[str, Dataset]] = {}
"""The last one, by what it is."""
_lock: Final = Lock()


def data_of(parts: Parts, search: Search) -> Dataset:
    """Return the data set of a search.

    Raises:
        DatasetError: If it is nowhere to be found, or damaged.
        ArtifactStoreUnavailableError: If it is an uploaded one and the store cannot be used.
        NotFoundError: If the store does not have it.
    """
    with parts.store.read() as uow:
        facts = facts_of(uow, search)
    with _lock:
        if facts.identity not in _held:
            _held.clear()
            sha256 = facts.sha256
            if sha256 is None:
                _held[facts.identity] = load_dataset(facts.name)
            else:
                _held[facts.identity] = load_stored(
                    facts, lambda path: parts.artifacts.fetch(sha256, path)
                )
        return _held[facts.identity]
