"""Notices a request to stop, for processes that run a loop of their own."""

import signal
import time
from types import FrameType
from typing import Final

_TICK_S: Final = 0.1


class StopSignals:
    """Counts Ctrl-C, termination and a closed terminal.

    A plain number, because a handler that sets a ``threading.Event`` can find its lock taken by
    the very code it interrupted.
    """

    def __init__(self) -> None:
        self.received = 0
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._count)

    def sleep(self, seconds: float) -> None:
        """Sleep, but not past a signal."""
        end, before = time.monotonic() + seconds, self.received
        while self.received == before and (left := end - time.monotonic()) > 0:
            time.sleep(min(_TICK_S, left))

    def _count(self, _number: int, _frame: FrameType | None) -> None:
        self.received += 1
