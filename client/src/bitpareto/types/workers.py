"""Worker processes on the wire."""

from datetime import datetime
from typing import Literal

from bitpareto.types.base import Open, ResponseModel


class Capabilities(ResponseModel):
    """What a worker has."""

    device: str
    """Such as `cpu`, `cuda`."""
    device_name: str
    memory_bytes: int
    """Of the device; of the machine, or of what it may use of it, for the CPU."""
    free_memory_bytes: int
    n_threads: int
    profile: str | None = None
    """The operator's name for workers of its kind."""
    versions: dict[str, str]


class Worker(ResponseModel):
    """A process that reports."""

    id: str
    queue: Open[Literal["optimize", "train"]]
    host: str
    pid: int
    device: str
    """Such as `cpu`, `cuda`."""
    capabilities: Capabilities | None = None
    """What it has; null of one that did not say."""
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
