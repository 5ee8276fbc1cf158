"""What users do with webhooks: make, change, remove and try them, and have something sent anew."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from search.addresses import Allowed, Resolve
from search.entities import Reason
from search.errors import FieldProblem, InvalidRequestError, NotFoundError, TransitionError
from search.ids import new_id
from search.signatures import new_signing_secret
from search.store import UnitOfWork
from search.webhooks import (
    MOST_WEBHOOKS,
    PING,
    Delivery,
    DeliveryState,
    Webhook,
    ping_body,
)

_URL: Final = re.compile(r"[!-~]{1,2000}")
_PORTS: Final = {"http": 80, "https": 443}
BY_USER: Final = Reason(code="by_user", message="a user disabled it")


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookChange:
    """What is to be another way; ``None`` stays as it is."""

    url: str | None = None
    description: str | None = None
    event_types: Sequence[str] | None = None
    search_ids: Sequence[str] | None = None
    enabled: bool | None = None


def check_url(url: str, allowed: Allowed, resolve: Resolve) -> None:
    """Let pass what may be called; it is asked again whenever something is sent.

    Raises:
        InvalidRequestError: If it is no address of http or https, holds a password, or leads where
            nobody but the operator may have us call.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _bad_url("bad_url", "this is no URL") from None
    if not _URL.fullmatch(url) or not parts.hostname or parts.fragment:
        detail = "a URL has a host and no fragment; what is not ASCII is written in percent codes"
        raise _bad_url("bad_url", detail)
    if parts.scheme not in _PORTS:
        raise _bad_url("bad_scheme", "only http and https are called", tuple(_PORTS))
    if "@" in parts.netloc:
        raise _bad_url("has_password", "a URL is kept where others read it: no user, no password")
    addresses = resolve(parts.hostname, port or _PORTS[parts.scheme])
    why_not = allowed.why_not(parts.hostname, addresses)
    if why_not is not None:
        detail = f"{why_not}; whoever runs the server can allow it in BITPARETO_WEBHOOK_ALLOW"
        raise _bad_url("not_public", detail)


def create_webhook(
    uow: UnitOfWork,
    *,
    project_id: str,
    url: str,
    description: str,
    event_types: Sequence[str],
    search_ids: Sequence[str],
    enabled: bool,
    now: datetime,
) -> Webhook:
    """Make a webhook for what happens from now on; ``check_url`` has let its URL pass.

    Raises:
        InvalidRequestError: If a search does not exist, or the project has too many webhooks.
    """
    _check_searches(uow, search_ids)
    if len(uow.webhooks.all()) >= MOST_WEBHOOKS:
        detail = f"a project has {MOST_WEBHOOKS} webhooks at most; remove one"
        raise InvalidRequestError([FieldProblem("", "too_many", detail)])
    webhook = Webhook(
        id=new_id("whk"),
        project_id=project_id,
        url=url,
        description=description,
        event_types=tuple(dict.fromkeys(event_types)),
        search_ids=tuple(dict.fromkeys(search_ids)),
        disabled_reason=None if enabled else BY_USER,
        secret=new_signing_secret(),
        previous_secret=None,
        previous_until=None,
        created_at=now,
        updated_at=now,
        cursor=uow.events.newest(),
    )
    uow.webhooks.add(webhook)
    return webhook


def change_webhook(
    uow: UnitOfWork, webhook_id: str, change: WebhookChange, now: datetime
) -> Webhook:
    """Change a webhook; one that is enabled again goes on with what happens from now on.

    What was waiting to be sent still is, at once.

    Raises:
        NotFoundError: If there is none.
        InvalidRequestError: If a search does not exist.
    """
    webhook = uow.webhooks.lock(webhook_id)
    if change.search_ids is not None:
        _check_searches(uow, change.search_ids)
        webhook = replace(webhook, search_ids=tuple(dict.fromkeys(change.search_ids)))
    if change.event_types is not None:
        webhook = replace(webhook, event_types=tuple(dict.fromkeys(change.event_types)))
    if change.description is not None:
        webhook = replace(webhook, description=change.description)
    if change.url is not None:
        webhook = _afresh(replace(webhook, url=change.url))
    if change.enabled is False and webhook.enabled:
        webhook = replace(webhook, disabled_reason=BY_USER)
    if change.enabled and not webhook.enabled:
        webhook = _afresh(replace(webhook, disabled_reason=None, cursor=uow.events.newest()))
    webhook = replace(webhook, updated_at=now)
    uow.webhooks.save(webhook)
    return webhook


