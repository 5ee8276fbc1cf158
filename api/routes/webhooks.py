"""``/v1/webhooks``: where events are sent, and what became of each."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response, status

from api.deps import NowDep, PartsDep, PrincipalDep, StoreDep
from api.errors import problem_responses
from api.pages import DEFAULT_LIMIT, CursorQuery, LimitQuery, decode_cursor, encode_cursor
from bitpareto import types as wire
from bitpareto.types.webhooks import DeliveryState as WireState
from search.store import UnitOfWork
from search.use_cases.webhooks import (
    WebhookChange,
    change_webhook,
    create_webhook,
    rotate_secret,
    send_ping,
)
from search.use_cases.webhooks import get_delivery as find_delivery
from search.use_cases.webhooks import redeliver as send_again
from search.webhooks import Delivery, DeliveryState, Webhook

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])

_StateQuery = Annotated[WireState | None, Query(description="Only those in this state.")]


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=problem_responses(400, 408, 413, 422, 503),
    summary="Add a webhook",
)
def create(
    body: wire.WebhookCreate,
    parts: PartsDep,
    store: StoreDep,
    principal: PrincipalDep,
    now: NowDep,
    response: Response,
) -> wire.WebhookCreated:
    """Have events sent from now on; `secret` is shown now and never again.

    What comes is signed, tried again when it fails, and in the log of deliveries.
    """
    parts.check_webhook_url(body.url)
    with store.begin() as uow:
        made = create_webhook(uow, project_id=principal.project_id, now=now, **body.model_dump())
    response.headers["Location"] = f"/v1/webhooks/{made.id}"
    return wire.WebhookCreated(**_fields(made, 0), secret=made.secret)


@router.get("", responses=problem_responses(503), summary="List the project's webhooks")
def list_webhooks(store: StoreDep) -> wire.Webhooks:
    """Return every webhook, newest first; never a secret."""
    with store.read() as uow:
        found = uow.webhooks.all()
        n_pending = uow.webhooks.backlogs([each.id for each in found])
    return wire.Webhooks(data=[wire.Webhook(**_fields(each, n_pending[each.id])) for each in found])


@router.get("/{webhook_id}", responses=problem_responses(404, 503), summary="Read a webhook")
def get(webhook_id: str, store: StoreDep) -> wire.Webhook:
    """Return one webhook."""
    with store.read() as uow:
        return _webhook(uow, uow.webhooks.get(webhook_id))


@router.patch(
    "/{webhook_id}",
    responses=problem_responses(400, 404, 408, 413, 422, 503),
    summary="Change a webhook",
)
def update(
    webhook_id: str, body: wire.WebhookUpdate, parts: PartsDep, store: StoreDep, now: NowDep
) -> wire.Webhook:
    """Change what is given. One that is enabled again goes on with what happens from now on."""
    with store.read() as uow:
        uow.webhooks.get(webhook_id)
    if body.url is not None:
        parts.check_webhook_url(body.url)
    with store.begin() as uow:
        changed = change_webhook(uow, webhook_id, WebhookChange(**body.model_dump()), now)
        return _webhook(uow, changed)


@router.delete(
    "/{webhook_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problem_responses(404, 503),
    summary="Remove a webhook",
)
def remove(webhook_id: str, store: StoreDep) -> Response:
    """Remove it with its log; what is being sent at this moment may still arrive."""
    with store.begin() as uow:
        uow.webhooks.remove(webhook_id)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.post(
    "/{webhook_id}:rotate",
    responses=problem_responses(400, 404, 408, 413, 422, 503),
    summary="Replace a webhook's secret",
)
def rotate(
    webhook_id: str, store: StoreDep, now: NowDep, body: wire.WebhookRotate | None = None
) -> wire.WebhookCreated:
    """Make a new secret, shown now and never again.

    For a day, or as long as the body says, what is sent is signed with the old one as well.
    """
    overlap_s = (body or wire.WebhookRotate()).overlap_s
    with store.begin() as uow:
        rotated = rotate_secret(uow, webhook_id, overlap_s, now)
        n_pending = uow.webhooks.backlogs([webhook_id])[webhook_id]
    return wire.WebhookCreated(**_fields(rotated, n_pending), secret=rotated.secret)


@router.post(
    "/{webhook_id}:test",
    status_code=status.HTTP_202_ACCEPTED,
    responses=problem_responses(404, 409, 503),
    summary="Send a ping",
)
def ping(webhook_id: str, store: StoreDep, now: NowDep) -> wire.WebhookDelivery:
    """Have an event of type `ping` sent at once, and once; its delivery says what came of it."""
    with store.begin() as uow:
        delivery = send_ping(uow, webhook_id, now)
        return _delivery(delivery, uow.webhooks.get(webhook_id))


@router.get(
    "/{webhook_id}/deliveries",
    responses=problem_responses(404, 422, 503),
    summary="List what was sent",
)
def list_deliveries(
    webhook_id: str,
    store: StoreDep,
    state: _StateQuery = None,
    limit: LimitQuery = DEFAULT_LIMIT,
    cursor: CursorQuery = None,
) -> wire.Page[wire.WebhookDelivery]:
    """Return one page of a webhook's deliveries, newest first."""
    only = None if state is None else DeliveryState(state)
    with store.read() as uow:
        webhook = uow.webhooks.get(webhook_id)
        found = uow.webhooks.deliveries(webhook_id, limit + 1, decode_cursor(cursor), only)
    has_more = len(found) > limit
    return wire.Page(
        data=[_delivery(each, webhook) for each in found[:limit]],
        has_more=has_more,
        next_cursor=encode_cursor(found[limit - 1].id) if has_more else None,
    )


