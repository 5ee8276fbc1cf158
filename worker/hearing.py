"""Notices that a worker no longer hears its broker, and has it connect again.

Celery's Redis consumer can outlive its connection without noticing: when Redis goes away in the
moment in which a message is acknowledged, the process stays up and hears nothing more
(github.com/celery/celery, issues 8030 and 8091). The database knows better: what was rung lately
and still waits should have been heard.
"""

import logging
import time
from datetime import timedelta
from typing import Any, Final

from celery import bootsteps
from typing_extensions import override

from jobs.messages import TRAIN_QUEUE
from search.errors import StoreBusyError
from search.store import Store

logger = logging.getLogger(__name__)

CHECK_S: Final = 2.0


class Hearing:
    """When a worker heard its broker last.

    Attributes:
        patience_s: Silence after which a worker that was rung is taken for deaf.
    """

    def __init__(self, store: Store, queue: str, patience_s: float) -> None:
        self._store = store
        self._queue = queue
        self.patience_s = patience_s
        self.heard()

    def heard(self) -> None:
        """Note that a message came, or that its task has ended."""
        self._heard = time.monotonic()

    def is_deaf(self) -> bool:
        """Whether something was rung since the last message, and still waits."""
        silence_s = time.monotonic() - self._heard
        if silence_s < self.patience_s:
            return False
        try:
            return self._rung_within(silence_s)
        except StoreBusyError:
            return False  # without the database there is nothing to work on either

    def _rung_within(self, seconds: float) -> bool:
        now = self._store.now()
        since = now - timedelta(seconds=seconds)
        with self._store.read() as uow:
            if self._queue == TRAIN_QUEUE:
                all_, earlier = uow.trials.unclaimed(now), uow.trials.unclaimed(since)
                return len(all_) > len(earlier)
            return len(uow.searches.unfinished(now)) > len(uow.searches.unfinished(since))


def hearing_step(hearing: Hearing) -> type[bootsteps.StartStopStep]:
    """Return a step of Celery's consumer that breaks a connection on which nothing is heard."""

    class HearingStep(bootsteps.StartStopStep):  # type: ignore[misc]  # Celery has no types
        requires = ("celery.worker.consumer.tasks:Tasks",)

        @override
        def start(self, parent: Any) -> None:
            # without an event loop (the embedded transport) messages are polled for
            if parent.hub is not None:
                hearing.heard()
                parent.hub.timer.call_repeatedly(CHECK_S, _check, (hearing, parent))

    return HearingStep


def _check(hearing: Hearing, consumer: Any) -> None:
    """Raise what Celery takes for a lost connection, so that it connects again."""
    if hearing.is_deaf():
        hearing.heard()
        logger.warning("rung for %.0f s and heard nothing: connecting again", hearing.patience_s)
        raise consumer.connection_errors[0]("nothing was heard")
