"""Webhooks and their deliveries in SQL."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from db.webhook_tables import DeliveryRow, WebhookRow
from search.entities import Reason
from search.errors import NotFoundError
from search.webhooks import MOST_PENDING, Delivery, DeliveryState, Webhook, WebhookFigures

_ENABLED: Final = WebhookRow.disabled_reason.is_(None)
_PENDING: Final = DeliveryRow.state == DeliveryState.PENDING


class SqlWebhooks:
    """Implements ``search.webhooks.WebhookRepository``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, webhook: Webhook) -> None:
        """Store a new webhook."""
        self._session.add(WebhookRow(**_webhook_columns(webhook)))
        self._session.flush()

    def get(self, webhook_id: str) -> Webhook:
        """Return a webhook; raises ``NotFoundError``."""
        return _to_webhook(self._row(webhook_id))

    def lock(self, webhook_id: str) -> Webhook:
        """Return a webhook, holding its row until the transaction ends."""
        return _to_webhook(self._row(webhook_id, lock=True))

    def save(self, webhook: Webhook) -> None:
        """Write a webhook that exists."""
        row = self._row(webhook.id)
        for name, value in _webhook_columns(webhook).items():
            setattr(row, name, value)
        self._session.flush()

    def remove(self, webhook_id: str) -> None:
        """Remove a webhook; its deliveries go with it."""
        self._session.delete(self._row(webhook_id, lock=True))
        self._session.flush()

    def all(self) -> list[Webhook]:
        """Return every webhook, newest first."""
        query = select(WebhookRow).order_by(WebhookRow.id.desc())
        return [_to_webhook(row) for row in self._session.scalars(query)]

    def backlogs(self, webhook_ids: Collection[str]) -> dict[str, int]:
        """Return how many deliveries of each of these are pending."""
        query = (
            select(DeliveryRow.webhook_id, func.count())
            .where(DeliveryRow.webhook_id.in_(webhook_ids), _PENDING)
            .group_by(DeliveryRow.webhook_id)
        )
        counted = {row[0]: row[1] for row in self._session.execute(query)}
        return {webhook_id: counted.get(webhook_id, 0) for webhook_id in webhook_ids}

    def first_cursor(self) -> int | None:
        """Return the lowest cursor of those enabled that may have more pending, if any."""
        return self._session.scalar(select(func.min(WebhookRow.cursor)).where(*_with_room()))

    def behind(self, up_to: int) -> list[Webhook]:
        """Return those enabled that may have more pending and are not at this event yet."""
        query = select(WebhookRow).where(*_with_room(), WebhookRow.cursor < up_to)
        return [_to_webhook(row) for row in self._session.scalars(query.order_by(WebhookRow.id))]

    def claim(self, now: datetime, until: datetime, limit: int) -> list[Webhook]:
        """Hold up to ``limit`` enabled webhooks that nobody holds and that have something due."""
        # rows that another sender looks at are skipped: two never wait for each other
        least_recent = WebhookRow.held_until.nulls_first()
        query = _due(now).order_by(least_recent, WebhookRow.id).limit(limit)
        rows = self._session.scalars(query.with_for_update(skip_locked=True)).all()
        for row in rows:
            row.token += 1
            row.held_until = until
        self._session.flush()
        return [_to_webhook(row) for row in rows]

    def any_due(self, now: datetime) -> bool:
        """Whether ``claim`` would find one."""
        return self._session.scalar(_due(now).limit(1)) is not None

    def add_deliveries(self, deliveries: Sequence[Delivery]) -> None:
        """Store new deliveries."""
        self._session.add_all(DeliveryRow(**asdict(each)) for each in deliveries)
        self._session.flush()

    def first_due(self, webhook_id: str, now: datetime) -> Delivery | None:
        """Return the first delivery of a webhook that is due, by its event; pings come before."""
        query = (
            select(DeliveryRow)
            .where(DeliveryRow.webhook_id == webhook_id, _PENDING, DeliveryRow.due_at <= now)
            .order_by(DeliveryRow.event_id.nulls_first(), DeliveryRow.id)
            .limit(1)
        )
        row = self._session.scalar(query)
        return None if row is None else _to_delivery(row)

    def find_delivery(self, webhook_id: str, delivery_id: str) -> Delivery | None:
        """Return a delivery of a webhook, if there is one."""
        row = self._delivery_row(webhook_id, delivery_id)
        return None if row is None else _to_delivery(row)

    def save_delivery(self, delivery: Delivery) -> None:
        """Write a delivery that exists."""
        row = self._delivery_row(delivery.webhook_id, delivery.id)
        if row is None:
            raise NotFoundError("delivery", delivery.id)
        for name, value in asdict(delivery).items():
            setattr(row, name, value)
        self._session.flush()

    def deliveries(
        self,
        webhook_id: str,
        limit: int,
        before_id: str | None = None,
        state: DeliveryState | None = None,
    ) -> list[Delivery]:
        """Return up to ``limit`` deliveries of a webhook, newest first."""
        query = select(DeliveryRow).where(DeliveryRow.webhook_id == webhook_id)
        if before_id is not None:
            query = query.where(DeliveryRow.id < before_id)
        if state is not None:
            query = query.where(DeliveryRow.state == state)
        rows = self._session.scalars(query.order_by(DeliveryRow.id.desc()).limit(limit))
        return [_to_delivery(row) for row in rows]

    def figures(self, now: datetime) -> WebhookFigures:
        """Count."""
        n = self._session.scalar(select(func.count()).select_from(WebhookRow)) or 0
        counted = select(func.count()).select_from(WebhookRow).where(_ENABLED)
        enabled = self._session.scalar(counted) or 0
        by_state = select(DeliveryRow.state, func.count()).group_by(DeliveryRow.state)
        states = {row[0]: row[1] for row in self._session.execute(by_state)}
        oldest = self._session.scalar(select(func.min(DeliveryRow.created_at)).where(_PENDING))
        return WebhookFigures(
            enabled=enabled,
            disabled=n - enabled,
            deliveries={state: states.get(state, 0) for state in DeliveryState},
            oldest_pending_s=0.0 if oldest is None else (now - oldest).total_seconds(),
        )

    def _row(self, webhook_id: str, *, lock: bool = False) -> WebhookRow:
        row = self._session.get(
            WebhookRow, webhook_id, with_for_update=lock or None, populate_existing=lock
        )
        if row is None:
            raise NotFoundError("webhook", webhook_id)
        return row

    def _delivery_row(self, webhook_id: str, delivery_id: str) -> DeliveryRow | None:
        row = self._session.get(DeliveryRow, delivery_id)
        return row if row is not None and row.webhook_id == webhook_id else None


