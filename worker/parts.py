"""What tasks need from outside, put together once per process."""

import os
import socket
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event

from db.artifact_files import ArtifactFiles
from db.store import open_store
from jobs.bell import CeleryBell
from jobs.broker import celery_client
from search.entities import Lease, Worker
from search.ids import new_id
from search.placement import Capabilities
from search.ports import Bell
from search.settings import Settings
from search.store import Store
from worker.capabilities import capabilities_of, remeasured


@dataclass(slots=True, kw_only=True)
class Identity:
    """Who this process is, and the trial it holds now.

    Attributes:
        drain: Set when the process is to stop: the trial it holds goes back to the queue.
        capabilities: What it has; its free memory is measured with each report.
        lease: Of the trial in work, if any.
        search_id: The search it advances or refines, if any.
    """

    id: str
    kind: str
    device: str
    started_at: datetime
    capabilities: Capabilities | None = None
    drain: Event = field(default_factory=Event)
    lease: Lease | None = None
    search_id: str | None = None

    def row(self, now: datetime) -> Worker:
        """Return what the registry shows of this process."""
        return Worker(
            id=self.id,
            kind=self.kind,
            host=socket.gethostname(),
            pid=os.getpid(),
            device=self.device,
            trial_id=self.lease.trial_id if self.lease else None,
            started_at=self.started_at,
            last_seen_at=now,
            search_id=self.search_id,
            capabilities=None if self.capabilities is None else remeasured(self.capabilities),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything a task works with."""

    settings: Settings
    store: Store
    bell: Bell
    artifacts: ArtifactFiles
    identity: Identity

    def now(self) -> datetime:
        """Return the present time, by the clock of the whole deployment."""
        return self.store.now()


def open_parts(settings: Settings, *, kind: str, device: str) -> Parts:
    """Connect a worker process of a kind (``optimize`` or ``train``) to its deployment."""
    store = open_store(settings.database_url)
    identity = Identity(
        id=new_id("wrk"),
        kind=kind,
        device=device,
        started_at=store.now(),
        capabilities=capabilities_of(device),
    )
    return Parts(
        settings=settings,
        store=store,
        bell=CeleryBell(celery_client(settings)),
        artifacts=ArtifactFiles(settings.artifacts_url),
        identity=identity,
    )
