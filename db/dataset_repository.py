"""Uploaded data sets in SQL; one is deleted when its row no longer has the address of a file."""

from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from db.inserts import insert_or_nothing
from db.scoping import project_of
from db.tables import DatasetRow, SearchRow
from search.access import DEFAULT_PROJECT
from search.datasets import DatasetFacts, UploadedDataset
from search.errors import NotFoundError
from search.states import TERMINAL_SEARCH_STATES

_LIVE: Final = DatasetRow.file_sha256.is_not(None)
_OF_ROW: Final = ("name", "id", "sha256")
"""Facts that are columns of their own."""


class SqlDatasets:
    """Implements ``search.store.DatasetRepository``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, dataset: UploadedDataset) -> bool:
        """Store a new one, unless one that is not deleted has its name or its content."""
        facts = {k: v for k, v in asdict(dataset.facts).items() if k not in _OF_ROW}
        values: dict[str, Any] = {
            "id": dataset.id,
            "name": dataset.name,
            "sha256": dataset.sha256,
            "file_sha256": dataset.sha256,
            "samples_sha256": dataset.samples_sha256,
            "size_bytes": dataset.size_bytes,
            "layout": dataset.layout,
            "facts": facts,
            "class_names": list(dataset.class_names),
            "dealt": list(dataset.dealt),
            "split_seed": dataset.split_seed,
            "created_at": dataset.created_at,
            # an insert by itself is beyond what narrows a session, so it names the project
            "project_id": project_of(self._session) or DEFAULT_PROJECT,
        }
        return insert_or_nothing(self._session, DatasetRow, values)

    def get(self, dataset_id: str) -> UploadedDataset:
        """Return one, also one that was deleted."""
        return self._one(dataset_id, lock=False)

    def lock(self, dataset_id: str) -> UploadedDataset:
        """Likewise, holding its row until the transaction ends."""
        return self._one(dataset_id, lock=True)

    def _one(self, dataset_id: str, *, lock: bool) -> UploadedDataset:
        query = select(DatasetRow).where(DatasetRow.id == dataset_id)
        if lock:
            query = query.with_for_update().execution_options(populate_existing=True)
        row = self._session.scalar(query)
        if row is None:
            raise NotFoundError("data set", dataset_id)
        return _to_dataset(row)

    def find(self, reference: str) -> UploadedDataset | None:
        """Return the one of this id or name that is not deleted, if any."""
        named = or_(DatasetRow.id == reference, DatasetRow.name == reference)
        return self._first(named)

    def of_content(self, sha256: str) -> UploadedDataset | None:
        """Return the one with this content that is not deleted, if any."""
        return self._first(DatasetRow.sha256 == sha256)

    def _first(self, condition: Any) -> UploadedDataset | None:
        row = self._session.scalar(select(DatasetRow).where(_LIVE, condition).limit(1))
        return None if row is None else _to_dataset(row)

    def page(self, limit: int, before_id: str | None = None) -> list[UploadedDataset]:
        """Return up to ``limit`` that are not deleted, newest first."""
        query = select(DatasetRow).where(_LIVE).order_by(DatasetRow.id.desc()).limit(limit)
        if before_id is not None:
            query = query.where(DatasetRow.id < before_id)
        return [_to_dataset(row) for row in self._session.scalars(query)]

    def unfinished_searches(self, dataset_id: str) -> list[str]:
        """Return the ids of searches on it that have not ended."""
        ended = [str(state) for state in TERMINAL_SEARCH_STATES]
        query = select(SearchRow.id).where(
            SearchRow.dataset_id == dataset_id, SearchRow.state.not_in(ended)
        )
        return list(self._session.scalars(query.order_by(SearchRow.id)))

    def remove(self, dataset_id: str) -> None:
        """Forget its files, and all of it where no search refers to it."""
        used = select(SearchRow.id).where(SearchRow.dataset_id == dataset_id).limit(1)
        this = DatasetRow.id == dataset_id
        if self._session.scalar(used) is None:
            self._session.execute(delete(DatasetRow).where(this))
            return
        gone = {"file_sha256": None, "samples_sha256": None}
        self._session.execute(update(DatasetRow).where(this).values(gone))


def _to_dataset(row: DatasetRow) -> UploadedDataset:
    stored: dict[str, Any] = {
        k: tuple(v) if isinstance(v, list) else v for k, v in row.facts.items()
    }
    facts = DatasetFacts(**stored, name=row.name, id=row.id, sha256=row.sha256)
    return UploadedDataset(
        id=row.id,
        facts=facts,
        sha256=row.sha256,
        samples_sha256=row.samples_sha256 or "",
        size_bytes=row.size_bytes,
        layout=row.layout,
        class_names=tuple(row.class_names),
        dealt=tuple(row.dealt),
        split_seed=row.split_seed,
        created_at=row.created_at,
        is_deleted=row.file_sha256 is None,
    )
