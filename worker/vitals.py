"""A worker process's own signs of life: its registry row, and its end when told or orphaned."""

import logging
import os
import signal
import threading
import time
from collections.abc import Mapping
from typing import Final

from search.errors import BitparetoError, StoreBusyError
from search.use_cases.leases import release_trial
from worker.parts import Parts

logger = logging.getLogger(__name__)

PARENT_VARIABLE: Final = "BITPARETO_PARENT_PID"
_TICK_S: Final = 0.25
_DRAIN_S: Final = 5.0
_ORPHAN_GRACE_S: Final = 8.0


class Vitals:
    """Keeps the registry row fresh, and ends a drain that takes too long.

    Training looks for interruptions between epochs. When an epoch outlasts the drain, the trial is
    handed back here and the process ends at once; the next attempt resumes from the checkpoint.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="vitals", daemon=True)

    def start(self) -> None:
        """Register the process and keep it registered."""
        self._register()
        self._thread.start()

    def stop(self) -> None:
        """Take the process out of the registry."""
        self._over.set()
        self._thread.join()
        self._unregister()

    def _run(self) -> None:
        registered_at = time.monotonic()
        drain_ends_at: float | None = None
        while not self._over.wait(_TICK_S):
            now = time.monotonic()
            if now - registered_at >= self._parts.settings.heartbeat_s:
                self._register()
                registered_at = now
            if not self._parts.identity.drain.is_set():
                continue
            drain_ends_at = drain_ends_at or now + _DRAIN_S
            if now >= drain_ends_at:
                self._leave_now()

    def _leave_now(self) -> None:
        lease = self._parts.identity.lease
        if lease is not None:
            try:
                with self._parts.store.begin() as uow:
                    release_trial(uow, lease, self._parts.now())
                self._parts.bell.train(lease.trial_id)
            except BitparetoError as error:
                logger.warning("trial %s was not handed back: %s", lease.trial_id, error)
        self._unregister()
        logger.warning("the work in hand did not stop in %g s; leaving it", _DRAIN_S)
        logging.shutdown()
        os._exit(0)

    def _register(self) -> None:
        try:
            with self._parts.store.begin() as uow:
                uow.workers.seen(self._parts.identity.row(self._parts.now()))
        except StoreBusyError as error:
            logger.warning("the registry was not updated: %s", error)

    def _unregister(self) -> None:
        try:
            with self._parts.store.begin() as uow:
                uow.workers.gone(self._parts.identity.id)
        except StoreBusyError as error:
            logger.warning("the registry was not updated: %s", error)


def end_with_parent(environment: Mapping[str, str] = os.environ) -> None:
    """End this process soon after the supervisor that started it has died, however it died.

    Nothing happens in a process that was started without a supervisor.
    """
    parent = environment.get(PARENT_VARIABLE)
    if parent is not None:
        threading.Thread(
            target=_watch_parent, args=(int(parent),), name="parent", daemon=True
        ).start()


def _watch_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_TICK_S)
    logger.warning("the supervisor is gone; ending")
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_ORPHAN_GRACE_S)
    os._exit(1)
