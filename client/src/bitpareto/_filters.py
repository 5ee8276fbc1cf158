"""What the arguments of lists mean as query parameters."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from bitpareto._calls import Param
from bitpareto.sizes import Size, parse_size


def search_filters(
    state: str | Sequence[str] | None,
    dataset: str | None,
    name: str | None,
    created_after: datetime | None,
    created_before: datetime | None,
    comparable_with: str | None,
    sort: str | None,
) -> Mapping[str, Param | None]:
    """Return the query parameters of a list of searches; a time without a zone is local."""
    return {
        "state": state,
        "dataset": dataset,
        "name": name,
        "created_after": _time(created_after),
        "created_before": _time(created_before),
        "comparable_with": comparable_with,
        "sort": sort,
    }


def audit_filters(
    user: str | None,
    operation: str | None,
    object_id: str | None,
    after: datetime | None,
    before: datetime | None,
) -> Mapping[str, Param | None]:
    """Return the query parameters of the audit log; a time without a zone is local."""
    return {
        "user": user,
        "operation": operation,
        "object_id": object_id,
        "after": _time(after),
        "before": _time(before),
    }


def trial_filters(
    state: str | Sequence[str] | None,
    outcome: str | None,
    on_front: bool | None,
    min_size: Size | None,
    max_size: Size | None,
    min_accuracy: float | None,
    max_accuracy: float | None,
    sort: str | None,
) -> Mapping[str, Param | None]:
    """Return the query parameters of a list of trials."""
    return {
        "state": state,
        "outcome": outcome,
        "on_front": on_front,
        "min_size_bytes": None if min_size is None else parse_size(min_size),
        "max_size_bytes": None if max_size is None else parse_size(max_size),
        "min_accuracy": min_accuracy,
        "max_accuracy": max_accuracy,
        "sort": sort,
    }


def _time(time: datetime | None) -> str | None:
    return None if time is None else time.astimezone().isoformat()
