# Made by scripts/make_sync_client.py; change bitpareto/_async instead.
"""``client.webhooks``: events sent to an address of yours."""

import time
from collections.abc import Iterator, Sequence
from time import sleep

from bitpareto import _webhook_calls as calls
from bitpareto._calls import PAGE_LIMIT
from bitpareto._sync.transport import Transport
from bitpareto.types import EventType, Webhook, WebhookCreated, WebhookDelivery
from bitpareto.types.webhooks import DeliveryState

_POLL_S = 0.25


class Webhooks:
    """Add, change, try and remove webhooks, and see what was sent; it takes an admin's key.

    What a webhook receives is checked with ``bitpareto.webhooks.verify``.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(
        self,
        url: str,
        *,
        event_types: Sequence[EventType] = (),
        search_ids: Sequence[str] = (),
        description: str = "",
        enabled: bool = True,
    ) -> WebhookCreated:
        """Have events sent from now on; the answer's ``secret`` is shown now and never again.

        Args:
            url: Of http or https; what is not on the public internet is for whoever runs the
                server to allow.
            event_types: Only these; all when left out.
            search_ids: Only of these searches; of all when left out.
            description: For people.
            enabled: Whether it begins at once.

        Raises:
            InvalidRequestError: If the URL may not be called or a search does not exist.
        """
        fields = {
            "url": url,
            "event_types": list(event_types),
            "search_ids": list(search_ids),
            "description": description,
            "enabled": enabled,
        }
        return self._transport.send(calls.create_webhook(fields))

    def get(self, webhook_id: str) -> Webhook:
        """Return a webhook.

        Raises:
            NotFoundError: If there is none with this id.
        """
        return self._transport.send(calls.get_webhook(webhook_id))

    def update(
        self,
        webhook_id: str,
        *,
        url: str | None = None,
        event_types: Sequence[EventType] | None = None,
        search_ids: Sequence[str] | None = None,
        description: str | None = None,
        enabled: bool | None = None,
    ) -> Webhook:
        """Change what is given; one that is enabled again goes on with what happens from now on.

        Args:
            webhook_id: The webhook.
            url: Where to send to.
            event_types: Only these; empty is all.
            search_ids: Only of these searches; empty is all.
            description: For people.
            enabled: Whether events are sent.
        """
        fields = {
            "url": url,
            "event_types": None if event_types is None else list(event_types),
            "search_ids": None if search_ids is None else list(search_ids),
            "description": description,
            "enabled": enabled,
        }
        return self._transport.send(calls.update_webhook(webhook_id, fields))

    def remove(self, webhook_id: str) -> None:
        """Remove a webhook with its log.

        Raises:
            NotFoundError: If there is none with this id.
        """
        self._transport.send(calls.remove_webhook(webhook_id))

    def rotate(self, webhook_id: str, *, overlap_s: float | None = None) -> WebhookCreated:
        """Replace a secret; the answer's ``secret`` is shown now and never again.

        Args:
            webhook_id: The webhook.
            overlap_s: Seconds for which the old one signs as well; by default a day.
        """
        return self._transport.send(calls.rotate_webhook(webhook_id, overlap_s))

    def test(self, webhook_id: str, *, timeout: float = 30.0) -> WebhookDelivery:
        """Have a ping sent and return what came of it.

        Args:
            webhook_id: The webhook.
            timeout: Seconds to wait for it; the delivery is still ``pending`` then.

        Raises:
            ConflictError: If the webhook is not enabled.
        """
        delivery = self._transport.send(calls.test_webhook(webhook_id))
        until = time.monotonic() + timeout
        while delivery.state == "pending" and time.monotonic() < until:
            sleep(_POLL_S)
            delivery = self.delivery(webhook_id, delivery.id)
        return delivery

    def deliveries(
        self, webhook_id: str, *, state: DeliveryState | None = None, page_size: int = PAGE_LIMIT
    ) -> Iterator[WebhookDelivery]:
        """Yield what was sent, newest first; further pages are fetched when they are needed.

        Args:
            webhook_id: The webhook.
            state: Only those in this state.
            page_size: How many to fetch at once.
        """
        cursor: str | None = None
        while True:
            call = calls.list_deliveries(webhook_id, page_size, cursor, state)
            page = self._transport.send(call)
            for each in page.data:
                yield each
            cursor = page.next_cursor
            if not page.has_more or cursor is None:
                return

    def delivery(self, webhook_id: str, delivery_id: str) -> WebhookDelivery:
        """Return a delivery with the body that is sent.

        Raises:
            NotFoundError: If the webhook has no such delivery.
        """
        return self._transport.send(calls.get_delivery(webhook_id, delivery_id))

    def redeliver(self, webhook_id: str, delivery_id: str) -> WebhookDelivery:
        """Have a delivery sent again, now, and tried as if it were new.

        Raises:
            ConflictError: If the webhook is not enabled.
        """
        return self._transport.send(calls.redeliver(webhook_id, delivery_id))

    def list(self) -> list[Webhook]:
        """Return the project's webhooks, newest first, less their secrets."""
        return (self._transport.send(calls.list_webhooks())).data
