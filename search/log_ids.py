"""The ids of what a process is working on, for every line it logs meanwhile."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

_ids: ContextVar[dict[str, str | int] | None] = ContextVar("bitpareto_log_ids", default=None)


@contextmanager
def log_ids(**ids: str | int) -> Iterator[None]:
    """Add ids to every line logged inside; a new thread needs a copy of the context."""
    token = _ids.set({**(_ids.get() or {}), **ids})
    try:
        yield
    finally:
        _ids.reset(token)


def present_ids() -> Mapping[str, str | int]:
    """Return the ids of the work in hand."""
    return _ids.get() or {}
