"""Worker processes on the wire."""

from datetime import datetime
from typing import Literal

from bitpareto.types.base import ResponseModel


class Worker(ResponseModel):
    """A process that reports."""

    id: str
    queue: Literal["optimize", "train"]
    host: str
    pid: int
    device: str
    """Such as `cpu`, `cuda:0`."""
    trial_id: str | None
    """The trial it holds, if any."""
    search_id: str | None = None
    """The search it proposes candidates for or measures the front of, if any."""
    started_at: datetime
    last_seen_at: datetime
    """When it reported last; a worker that is silent for some leases is forgotten."""
    silent_s: float
    """Seconds since then, by the server's clock."""


class Workers(ResponseModel):
    """Every worker, by id, which is by start."""

    data: list[Worker]
