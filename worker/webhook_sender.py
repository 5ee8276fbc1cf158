"""Sends what webhooks are waiting for: a thread of the sweeper that hands out to others.

Everything that must not be lost is in the database before something is sent, so a sender may be
killed at any time, and several may run: what a killed one held is free when its hold ends.
"""

import logging
import threading
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from search.errors import StoreBusyError
from search.log_ids import log_ids
from search.settled_log import SettledLog
from search.signatures import HEADER, signature_header
from search.store import Store
from search.use_cases.deliveries import Attempt, derive, next_attempt, note_outcome, release
from search.webhooks import Outcome, Webhook
from worker.webhook_post import Calls

logger = logging.getLogger(__name__)

USER_AGENT: Final = "bitpareto-webhooks/1"
_AT_ONCE: Final = 25
"""Deliveries sent to one webhook before the others have their turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often is looked, and how much is sent at once.

    Attributes:
        poll_s: Between two looks that find nothing.
        n_lanes: Webhooks that are sent to at once; a slow one keeps one of these.
        hold_s: Until a webhook is free whose sender was killed; far above what an attempt takes.
    """

    poll_s: float = 0.5
    n_lanes: int = 16
    hold_s: float = 60.0


class WebhookSender:
    """Looks for what is to be sent, and sends it in threads of its own.

    Args:
        store: Of all projects.
        calls: How receivers are called.
        pace: How often and how much.
    """

    def __init__(self, store: Store, calls: Calls, pace: Pace | None = None) -> None:
        self._store = store
        self._calls = calls
        self._pace = pace or Pace()
        self._log = SettledLog(store)
        self._stopped = threading.Event()
        self._n_busy = 0
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, patience_s: float) -> None:
        """Begin nothing more, and let what is being sent end for some seconds."""
        self._stopped.set()
        until = time.monotonic() + patience_s
        self._thread.join(patience_s)
        while self._n_busy and time.monotonic() < until:
            time.sleep(0.05)

    def look(self) -> int:
        """Make the deliveries that are due by the log, then begin to send; returns how many lanes.

        Raises:
            StoreBusyError: If the database did not answer.
        """
        self._derive()
        now = self._store.now()
        with self._lock:
            n_free = self._pace.n_lanes - self._n_busy
        with self._store.read() as uow:
            if n_free < 1 or not uow.webhooks.any_due(now):
                return 0
        with self._store.begin() as uow:
            until = now + timedelta(seconds=self._pace.hold_s)
            claimed = uow.webhooks.claim(now, until, n_free)
        for webhook in claimed:
            with self._lock:
                self._n_busy += 1
            lane = threading.Thread(
                target=self._lane, args=(webhook,), name=f"webhook {webhook.id}", daemon=True
            )
            lane.start()
        return len(claimed)

    def _derive(self) -> None:
        with self._store.read() as uow:
            after = uow.webhooks.first_cursor()
        up_to = None if after is None else self._log.up_to(after)
        if up_to is None:
            return
        with self._store.read() as uow:
            behind = uow.webhooks.behind(up_to)
        for webhook in behind:
            derive(self._store, webhook, up_to)

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                n = self.look()
            except StoreBusyError as error:
                logger.warning("webhooks wait: %s", error)
                n = 0
            except Exception:  # the thread is not to end while the process lives
                logger.exception("webhooks could not be looked at")
                n = 0
            self._stopped.wait(self._pace.poll_s if not n else 0.05)

    def _lane(self, webhook: Webhook) -> None:
        try:
            with log_ids(webhook_id=webhook.id):
                self._send(webhook)
        except StoreBusyError as error:
            logger.warning("a webhook waits: %s", error)
        except Exception:
            logger.exception("sending to a webhook failed")
        finally:
            with self._lock:
                self._n_busy -= 1

    def _send(self, webhook: Webhook) -> None:
        with self._store.begin() as uow:
            attempt = next_attempt(uow, webhook, self._store.now(), self._pace.hold_s)
        sent = 0
        while attempt is not None:
            outcome = self._attempt(attempt)
            sent += 1
            with self._store.begin() as uow:
                now = self._store.now()
                note_outcome(uow, attempt, outcome, now)
                if sent >= _AT_ONCE or self._stopped.is_set():
                    release(uow, webhook, now)
                    return
                attempt = next_attempt(uow, webhook, now, self._pace.hold_s)

    def _attempt(self, attempt: Attempt) -> Outcome:
        webhook, delivery = attempt.webhook, attempt.delivery
        now, body = self._store.now(), delivery.body.encode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": USER_AGENT,
            HEADER: signature_header(body, webhook.secrets(now), int(now.timestamp())),
            "Bitpareto-Event-Id": str(delivery.event_id or 0),
            "Bitpareto-Event-Type": delivery.event_type,
            "Bitpareto-Delivery-Id": delivery.id,
            "Bitpareto-Webhook-Id": webhook.id,
            "Bitpareto-Attempt": str(delivery.attempts),
        }
        outcome = self._calls.post(webhook.url, body, headers)
        if not outcome.delivered:
            logger.info("delivery %s failed: %s", delivery.id, outcome.error)
        return outcome
