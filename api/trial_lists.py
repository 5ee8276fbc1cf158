"""What ``/trials`` may be asked for: filters, orders, and cursors that fit the order."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Final, Literal, get_args

from fastapi import Depends, Query

from api.mapping import trial_to_wire
from api.pages import MAX_LIMIT, TEXT, bad_cursor, decode_cursor, encode_cursor
from api.trial_exports import BATCH, NDJSON
from api.waiting import Waiting
from bitpareto.types import Trial as WireTrial
from bitpareto.types.trials import TrialSort
from bitpareto.types.trials import TrialState as WireState
from search.entities import Search, Trial
from search.filters import TrialFilter, TrialKey, TrialOrder, TrialPosition
from search.states import TrialState
from search.store import UnitOfWork

_MOST: Final = 2**63 - 1
_MOST_NUMBER: Final = 2**31 - 1
_Size = Annotated[int | None, Query(ge=0, le=_MOST)]
_Accuracy = Annotated[float | None, Query(ge=0, le=1, allow_inf_nan=False)]

SortQuery = Annotated[
    TrialSort,
    Query(description="`-` puts the largest first; ties go by number, trials without it last."),
]


TrialLimitQuery = Annotated[
    int | None,
    Query(ge=1, le=MAX_LIMIT, description="Items per page, by default 50; exports have no bound."),
]
TrialFormat = Literal["json", "ndjson", "csv", "parquet"]
FormatQuery = Annotated[
    TrialFormat | None,
    Query(alias="format", description="`json` is a page, the others all trials; wins over Accept."),
]


def get_filter(
    state: Annotated[
        list[WireState] | None, Query(description="Only these states; may be repeated.")
    ] = None,
    outcome: Annotated[
        str | None, Query(max_length=32, pattern=TEXT, description="Such as `diverged`.")
    ] = None,
    on_front: Annotated[bool | None, Query(description="On the front now, or not.")] = None,
    min_size_bytes: _Size = None,
    max_size_bytes: _Size = None,
    min_accuracy: _Accuracy = None,
    max_accuracy: _Accuracy = None,
) -> TrialFilter:
    """Return what the query asks for; bounds are inclusive."""
    return TrialFilter(
        states=frozenset(TrialState(name) for name in state or ()),
        outcome=outcome,
        on_front=on_front,
        min_size_bytes=min_size_bytes,
        max_size_bytes=max_size_bytes,
        min_accuracy=min_accuracy,
        max_accuracy=max_accuracy,
    )


FilterDep = Annotated[TrialFilter, Depends(get_filter)]


@dataclass(frozen=True, slots=True)
class AskedTrials:
    """What a request asks for; requests that ask for the same are equal."""

    search_id: str
    kept: TrialFilter
    sort: TrialSort
    fields: str | None
    limit: int | None
    cursor: str | None


def format_of(accept: str | None) -> TrialFormat:
    """Return the format that ``Accept`` asks for first; what is not known asks for a page.

    Example:
        >>> format_of("text/html, text/csv;q=0.9"), format_of("*/*"), format_of(None)
        ('csv', 'json', 'json')
    """
    known: dict[str, TrialFormat] = {
        "application/json": "json",
        NDJSON: "ndjson",
        "text/csv": "csv",
        "application/vnd.apache.parquet": "parquet",
    }
    asked = (part.partition(";")[0].strip().lower() for part in (accept or "").split(","))
    return next((known[type_] for type_ in asked if type_ in known), "json")


def all_trials(
    uow: UnitOfWork,
    search: Search,
    kept: TrialFilter,
    sort: TrialSort,
    after: TrialPosition | None,
    waiting: Waiting,
) -> Iterator[WireTrial]:
    """Yield all trials after a position, read some at a time."""
    while True:
        found = uow.trials.page(search.id, BATCH, after, kept=kept, order=order_of(sort))
        artifacts = uow.artifacts.of_trials([trial.id for trial in found])
        for trial in found:
            waits = waiting.of_trial(uow, trial, search)
            yield trial_to_wire(trial, artifacts.get(trial.id), waits)
        if len(found) < BATCH:
            return
        after = position_of(sort, trial_cursor(sort, found[-1]))


def order_of(sort: TrialSort) -> TrialOrder:
    """Return the order that ``sort`` means."""
    keys: dict[str, TrialKey] = {key: key for key in get_args(TrialKey)}
    return TrialOrder(key=keys[sort.removeprefix("-")], descending=sort.startswith("-"))


def trial_cursor(sort: TrialSort, last: Trial) -> str:
    """Return the cursor that goes on after a trial."""
    if sort.endswith("number"):
        return encode_cursor(str(last.number))
    value = {"size_bytes": last.costs.get, "accuracy": last.metrics.get}[_key(sort)](_key(sort))
    return encode_cursor(f"{sort} {value!r} {last.number}")


def _key(sort: TrialSort) -> Literal["size_bytes", "accuracy"]:
    return "size_bytes" if sort.endswith("size_bytes") else "accuracy"


def position_of(sort: TrialSort, cursor: str | None) -> TrialPosition | None:
    """Return where a cursor points.

    Raises:
        InvalidRequestError: If this server made no such cursor for this order.
    """
    text = decode_cursor(cursor)
    if text is None:
        return None
    if sort.endswith("number"):
        return TrialPosition(value=None, number=_number(text))
    found_sort, _, rest = text.partition(" ")
    value, _, number = rest.partition(" ")
    if found_sort != sort:
        raise bad_cursor()
    return TrialPosition(value=_value(value), number=_number(number))


def _number(text: str) -> int:
    # a number beyond the column's type would be the database's error
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(_MOST_NUMBER)):
        raise bad_cursor()
    return min(int(text), _MOST_NUMBER)


def _value(text: str) -> float | None:
    if text == "None":
        return None
    try:
        value = float(text)
    except ValueError:
        raise bad_cursor() from None
    if not math.isfinite(value):
        raise bad_cursor()
    return int(value) if value.is_integer() and abs(value) < _MOST else value
