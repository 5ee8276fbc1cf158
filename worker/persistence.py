"""Writes that must not be lost to a store that is busy for a moment."""

import logging
import time
from collections.abc import Callable
from typing import Final, TypeVar

from search.errors import StoreBusyError
from search.store import Store, UnitOfWork

logger = logging.getLogger(__name__)

T = TypeVar("T")

_PAUSES_S: Final = (0.5, 1.0, 2.0, 4.0)


def persist(store: Store, change: Callable[[UnitOfWork], T]) -> T:
    """Run a change in a write transaction of its own, again while the store is busy.

    The last ``StoreBusyError`` is raised; the lease then expires and the trial runs once more,
    from its last checkpoint.
    """
    for pause_s in _PAUSES_S:
        try:
            with store.begin() as uow:
                return change(uow)
        except StoreBusyError as error:
            logger.warning("the store is busy, trying again: %s", error)
            time.sleep(pause_s)
    with store.begin() as uow:
        return change(uow)