def _with_room() -> tuple[ColumnElement[bool], ...]:
    pending = (
        select(func.count())
        .select_from(DeliveryRow)
        .where(DeliveryRow.webhook_id == WebhookRow.id, _PENDING)
        .scalar_subquery()
    )
    return _ENABLED, pending < MOST_PENDING


def _due(now: datetime) -> Select[WebhookRow]:
    something = (
        select(DeliveryRow.id)
        .where(DeliveryRow.webhook_id == WebhookRow.id, _PENDING, DeliveryRow.due_at <= now)
        .exists()
    )
    return select(WebhookRow).where(
        _ENABLED,
        or_(WebhookRow.held_until.is_(None), WebhookRow.held_until <= now),
        or_(WebhookRow.paused_until.is_(None), WebhookRow.paused_until <= now),
        something,
    )


def _webhook_columns(webhook: Webhook) -> dict[str, Any]:
    return {
        **asdict(webhook),
        "event_types": list(webhook.event_types),
        "search_ids": list(webhook.search_ids),
    }


def _to_webhook(row: WebhookRow) -> Webhook:
    fields = {name: getattr(row, name) for name in Webhook.__dataclass_fields__}
    fields["event_types"], fields["search_ids"] = tuple(row.event_types), tuple(row.search_ids)
    reason = row.disabled_reason
    fields["disabled_reason"] = None if reason is None else Reason(**reason)
    return Webhook(**fields)


def _to_delivery(row: DeliveryRow) -> Delivery:
    fields = {name: getattr(row, name) for name in Delivery.__dataclass_fields__}
    return Delivery(**{**fields, "state": DeliveryState(row.state)})
