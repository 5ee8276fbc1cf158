"""What senders do: find what is to be sent, hold a webhook, note what became of an attempt.

Several senders may run. One at a time holds a webhook, so that its deliveries are sent one after
the other, in the order of events. One that is refused is tried again later and lets the others
pass; a receiver that cannot be reached keeps all of them waiting.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from search.audit import AuditEntry
from search.entities import Reason
from search.errors import NotFoundError
from search.ids import new_id
from search.store import Store, UnitOfWork
from search.webhooks import (
    DELAYS_S,
    DISABLED_AFTER,
    MOST_PENDING,
    MOST_RETRY_AFTER_S,
    Delivery,
    DeliveryState,
    Outcome,
    Webhook,
    body_of,
    delay_s,
)

SENDER: Final = "bitpareto"
"""Who disables a webhook, in the audit log."""
DISABLED: Final = "webhooks_disable"
"""The operation's name there; it has no route."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One delivery in the hands of whoever holds its webhook."""

    webhook: Webhook
    delivery: Delivery


def derive(store: Store, webhook: Webhook, up_to: int) -> int:
    """Make the deliveries of some events after a webhook's cursor; returns how many.

    Args:
        store: Of all projects; what is read is the webhook's project alone.
        webhook: As it was found; what it is now counts.
        up_to: Id of an event up to which the log is settled.
    """
    with store.of_project(webhook.project_id).begin() as uow:
        try:
            now_is = uow.webhooks.lock(webhook.id)
        except NotFoundError:  # removed meanwhile
            return 0
        room = MOST_PENDING - uow.webhooks.backlogs([webhook.id])[webhook.id]
        if not now_is.enabled or room <= 0 or now_is.cursor >= up_to:
            return 0
        found = uow.events.of_all(
            now_is.cursor, up_to, room, search_ids=now_is.search_ids, types=now_is.event_types
        )
        now = store.now()
        uow.webhooks.add_deliveries(
            [
                Delivery(
                    id=new_id("dlv"),
                    project_id=now_is.project_id,
                    webhook_id=now_is.id,
                    event_id=event.id,
                    event_type=event.type,
                    body=body_of(event),
                    state=DeliveryState.PENDING,
                    created_at=now,
                    due_at=now,
                )
                for _, event in found
            ]
        )
        cursor = found[-1][1].id if len(found) == room else up_to
        uow.webhooks.save(replace(now_is, cursor=cursor))
        return len(found)


def next_attempt(uow: UnitOfWork, held: Webhook, now: datetime, hold_s: float) -> Attempt | None:
    """Begin the next attempt of a webhook that is held, ``None`` if there is none or no hold.

    It is counted before anything is sent: a sender that is killed leaves one that came to nothing.
    """
    webhook = _still_held(uow, held)
    if webhook is None:
        return None
    waits = webhook.paused_until is not None and webhook.paused_until > now
    delivery = None
    if webhook.enabled and not waits:
        delivery = uow.webhooks.first_due(webhook.id, now)
    if delivery is None:
        uow.webhooks.save(replace(webhook, held_until=now))  # free for whoever comes
        return None
    begun = replace(delivery, attempts=delivery.attempts + 1, attempted_at=now)
    uow.webhooks.save_delivery(begun)
    webhook = replace(webhook, held_until=now + timedelta(seconds=hold_s))
    uow.webhooks.save(webhook)
    return Attempt(webhook=webhook, delivery=begun)


def release(uow: UnitOfWork, held: Webhook, now: datetime) -> None:
    """Let go of a webhook, unless another sender has it by now."""
    webhook = _still_held(uow, held)
    if webhook is not None:
        uow.webhooks.save(replace(webhook, held_until=now))


def note_outcome(uow: UnitOfWork, attempt: Attempt, outcome: Outcome, now: datetime) -> None:
    """Note how an attempt ended; nothing happens if another sender has the webhook by now."""
    webhook = _still_held(uow, attempt.webhook)
    delivery = uow.webhooks.find_delivery(attempt.webhook.id, attempt.delivery.id)
    if webhook is None or delivery is None:
        return
    delivery = replace(
        delivery, status=outcome.status, seconds=outcome.seconds, error=outcome.error
    )
    if outcome.delivered:
        delivered = replace(
            delivery, state=DeliveryState.DELIVERED, due_at=None, finished_at=now, step=0
        )
        uow.webhooks.save_delivery(delivered)
        uow.webhooks.save(replace(webhook, failing_since=None, last_error=None, paused_until=None))
        return
    uow.webhooks.save_delivery(_retried(delivery, attempt.delivery.step, outcome, now))
    since = webhook.failing_since or now
    webhook = replace(webhook, failing_since=since, last_error=outcome.error)
    if outcome.is_of_the_receiver:
        wait_s = max(delay_s(attempt.delivery) or DELAYS_S[0], _asked_s(outcome))
        webhook = replace(webhook, paused_until=now + timedelta(seconds=wait_s))
    if now - since >= DISABLED_AFTER:
        webhook = _disabled(uow, webhook, outcome, now)
    uow.webhooks.save(webhook)


def _retried(delivery: Delivery, step: int, outcome: Outcome, now: datetime) -> Delivery:
    """Return a delivery after an attempt that failed; one asked for anew meanwhile stays due."""
    if delivery.step != step:
        return delivery
    wait_s = delay_s(delivery)
    if wait_s is None:
        return replace(delivery, state=DeliveryState.FAILED, due_at=None, finished_at=now)
    if outcome.is_of_the_receiver:
        wait_s = 0  # it is the webhook that waits, and this is to be the first again
    return replace(delivery, step=delivery.step + 1, due_at=now + timedelta(seconds=wait_s))


def _asked_s(outcome: Outcome) -> float:
    return min(outcome.retry_after_s or 0.0, MOST_RETRY_AFTER_S)


def _disabled(uow: UnitOfWork, webhook: Webhook, outcome: Outcome, now: datetime) -> Webhook:
    since = f"{webhook.failing_since:%Y-%m-%d %H:%M} UTC"
    message = f"nothing has been delivered since {since}; last: {outcome.error}"
    uow.audit.add(
        AuditEntry(
            id=new_id("aud"),
            project_id=webhook.project_id,
            at=now,
            user=SENDER,
            key_id=None,
            operation=DISABLED,
            object_id=webhook.id,
            status=200,
            request_id="",
        )
    )
    return replace(webhook, disabled_reason=Reason(code="failing", message=message))


def _still_held(uow: UnitOfWork, held: Webhook) -> Webhook | None:
    try:
        webhook = uow.webhooks.lock(held.id)
    except NotFoundError:
        return None
    return webhook if webhook.token == held.token else None
