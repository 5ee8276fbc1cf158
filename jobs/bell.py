"""The sender: rings a worker, and never lets a broken broker fail the caller."""

import logging
from typing import Final

from celery import Celery
from kombu.exceptions import OperationalError

from jobs.messages import ADVANCE, REFINE, RING_HEADER, TRAIN, Ring, payload_of, ring_name

logger = logging.getLogger(__name__)

_RING_LASTS_S: Final = 60
"""A ring unanswered for this long is void; the sweeper rang again by then, so queues stay short."""


class CeleryBell:
    """Implements ``search.ports.Bell`` over Celery; call it after the commit, never before."""

    def __init__(self, app: Celery) -> None:
        self._app = app

    def advance(self, search_id: str) -> None:
        """Ask an optimize worker to top up a search."""
        self._ring(ADVANCE, search_id)

    def train(self, trial_id: str, times_passed: int = 0) -> None:
        """Ask a train worker to run a trial; ``times_passed`` by workers that were not able to."""
        self._ring(TRAIN, trial_id, times_passed)

    def refine(self, search_id: str) -> None:
        """Ask a train worker to measure the front on the test split."""
        self._ring(REFINE, search_id)

    def _ring(self, ring: Ring, subject_id: str, times_passed: int = 0) -> None:
        try:
            self._app.send_task(
                ring.task,
                kwargs={"payload": payload_of(ring, subject_id, times_passed)},
                queue=ring.queue,
                headers={RING_HEADER: ring_name(ring, subject_id)},
                expires=_RING_LASTS_S,
                retry=False,
            )
        except OperationalError as error:
            logger.warning(
                "could not ring %s for %s, the sweeper will: %s", ring.task, subject_id, error
            )
