"""Webhooks: where the events of a project are sent, and what became of each.

What is sent follows from the event log: each webhook has a cursor in it. A delivery is made in the
transaction that moves the cursor, so no event is missed and none has two deliveries. A delivery is
sent at least once: whoever sends can be killed after the receiver has heard and before it is noted.
"""

import json
import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

from search.entities import Event, Reason

PING: Final = "ping"
"""Type of what is sent to see whether a webhook works."""
MOST_WEBHOOKS: Final = 50
"""Of a project."""
MOST_PENDING: Final = 500
"""Deliveries that wait, of one webhook; what is beyond stays in the event log alone."""
DELAYS_S: Final = (5, 30, 120, 600, 1800, 3600, 7200, 14400, 28800, 28800)
"""Between an attempt that failed and the next; after the last, a day in all, it is given up."""
JITTER: Final = 0.25
"""Share of a delay that is added at most, so that webhooks do not come all at once."""
MOST_RETRY_AFTER_S: Final = 3600
DISABLED_AFTER: Final = timedelta(days=3)
"""A webhook that has failed for so long, without one success, is disabled."""
OVERLAP_S: Final = 86400
"""For how long a secret that was replaced still signs, unless told otherwise."""


class DeliveryState(StrEnum):
    """Where a delivery is."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Where events are sent.

    Attributes:
        event_types: Names of events; empty is all.
        search_ids: Of these searches alone; empty is all.
        disabled_reason: Why it is not enabled; ``None`` where it is.
        secret: Signs what is sent.
        previous_secret: The one before, which signs as well until ``previous_until``.
        cursor: Id of the last event that was looked at.
        failing_since: When the first attempt failed after the last one that did not.
        last_error: What was wrong with the newest attempt, while it is failing.
        paused_until: The receiver could not be reached; nothing is sent before.
        token: Counts holds of senders; the newest may note what became of an attempt.
        held_until: Until when a sender has it.
    """

    id: str
    project_id: str
    url: str
    description: str
    event_types: tuple[str, ...]
    search_ids: tuple[str, ...]
    disabled_reason: Reason | None
    secret: str
    previous_secret: str | None
    previous_until: datetime | None
    created_at: datetime
    updated_at: datetime
    cursor: int
    failing_since: datetime | None = None
    last_error: str | None = None
    paused_until: datetime | None = None
    token: int = 0
    held_until: datetime | None = None

    @property
    def enabled(self) -> bool:
        """Whether events are sent."""
        return self.disabled_reason is None

    def secrets(self, now: datetime) -> tuple[str, ...]:
        """Return what signs now, the newest first."""
        overlaps = self.previous_until is not None and now < self.previous_until
        return (self.secret, *([self.previous_secret] if overlaps and self.previous_secret else ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One event for one webhook.

    Attributes:
        event_id: In the event log; ``None`` of a ping.
        body: As it is sent, each time the same.
        attempts: How often it was sent.
        step: How many of ``DELAYS_S`` have been used; sending it anew begins with the first.
        due_at: When it is to be sent next; ``None`` once it has ended.
        status: Of the receiver's newest answer; ``None`` without one.
        seconds: That the newest attempt took.
        error: What was wrong with it.
    """

    id: str
    project_id: str
    webhook_id: str
    event_id: int | None
    event_type: str
    body: str
    state: DeliveryState
    created_at: datetime
    due_at: datetime | None
    attempts: int = 0
    step: int = 0
    attempted_at: datetime | None = None
    finished_at: datetime | None = None
    status: int | None = None
    seconds: float | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How an attempt ended.

    Attributes:
        status: Of the answer; ``None`` where none came.
        error: What was wrong; ``None`` where nothing was.
        seconds: That it took.
        retry_after_s: What the receiver asked for.
    """

    status: int | None
    error: str | None
    seconds: float
    retry_after_s: float | None = None

    @property
    def delivered(self) -> bool:
        """Whether the receiver has taken it."""
        return self.error is None

    @property
    def is_of_the_receiver(self) -> bool:
        """Whether any other delivery would have ended alike: nobody there, or too busy."""
        return self.status is None or self.status in {429, 502, 503, 504}


def body_of(event: Event) -> str:
    """Return what is sent of an event: the JSON of the event stream."""
    return _body(event.id, event.search_id, event.type, event.at, event.payload)


def ping_body(webhook_id: str, at: datetime) -> str:
    """Return what is sent to see whether a webhook works."""
    return _body(0, "", PING, at, {"webhook_id": webhook_id})


def _body(id_: int, search_id: str, type_: str, at: datetime, payload: object) -> str:
    moment = at.isoformat().replace("+00:00", "Z")
    whole = {"id": id_, "search_id": search_id, "type": type_, "at": moment, "payload": payload}
    return json.dumps(whole, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def delay_s(delivery: Delivery) -> float | None:
    """Return the seconds until an attempt that failed is repeated, ``None`` if it is not.

    What is added to a delay follows from the delivery, so that two that compute it agree.
    """
    if delivery.event_type == PING or delivery.step >= len(DELAYS_S):
        return None
    drawn = zlib.crc32(f"{delivery.id} {delivery.step}".encode()) / 2**32
    return DELAYS_S[delivery.step] * (1 + JITTER * drawn)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookFigures:
    """What is counted of all webhooks.

    Attributes:
        enabled: How many are.
        disabled: How many are not.
        deliveries: By state, of those that are kept.
        oldest_pending_s: Seconds that the delivery has waited that waits longest.
    """

    enabled: int
    disabled: int
    deliveries: dict[DeliveryState, int]
    oldest_pending_s: float


class WebhookRepository(Protocol):
    """Webhooks and their deliveries. In a store of one project, that project's alone."""

    def add(self, webhook: Webhook) -> None:
        """Store a new webhook."""

    def get(self, webhook_id: str) -> Webhook:
        """Return a webhook; raises ``NotFoundError``."""

    def lock(self, webhook_id: str) -> Webhook:
        """Return a webhook, holding its row until the transaction ends; raises as ``get``."""

    def save(self, webhook: Webhook) -> None:
        """Write a webhook that exists."""

    def remove(self, webhook_id: str) -> None:
        """Remove a webhook with its deliveries; raises ``NotFoundError``."""

    def all(self) -> list[Webhook]:
        """Return every webhook, newest first."""

    def backlogs(self, webhook_ids: Collection[str]) -> dict[str, int]:
        """Return how many deliveries of each of these are pending; none is left out."""

    def first_cursor(self) -> int | None:
        """Return the lowest cursor of those enabled that may have more pending, if any."""

    def behind(self, up_to: int) -> list[Webhook]:
        """Return those enabled that may have more pending and are not at this event yet."""

    def claim(self, now: datetime, until: datetime, limit: int) -> list[Webhook]:
        """Hold up to ``limit`` enabled webhooks that nobody holds and that have something due."""

    def any_due(self, now: datetime) -> bool:
        """Whether ``claim`` would find one."""

    def add_deliveries(self, deliveries: Sequence[Delivery]) -> None:
        """Store new deliveries, in the order of their events."""

    def first_due(self, webhook_id: str, now: datetime) -> Delivery | None:
        """Return the first delivery of a webhook that is due, by its event."""

    def find_delivery(self, webhook_id: str, delivery_id: str) -> Delivery | None:
        """Return a delivery of a webhook, if there is one."""

    def save_delivery(self, delivery: Delivery) -> None:
        """Write a delivery that exists."""

    def deliveries(
        self,
        webhook_id: str,
        limit: int,
        before_id: str | None = None,
        state: DeliveryState | None = None,
    ) -> list[Delivery]:
        """Return up to ``limit`` deliveries of a webhook, newest first."""

    def figures(self, now: datetime) -> WebhookFigures:
        """Count."""
