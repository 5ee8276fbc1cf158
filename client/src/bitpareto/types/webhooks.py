"""Webhooks on the wire."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from bitpareto.types.base import Open, RequestModel, ResponseModel
from bitpareto.types.searches import EventType, Reason

DeliveryState = Literal["pending", "delivered", "failed"]
WebhookUrl = Annotated[str, Field(max_length=2000)]
Description = Annotated[str, Field(max_length=200)]
EventTypes = Annotated[list[EventType], Field(max_length=50)]
SearchIds = Annotated[list[Annotated[str, Field(max_length=40)]], Field(max_length=100)]


class WebhookCreate(RequestModel):
    """Where events are to be sent, and which."""

    url: WebhookUrl
    """Of http or https, on the public internet unless whoever runs the server allows more."""
    event_types: EventTypes = Field(default_factory=list)
    """Only these; all when left out."""
    search_ids: SearchIds = Field(default_factory=list)
    """Only of these searches; of all when left out, those that are yet to come too."""
    description: Description = ""
    """For people."""
    enabled: bool = True


class WebhookUpdate(RequestModel):
    """What is to be another way; what is left out stays."""

    url: WebhookUrl | None = None
    event_types: EventTypes | None = None
    """Empty is all."""
    search_ids: SearchIds | None = None
    """Empty is all."""
    description: Description | None = None
    enabled: bool | None = None


class WebhookRotate(RequestModel):
    """How a secret is replaced."""

    overlap_s: Annotated[float, Field(ge=0, le=7 * 86400)] = 86400.0
    """Seconds for which the old one signs as well."""


class Webhook(ResponseModel):
    """Where events are sent, less the secret."""

    id: str
    url: str
    event_types: list[str]
    """Empty is all."""
    search_ids: list[str]
    """Empty is all."""
    description: str
    enabled: bool
    disabled_reason: Reason | None
    """Why it is not enabled: a user did it, or nothing could be delivered for three days."""
    created_at: datetime
    updated_at: datetime
    failing_since: datetime | None
    """Of the first attempt that failed since the last one that did not."""
    last_error: str | None
    """What was wrong with the newest attempt, while it is failing."""
    paused_until: datetime | None
    """The receiver cannot be reached, or is too busy; it is tried again then."""
    previous_secret_until: datetime | None
    """Until when the secret before signs as well."""
    n_pending: int
    """Deliveries that wait."""


class WebhookCreated(Webhook):
    """A webhook whose secret was just made."""

    secret: str
    """What verifies the signatures; it is shown this once."""


class Webhooks(ResponseModel):
    """Every webhook of a project."""

    data: list[Webhook]


class WebhookDelivery(ResponseModel):
    """What became of one event."""

    id: str
    webhook_id: str
    event_id: int | None
    """In the event stream; null of a ping."""
    event_type: str
    state: Open[DeliveryState]
    created_at: datetime
    attempts: int
    """How often it was sent."""
    attempted_at: datetime | None
    next_attempt_at: datetime | None
    """Null once it has ended, and while its webhook is not enabled."""
    finished_at: datetime | None
    response_status: int | None
    """Of the newest answer; null where none came."""
    seconds: float | None
    """That the newest attempt took."""
    error: str | None
    """What was wrong with it."""
    body: str | None = None
    """What is sent, where one delivery was asked for."""
