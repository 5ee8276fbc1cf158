"""Holding a trial: a thread renews the lease while the candidate trains."""

import contextvars
import logging
import math
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from types import TracebackType
from typing import Final, Self

from search.entities import Lease, Progress
from search.errors import NotFoundError, StaleLeaseError, StoreBusyError, TrialInterrupted
from search.use_cases.leases import heartbeat
from search.use_cases.results import report_all
from worker.parts import Parts

logger = logging.getLogger(__name__)

_RECORD_EVERY_S: Final = 0.5


class HeldTrial:
    """One attempt, as a context manager; ``report`` is what training calls after each epoch.

    The thread only ever notes that training must stop. ``report``, on the training's own thread,
    raises it: so training stops between epochs, with a checkpoint behind it.

    Epochs of a small network take milliseconds, so reports are recorded together, half a second's
    worth at a time, and the last ones with the result.
    """

    def __init__(self, parts: Parts, lease: Lease) -> None:
        self._parts = parts
        self._lease = lease
        self._interrupted_by: str | None = None
        self._over = threading.Event()
        self._reports: list[tuple[datetime, Progress]] = []
        self._recording = threading.Lock()
        self._recorded_s = -math.inf
        context = contextvars.copy_context()
        self._thread = threading.Thread(
            target=context.run, args=(self._beat,), name="heartbeat", daemon=True
        )

    def __enter__(self) -> Self:
        """Start renewing."""
        self._parts.identity.lease = self._lease
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop renewing."""
        self._over.set()
        self._thread.join()
        self._parts.identity.lease = None
        try:
            self._record()
        except (TrialInterrupted, StaleLeaseError, NotFoundError):
            logger.info("the last reports are nobody's any more")

    def report(self, progress: Progress) -> None:
        """Record progress, or stop the training.

        Raises:
            TrialInterrupted: ``cancelled``, ``paused``, ``stopped``, ``released`` or ``stale``.
        """
        if self._interrupted_by is not None:
            raise TrialInterrupted(self._interrupted_by)
        if self._parts.identity.drain.is_set():
            raise TrialInterrupted("released")
        logger.info("%s", _in_words(progress))
        with self._recording:
            self._reports.append((self._parts.now(), progress))
        # at a rung the trial may be stopped: what is trained meanwhile would be in vain
        at_rung = progress.probe_accuracy is not None
        if at_rung or time.monotonic() - self._recorded_s >= _RECORD_EVERY_S:
            try:
                self._record()
            except StaleLeaseError as error:
                raise TrialInterrupted("stale") from error
            if self._interrupted_by is not None:
                raise TrialInterrupted(self._interrupted_by)

    @contextmanager
    def last_reports(self) -> Iterator[Sequence[tuple[datetime, Progress]]]:
        """Hand over what is not recorded yet; a clean exit says that it is now."""
        with self._recording:
            yield self._reports
            self._reports = []

    def _record(self) -> None:
        with self.last_reports() as reports:
            if not reports:
                return
            self._recorded_s = time.monotonic()
            try:
                with self._parts.store.begin() as uow:
                    stopped = report_all(uow, self._lease, reports)
            except StoreBusyError as error:
                # a line of progress is worth less than the training
                logger.warning("progress was not recorded: %s", error)
                return
            if stopped:
                self._interrupted_by = "stopped"

    def _beat(self) -> None:
        settings = self._parts.settings
        while not self._over.wait(settings.heartbeat_s):
            try:
                # while the result is recorded, however long that takes, only the lease is renewed
                if not self._recording.locked():
                    self._record()
                with self._parts.store.begin() as uow:
                    heartbeat(uow, self._lease, self._parts.now(), settings.lease_s)
            except StaleLeaseError:
                self._interrupted_by = "stale"
                return
            except TrialInterrupted as interruption:
                self._interrupted_by = interruption.why
                return
            except StoreBusyError as error:
                # whether the lease outlives this is the store's to say, at the next beat
                logger.warning("the lease was not renewed: %s", error)


def _in_words(progress: Progress) -> str:
    words = f"{progress.phase} {progress.epoch}/{progress.n_epochs}"
    if progress.train_loss is not None:
        words += f", loss {progress.train_loss:.4g}"
    return words if progress.accuracy is None else f"{words}, accuracy {progress.accuracy:.4f}"
