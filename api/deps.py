"""What routes need from outside, as annotated dependencies; ``create_app`` puts it into place.

Those that only look something up are coroutines: plain functions would each cost a thread.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Protocol

from fastapi import Depends, Request, Response
from prometheus_client import CollectorRegistry

from api.access_control import principal_of
from api.dataset_reader import DatasetReader
from api.event_hub import EventHub
from api.export_cache import ExportCache
from api.front_cache import FrontCache
from api.grouped_reads import GroupedReads
from api.model_converter import ModelConverter
from api.polled_reads import PolledReads
from search.access import Principal
from search.ports import Bell
from search.store import Store


class ArtifactReader(Protocol):
    """The part of the artifact store that the API uses."""

    def read(self, sha256: str) -> bytes:
        """Return a file whose content has this hash."""

    def read_range(self, sha256: str, start: int, stop: int) -> bytes:
        """Return some bytes of it, not verified."""

    def put(self, content: bytes) -> str:
        """Store a file and return its hash."""

    def put_file(self, path: Path, sha256: str) -> None:
        """Store the file at a path under its hash."""


class ReadyCheck(Protocol):
    """Answers whether this process can serve."""

    def __call__(self) -> None:
        """Return when the database answers and its schema is ours; raise otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything the routes work with.

    Attributes:
        check_webhook_url: Lets pass what webhooks may call.
        lease_s: A worker that is silent for longer is not there.
        heartbeat_s: Longest silence of an event stream.
    """

    store: Store
    bell: Bell
    artifacts: ArtifactReader
    check_ready: ReadyCheck
    converter: ModelConverter
    datasets: DatasetReader
    exports: ExportCache
    fronts: FrontCache
    polled: PolledReads
    trial_pages: GroupedReads[Hashable, Response]
    hub: EventHub
    metrics: CollectorRegistry
    check_webhook_url: Callable[[str], None]
    lease_s: float
    heartbeat_s: float = 15.0


async def get_parts(request: Request) -> Parts:
    """Return the parts ``create_app`` was given."""
    parts = request.app.state.parts
    if not isinstance(parts, Parts):
        raise TypeError("create_app did not set app.state.parts")
    return parts


PartsDep = Annotated[Parts, Depends(get_parts)]


async def get_principal(request: Request) -> Principal:
    """Return who sent the request."""
    return principal_of(request)


PrincipalDep = Annotated[Principal, Depends(get_principal)]


async def get_store(parts: PartsDep, principal: PrincipalDep) -> Store:
    """Return the store as the project of the request's sender sees it."""
    return parts.store.of_project(principal.project_id)


async def get_all_projects(parts: PartsDep) -> Store:
    """Return the store of all projects; only for what concerns the deployment."""
    return parts.store


async def get_bell(parts: PartsDep) -> Bell:
    """Return the bell."""
    return parts.bell


async def get_artifacts(parts: PartsDep) -> ArtifactReader:
    """Return the artifact store."""
    return parts.artifacts


async def get_converter(parts: PartsDep) -> ModelConverter:
    """Return what reads uploaded programs."""
    return parts.converter


async def get_dataset_reader(parts: PartsDep) -> DatasetReader:
    """Return what reads uploaded data sets."""
    return parts.datasets


async def get_exports(parts: PartsDep) -> ExportCache:
    """Return what exports packed files."""
    return parts.exports


async def get_metrics(parts: PartsDep) -> CollectorRegistry:
    """Return what collects this process's metrics."""
    return parts.metrics


def get_now(parts: PartsDep) -> datetime:
    """Return the time of the request, by the clock of the whole deployment."""
    return parts.store.now()


StoreDep = Annotated[Store, Depends(get_store)]
AllProjectsDep = Annotated[Store, Depends(get_all_projects)]
BellDep = Annotated[Bell, Depends(get_bell)]
ArtifactsDep = Annotated[ArtifactReader, Depends(get_artifacts)]
ConverterDep = Annotated[ModelConverter, Depends(get_converter)]
DatasetReaderDep = Annotated[DatasetReader, Depends(get_dataset_reader)]
ExportsDep = Annotated[ExportCache, Depends(get_exports)]
MetricsDep = Annotated[CollectorRegistry, Depends(get_metrics)]
NowDep = Annotated[datetime, Depends(get_now)]
