"""What ``/searches`` may be asked for."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Query

from api.pages import TEXT
from bitpareto.types.searches import SearchState as WireState
from search.errors import FieldProblem, InvalidRequestError
from search.filters import SearchFilter
from search.states import SearchState


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
) -> SearchFilter:
    """Return what the query asks for."""
    return SearchFilter(
        states=frozenset(SearchState(value) for value in state or ()),
        dataset=dataset,
        name=name,
        created_after=utc("created_after", created_after),
        created_before=utc("created_before", created_before),
    )


FilterDep = Annotated[SearchFilter, Depends(get_filter)]


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
