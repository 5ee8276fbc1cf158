"""Up to where the log of all searches can be read without missing anything (ADR 14)."""

from typing import TYPE_CHECKING

from search.store import Store

if TYPE_CHECKING:
    from search.event_log import LogMark


class SettledLog:
    """Remembers a mark until every transaction that was at work when it was made has ended.

    Two transactions may commit in another order than that in which their events drew ids; what is
    up to a settled mark does not change any more.

    Args:
        store: Of all projects.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pending: LogMark | None = None

    @property
    def waits(self) -> bool:
        """Whether there is a mark that was not settled when it was last asked for."""
        return self._pending is not None

    def up_to(self, after: int) -> int | None:
        """Return the newest id that is settled, if it is beyond ``after``."""
        if self._pending is None or self._pending.newest <= after:
            with self._store.read() as uow:
                self._pending = uow.events.mark(after)
        if self._pending is None:
            return None
        with self._store.read() as uow:  # another transaction, so that the mark's own has ended
            return self._pending.newest if uow.events.settled(self._pending) else None
