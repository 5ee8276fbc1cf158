"""Queries of filtered and sorted lists; every page starts where its cursor says, by key."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select

from db.tables import SearchRow, TrialRow
from search.filters import SearchFilter, TrialFilter, TrialOrder, TrialPosition


def searches_query(kept: SearchFilter, before_id: str | None) -> Select[SearchRow]:
    """Return the query of searches, newest first (ids sort by time)."""
    query = select(SearchRow).where(*_search_conditions(kept)).order_by(SearchRow.id.desc())
    return query if before_id is None else query.where(SearchRow.id < before_id)


def _search_conditions(kept: SearchFilter) -> Iterator[ColumnElement[bool]]:
    if kept.states:
        yield SearchRow.state.in_(sorted(kept.states))
    if kept.dataset is not None:
        yield SearchRow.dataset == kept.dataset
    if kept.name is not None:
        yield SearchRow.name.icontains(kept.name, autoescape=True)
    if kept.created_after is not None:
        yield SearchRow.created_at >= kept.created_after
    if kept.created_before is not None:
        yield SearchRow.created_at < kept.created_before


def trials_query(
    search_id: str, kept: TrialFilter, order: TrialOrder, after: TrialPosition | None
) -> Select[TrialRow]:
    """Return the query of a search's trials."""
    query = select(TrialRow).where(TrialRow.search_id == search_id, *_trial_conditions(kept))
    if order.key == "number":
        number = TrialRow.number
        if after is not None:
            query = query.where(
                number < after.number if order.descending else number > after.number
            )
        return query.order_by(number.desc() if order.descending else number)
    column: Any = {"size_bytes": TrialRow.size_bytes, "accuracy": TrialRow.accuracy}[order.key]
    if after is not None:
        query = query.where(_beyond(column, order, after))
    key = column.desc() if order.descending else column.asc()
    return query.order_by(key.nulls_last(), TrialRow.number)


def _beyond(column: Any, order: TrialOrder, after: TrialPosition) -> ColumnElement[bool]:
    later_number = TrialRow.number > after.number
    if after.value is None:
        return and_(column.is_(None), later_number)
    further = column < after.value if order.descending else column > after.value
    return or_(further, and_(column == after.value, later_number), column.is_(None))


def _trial_conditions(kept: TrialFilter) -> Iterator[ColumnElement[bool]]:
    if kept.states:
        yield TrialRow.state.in_(sorted(kept.states))
    if kept.outcome is not None:
        yield TrialRow.outcome == kept.outcome
    if kept.on_front is not None:
        yield TrialRow.on_front == kept.on_front
    if kept.min_size_bytes is not None:
        yield TrialRow.size_bytes >= kept.min_size_bytes
    if kept.max_size_bytes is not None:
        yield TrialRow.size_bytes <= kept.max_size_bytes
    if kept.min_accuracy is not None:
        yield TrialRow.accuracy >= kept.min_accuracy
    if kept.max_accuracy is not None:
        yield TrialRow.accuracy <= kept.max_accuracy