def rotate_secret(uow: UnitOfWork, webhook_id: str, overlap_s: float, now: datetime) -> Webhook:
    """Give a webhook a new secret; the old one signs as well for some seconds.

    Raises:
        NotFoundError: If there is none.
    """
    webhook = uow.webhooks.lock(webhook_id)
    overlaps = overlap_s > 0
    rotated = replace(
        webhook,
        secret=new_signing_secret(),
        previous_secret=webhook.secret if overlaps else None,
        previous_until=now + timedelta(seconds=overlap_s) if overlaps else None,
        updated_at=now,
    )
    uow.webhooks.save(rotated)
    return rotated


def send_ping(uow: UnitOfWork, webhook_id: str, now: datetime) -> Delivery:
    """Have something sent to see whether a webhook works; it is tried once.

    Raises:
        NotFoundError: If there is none.
        TransitionError: If it is not enabled.
    """
    webhook = _ready(uow, webhook_id)
    delivery = Delivery(
        id=new_id("dlv"),
        project_id=webhook.project_id,
        webhook_id=webhook.id,
        event_id=None,
        event_type=PING,
        body=ping_body(webhook.id, now),
        state=DeliveryState.PENDING,
        created_at=now,
        due_at=now,
    )
    uow.webhooks.add_deliveries([delivery])
    return delivery


def redeliver(uow: UnitOfWork, webhook_id: str, delivery_id: str, now: datetime) -> Delivery:
    """Have a delivery sent now, whatever became of it, and again as if it were new.

    Raises:
        NotFoundError: If there is none.
        TransitionError: If its webhook is not enabled.
    """
    _ready(uow, webhook_id)
    delivery = get_delivery(uow, webhook_id, delivery_id)
    again = replace(delivery, state=DeliveryState.PENDING, step=0, due_at=now, finished_at=None)
    uow.webhooks.save_delivery(again)
    return again


def get_delivery(uow: UnitOfWork, webhook_id: str, delivery_id: str) -> Delivery:
    """Return a delivery; raises ``NotFoundError``."""
    found = uow.webhooks.find_delivery(webhook_id, delivery_id)
    if found is None:
        raise NotFoundError("delivery", delivery_id)
    return found


def _afresh(webhook: Webhook) -> Webhook:
    """Return a webhook as if nothing had failed yet."""
    return replace(webhook, failing_since=None, last_error=None, paused_until=None)


def _ready(uow: UnitOfWork, webhook_id: str) -> Webhook:
    """Return a webhook that sends at once, since somebody is looking."""
    webhook = uow.webhooks.lock(webhook_id)
    if not webhook.enabled:
        raise TransitionError("webhook", webhook_id, "disabled", "sending; enable it first")
    if webhook.paused_until is not None:
        webhook = replace(webhook, paused_until=None)
        uow.webhooks.save(webhook)
    return webhook


def _check_searches(uow: UnitOfWork, search_ids: Sequence[str]) -> None:
    problems = []
    for place, search_id in enumerate(search_ids):
        try:
            uow.searches.get(search_id)
        except NotFoundError as error:
            problems.append(FieldProblem(f"/search_ids/{place}", "no_such_search", str(error)))
    if problems:
        raise InvalidRequestError(problems)


def _bad_url(code: str, detail: str, allowed: tuple[str, ...] = ()) -> InvalidRequestError:
    return InvalidRequestError([FieldProblem("/url", code, detail, allowed)])
