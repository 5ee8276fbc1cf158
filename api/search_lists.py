"""What ``/searches`` may be asked for."""

from datetime import UTC, datetime
from typing import Annotated, get_args

from fastapi import Depends, Query

from api.pages import TEXT, bad_cursor, decode_cursor, encode_cursor
from bitpareto.types.searches import SearchSort
from bitpareto.types.searches import SearchState as WireState
from search.errors import FieldProblem, InvalidRequestError
from search.filters import SearchFilter, SearchKey, SearchOrder
from search.states import SearchState

SortQuery = Annotated[
    SearchSort,
    Query(description="`-` puts the largest first; searches without a value come last."),
]


def get_filter(
    state: Annotated[
        list[WireState] | None, Query(description="Only these states; may be repeated.")
    ] = None,
    dataset: Annotated[str | None, Query(max_length=100, pattern=TEXT)] = None,
    name: Annotated[
        str | None,
        Query(max_length=200, pattern=TEXT, description="A part of the name, in whatever case."),
    ] = None,
    created_after: Annotated[
        datetime | None, Query(description="Inclusive; UTC unless it says otherwise.")
    ] = None,
    created_before: Annotated[
        datetime | None, Query(description="Exclusive; UTC unless it says otherwise.")
    ] = None,
    comparable_with: Annotated[
        str | None,
        Query(
            max_length=40,
            pattern=TEXT,
            description="Id of a search: the others of the same data set, space, objectives, "
            "budgets, hardware and reference point, so that hypervolumes compare.",
        ),
    ] = None,
) -> SearchFilter:
    """Return what the query asks for."""
    return SearchFilter(
        states=frozenset(SearchState(value) for value in state or ()),
        dataset=dataset,
        name=name,
        created_after=utc("created_after", created_after),
        created_before=utc("created_before", created_before),
        comparable_with=comparable_with,
    )


FilterDep = Annotated[SearchFilter, Depends(get_filter)]


def order_of(sort: SearchSort) -> SearchOrder:
    """Return the order that ``sort`` means."""
    keys: dict[str, SearchKey] = {key: key for key in get_args(SearchKey)}
    return SearchOrder(key=keys[sort.removeprefix("-")], descending=sort.startswith("-"))


def search_cursor(sort: SearchSort, last_id: str) -> str:
    """Return the cursor that goes on after a search."""
    return encode_cursor(last_id if sort == "-created_at" else f"{sort} {last_id}")


def search_after(sort: SearchSort, cursor: str | None) -> str | None:
    """Return the id of the search that a cursor goes on after.

    Raises:
        InvalidRequestError: If this server made no such cursor for this order.
    """
    text = decode_cursor(cursor)
    if text is None or sort == "-created_at":
        if text is not None and " " in text:
            raise bad_cursor()
        return text
    found_sort, _, last_id = text.partition(" ")
    if found_sort != sort:
        raise bad_cursor()
    return last_id


def utc(name: str, time: datetime | None) -> datetime | None:
    """Return a time of the query in UTC.

    Raises:
        InvalidRequestError: If it has none.
    """
    if time is None:
        return None
    try:
        return time.replace(tzinfo=time.tzinfo or UTC).astimezone(UTC)
    except OverflowError:
        detail = "not a time between the years 1 and 9999 in UTC"
        raise InvalidRequestError([FieldProblem(f"?{name}", "out_of_range", detail)]) from None
