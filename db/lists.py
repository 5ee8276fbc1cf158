"""Queries of filtered and sorted lists; every page starts where its cursor says, by key."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import aliased

from db.tables import SearchRow, TrialRow
from search.filters import SearchFilter, SearchOrder, TrialFilter, TrialOrder, TrialPosition


def searches_query(
    kept: SearchFilter, order: SearchOrder, after_id: str | None
) -> Select[SearchRow]:
    """Return the query of searches; ids sort by the time of creation."""
    query = select(SearchRow).where(*_search_conditions(kept))
    by_id = SearchRow.id.desc() if order.descending else SearchRow.id.asc()
    if order.key == "created_at":
        if after_id is not None:
            query = query.where(_past(SearchRow.id, order, after_id))
        return query.order_by(by_id)
    key = _search_key(SearchRow, order)
    if after_id is not None:
        query = query.where(_after_search(key, order, after_id))
    return query.order_by((key.desc() if order.descending else key.asc()).nulls_last(), by_id)


def _search_key(table: Any, order: SearchOrder) -> Any:
    column = getattr(table, order.key)
    return func.lower(column) if order.key == "name" else column


def _past(column: Any, order: SearchOrder, value: Any) -> ColumnElement[bool]:
    further: ColumnElement[bool] = column < value if order.descending else column > value
    return further


def _after_search(key: Any, order: SearchOrder, after_id: str) -> ColumnElement[bool]:
    last = aliased(SearchRow)
    value = select(_search_key(last, order)).where(last.id == after_id).scalar_subquery()
    later_id = _past(SearchRow.id, order, after_id)
    return or_(
        _past(key, order, value),
        and_(key == value, later_id),
        and_(key.is_(None), value.is_not(None)),
        and_(key.is_(None), value.is_(None), later_id),
    )


def _search_conditions(kept: SearchFilter) -> Iterator[ColumnElement[bool]]:
    if kept.states:
        yield SearchRow.state.in_(sorted(kept.states))
    if kept.dataset is not None:
        yield or_(SearchRow.dataset == kept.dataset, SearchRow.dataset_id == kept.dataset)
    if kept.name is not None:
        yield SearchRow.name.icontains(kept.name, autoescape=True)
    if kept.created_after is not None:
        yield SearchRow.created_at >= kept.created_after
    if kept.created_before is not None:
        yield SearchRow.created_at < kept.created_before
    if kept.comparable_with is not None:
        other = aliased(SearchRow)
        yield SearchRow.task_key == (
            select(other.task_key).where(other.id == kept.comparable_with).scalar_subquery()
        )
        yield SearchRow.id != kept.comparable_with


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