@router.get(
    "/{webhook_id}/deliveries/{delivery_id}",
    responses=problem_responses(404, 503),
    summary="Read a delivery",
)
def get_delivery(webhook_id: str, delivery_id: str, store: StoreDep) -> wire.WebhookDelivery:
    """Return one delivery with what is sent."""
    with store.read() as uow:
        webhook = uow.webhooks.get(webhook_id)
        return _delivery(find_delivery(uow, webhook_id, delivery_id), webhook, with_body=True)


@router.post(
    "/{webhook_id}/deliveries/{delivery_id}:redeliver",
    status_code=status.HTTP_202_ACCEPTED,
    responses=problem_responses(404, 409, 503),
    summary="Send a delivery again",
)
def redeliver(
    webhook_id: str, delivery_id: str, store: StoreDep, now: NowDep
) -> wire.WebhookDelivery:
    """Have the same body sent again, now, and tried as if it were new."""
    with store.begin() as uow:
        again = send_again(uow, webhook_id, delivery_id, now)
        return _delivery(again, uow.webhooks.get(webhook_id))


def _webhook(uow: UnitOfWork, webhook: Webhook) -> wire.Webhook:
    return wire.Webhook(**_fields(webhook, uow.webhooks.backlogs([webhook.id])[webhook.id]))


def _fields(webhook: Webhook, n_pending: int) -> dict[str, Any]:
    reason = webhook.disabled_reason
    return {
        "id": webhook.id,
        "url": webhook.url,
        "event_types": list(webhook.event_types),
        "search_ids": list(webhook.search_ids),
        "description": webhook.description,
        "enabled": webhook.enabled,
        "disabled_reason": reason and wire.Reason(code=reason.code, message=reason.message),
        "created_at": webhook.created_at,
        "updated_at": webhook.updated_at,
        "failing_since": webhook.failing_since,
        "last_error": webhook.last_error,
        "paused_until": webhook.paused_until,
        "previous_secret_until": webhook.previous_until,
        "n_pending": n_pending,
    }


def _delivery(
    delivery: Delivery, webhook: Webhook, *, with_body: bool = False
) -> wire.WebhookDelivery:
    next_at = delivery.due_at if webhook.enabled else None
    if next_at is not None and webhook.paused_until is not None:
        next_at = max(next_at, webhook.paused_until)
    return wire.WebhookDelivery(
        id=delivery.id,
        webhook_id=delivery.webhook_id,
        event_id=delivery.event_id,
        event_type=delivery.event_type,
        state=delivery.state.value,
        created_at=delivery.created_at,
        attempts=delivery.attempts,
        attempted_at=delivery.attempted_at,
        next_attempt_at=next_at,
        finished_at=delivery.finished_at,
        response_status=delivery.status,
        seconds=delivery.seconds,
        error=delivery.error,
        body=delivery.body if with_body else None,
    )
