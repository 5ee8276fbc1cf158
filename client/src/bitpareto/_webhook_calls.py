"""Calls about webhooks."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from pydantic import TypeAdapter

from bitpareto._calls import Call, given, reader
from bitpareto.types import Page, Webhook, WebhookCreated, WebhookDelivery, Webhooks

_PATH = "/v1/webhooks"
_read_webhook = reader(Webhook)
_read_webhooks = reader(Webhooks)
_read_created = reader(WebhookCreated)
_read_delivery = reader(WebhookDelivery)
_read_deliveries = reader(Page[WebhookDelivery])


def create_webhook(fields: Mapping[str, Any]) -> Call[WebhookCreated]:
    """Add a webhook; twice makes two."""
    body = _body(fields)
    return Call(method="POST", path=_PATH, read=_read_created, body=body, idempotent=False)


def list_webhooks() -> Call[Webhooks]:
    """Read the project's webhooks."""
    return Call(method="GET", path=_PATH, read=_read_webhooks)


def get_webhook(webhook_id: str) -> Call[Webhook]:
    """Read a webhook."""
    return Call(method="GET", path=_path(webhook_id), read=_read_webhook)


def update_webhook(webhook_id: str, fields: Mapping[str, Any]) -> Call[Webhook]:
    """Change a webhook."""
    path, body = _path(webhook_id), _body(fields)
    return Call(method="PATCH", path=path, read=_read_webhook, body=body)


def remove_webhook(webhook_id: str) -> Call[bytes]:
    """Remove a webhook."""
    return Call(method="DELETE", path=_path(webhook_id), read=bytes, idempotent=False)


def rotate_webhook(webhook_id: str, overlap_s: float | None) -> Call[WebhookCreated]:
    """Replace a secret; twice replaces it twice."""
    path, body = f"{_path(webhook_id)}:rotate", _body({"overlap_s": overlap_s})
    return Call(method="POST", path=path, read=_read_created, body=body, idempotent=False)


def test_webhook(webhook_id: str) -> Call[WebhookDelivery]:
    """Send a ping; twice sends two."""
    path = f"{_path(webhook_id)}:test"
    return Call(method="POST", path=path, read=_read_delivery, idempotent=False)


def list_deliveries(
    webhook_id: str, limit: int, cursor: str | None, state: str | None
) -> Call[Page[WebhookDelivery]]:
    """Read one page of what was sent, newest first."""
    params = given(limit=limit, cursor=cursor, state=state)
    path = f"{_path(webhook_id)}/deliveries"
    return Call(method="GET", path=path, read=_read_deliveries, params=params)


def get_delivery(webhook_id: str, delivery_id: str) -> Call[WebhookDelivery]:
    """Read a delivery with its body."""
    path = f"{_path(webhook_id)}/deliveries/{quote(delivery_id, safe='')}"
    return Call(method="GET", path=path, read=_read_delivery)


def redeliver(webhook_id: str, delivery_id: str) -> Call[WebhookDelivery]:
    """Send a delivery again."""
    path = f"{_path(webhook_id)}/deliveries/{quote(delivery_id, safe='')}:redeliver"
    return Call(method="POST", path=path, read=_read_delivery)


def _path(webhook_id: str) -> str:
    return f"{_PATH}/{quote(webhook_id, safe='')}"


def _body(fields: Mapping[str, Any]) -> bytes:
    given_ = {name: value for name, value in fields.items() if value is not None}
    return TypeAdapter(dict[str, Any]).dump_json(given_)
