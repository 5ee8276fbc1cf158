"""A process that starts while its database restarts waits for it."""

import logging
import time
from collections.abc import Callable
from typing import Final, TypeVar

from search.errors import StoreBusyError

logger = logging.getLogger(__name__)

T = TypeVar("T")

PATIENCE_S: Final = 60.0
"""A restart takes seconds; after a minute whoever started the process should hear of it."""
_PAUSE_S: Final = 0.5


def patiently(start: Callable[[], T], *, patience_s: float = PATIENCE_S) -> T:
    """Return what ``start`` returns, trying again while the database does not answer.

    Raises:
        StoreBusyError: If it has not answered for ``patience_s`` seconds.
    """
    deadline = time.monotonic() + patience_s
    while True:
        try:
            return start()
        except StoreBusyError as error:
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                raise
            logger.warning("waiting up to %.0f s more: %s", left_s, error)
        time.sleep(_PAUSE_S)
