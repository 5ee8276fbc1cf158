"""The store the use cases run on: repositories inside a unit of work. ``db`` implements it."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from search.access_store import AccessRepository
from search.audit import AuditRepository
from search.datasets import UploadedDataset
from search.entities import (
    Artifact,
    Model,
    Search,
    Trial,
    TrialFacts,
    Worker,
    WrittenProfile,
)
from search.event_log import EventRepository
from search.explanations import ExplanationRepository
from search.figures import FiguresRepository
from search.filters import (
    ALL_SEARCHES,
    ALL_TRIALS,
    BY_NUMBER,
    NEWEST_FIRST,
    SearchFilter,
    SearchOrder,
    TrialFilter,
    TrialOrder,
    TrialPosition,
)
from search.idempotency import RequestKeyRepository
from search.lineage import MeasuredTrial
from search.retention import LeftoverRepository
from search.trial_logs import TrialLogRepository
from search.webhooks import WebhookRepository


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A search's place in the machinery, apart from what users see.

    Attributes:
        next_number: Number of the next trial.
        hold_token: Counts holds; the newest holder may record proposals.
        hold_until: Until when somebody is asking the optimizer; ``None`` when nobody is.
        hold_since: Since when, as of the newest hold.
        rung_at: When the workers were last told about the search; ``None`` asks for a ring.
        failed_asks: Times in a row that asking the optimizer came to nothing.
        exhausted: Whether the optimizer has no candidate left.
    """

    next_number: int = 1
    hold_token: int = 0
    hold_until: datetime | None = None
    hold_since: datetime | None = None
    rung_at: datetime | None = None
    failed_asks: int = 0
    exhausted: bool = False


class SearchRepository(Protocol):
    """Searches; ``lock`` orders all writers of one search."""

    def add(self, search: Search) -> None:
        """Store a new search with an empty schedule."""

    def get(self, search_id: str) -> Search:
        """Return a search; raises ``NotFoundError``."""

    def lock(self, search_id: str) -> Search:
        """Return a search, holding its row until the transaction ends; raises ``NotFoundError``."""

    def save(self, search: Search) -> None:
        """Write a search that exists, but for what follows from its trials' changes.

        These are ``trial_counts`` and ``compute_seconds``.
        """

    def add_compute_seconds(self, search_id: str, seconds: float) -> None:
        """Count the seconds of a hold that has ended."""

    def schedule(self, search_id: str) -> Schedule:
        """Return a search's schedule."""

    def schedules(self, search_ids: Collection[str]) -> dict[str, Schedule]:
        """Return the schedules of these searches by id."""

    def save_schedule(self, search_id: str, schedule: Schedule) -> None:
        """Write a search's schedule."""

    def page(
        self,
        limit: int,
        after_id: str | None = None,
        kept: SearchFilter = ALL_SEARCHES,
        order: SearchOrder = NEWEST_FIRST,
    ) -> list[Search]:
        """Return up to ``limit`` searches, those after a search where it stands now."""

    def unfinished(self, rung_before: datetime) -> list[Search]:
        """Return searches at work that were last rung before ``rung_before``, or never."""

    def mark_rung(self, search_ids: Sequence[str], now: datetime) -> None:
        """Note that workers were told about these searches."""

    def ask_ring(self, search_id: str) -> None:
        """Note that workers must be told about a search again."""


class TrialRepository(Protocol):
    """Trials of all searches; whoever adds one or changes a state holds the search's lock."""

    def add(self, trial: Trial, rung_at: datetime | None = None) -> None:
        """Store a new trial that workers are told about at ``rung_at``, or by the sweeper."""

    def search_of(self, trial_id: str) -> str:
        """Return the id of a trial's search; raises ``NotFoundError``."""

    def get(self, trial_id: str) -> Trial:
        """Return a trial; raises ``NotFoundError``."""

    def lock(self, trial_id: str) -> Trial:
        """Return a trial, holding its row until the transaction ends; raises ``NotFoundError``."""

    def save(self, trial: Trial) -> None:
        """Write what changes in the course of a trial: neither its candidate nor ``on_front``."""

    def of_search(self, search_id: str) -> list[Trial]:
        """Return a search's trials by number; long searches have thousands."""

    def queued(self, search_id: str) -> list[Trial]:
        """Return a search's trials that nobody has claimed, by number."""

    def held_since(self, search_id: str) -> list[datetime]:
        """Return since when each of a search's running trials is held."""

    def facts(self, search_id: str, trial_ids: Collection[str] | None = None) -> list[TrialFacts]:
        """Return a search's trials by number; only some of them where ids are given."""

    def known(self, search_id: str, candidate_hashes: Sequence[str]) -> set[str]:
        """Return which of these candidates the search has a trial of."""

    def of_candidate(self, search_id: str, candidate_hash: str) -> list[Trial]:
        """Return a search's trials of one candidate, by number."""

    def measured_by(self, search_id: str, moment: datetime) -> Iterator[MeasuredTrial]:
        """Yield a search's trials that had completed by then; to be read before anything else."""

    def replicated(self, search_id: str) -> dict[str, list[float]]:
        """Return the accuracies of all trials of each replicated candidate, by its hash."""

    def page(
        self,
        search_id: str,
        limit: int,
        after: TrialPosition | None = None,
        *,
        kept: TrialFilter = ALL_TRIALS,
        order: TrialOrder = BY_NUMBER,
    ) -> list[Trial]:
        """Return up to ``limit`` trials, those after a position."""

    def front(self, search_id: str) -> list[Trial]:
        """Return the members of a search's front, smallest file first."""

    def front_facts(self, search_id: str) -> list[TrialFacts]:
        """Return the members of a search's front by number."""

    def front_as_of(self, search_id: str, event_id: int) -> list[Trial]:
        """Return the members of a search's front right after an event, smallest file first."""

    def join_front(self, trial: Trial, event_id: int) -> None:
        """Put a trial on the front as of an event."""

    def leave_front(self, trial_id: str, event_id: int) -> None:
        """Take a trial off the front as of an event."""

    def holders(self) -> set[str]:
        """Return the ids of all workers that hold a trial."""

    def expired(self, now: datetime) -> list[Trial]:
        """Return running trials whose lease ended before ``now``, search by search."""

    def unclaimed(self, rung_before: datetime) -> list[Trial]:
        """Return queued trials of running searches, last rung before ``rung_before`` or never."""

    def needy(self) -> list[Trial]:
        """Return queued trials of running searches that ask something of their worker."""

    def mark_rung(self, trial_ids: Sequence[str], now: datetime) -> None:
        """Note that workers were told about these trials."""

    def ask_ring(self, trial_id: str) -> None:
        """Note that workers must be told about a trial again."""


class ArtifactRepository(Protocol):
    """Packed files' records; the bytes lie in the artifact store."""

    def add(self, artifact: Artifact) -> None:
        """Store a record."""

    def get(self, artifact_id: str) -> Artifact:
        """Return a record; raises ``NotFoundError``."""

    def of_trials(self, trial_ids: Sequence[str]) -> dict[str, Artifact]:
        """Return the records of these trials by trial id."""


class ModelRepository(Protocol):
    """Uploaded networks; their weights lie in the artifact store."""

    def add(self, model: Model) -> None:
        """Store a new model."""

    def get(self, model_id: str) -> Model:
        """Return a model; raises ``NotFoundError``."""

    def find(self, reference: str) -> Model | None:
        """Return the model with this id, or the newest with this sha256, if any."""

    def named(self, name: str) -> list[Model]:
        """Return the models of this name, newest first."""

    def lock(self, reference: str) -> Model | None:
        """Likewise, holding its row until the transaction ends."""

    def lock_uploads(self) -> None:
        """Let the project's other uploads wait until the transaction ends."""

    def page(self, limit: int, before_id: str | None = None) -> list[Model]:
        """Return up to ``limit`` models, newest first, created before ``before_id``."""

    def unfinished_searches(self, model: Model) -> list[str]:
        """Return the ids of searches of it that have not ended."""

    def remove(self, model_id: str) -> None:
        """Forget a model; searches that have ended keep its id."""


class DatasetRepository(Protocol):
    """Uploaded data sets; their files lie in the artifact store."""

    def add(self, dataset: UploadedDataset) -> bool:
        """Store a new one, unless one that is not deleted has its name or its content."""

    def get(self, dataset_id: str) -> UploadedDataset:
        """Return one, also one that was deleted; raises ``NotFoundError``."""

    def lock(self, dataset_id: str) -> UploadedDataset:
        """Likewise, holding its row until the transaction ends."""

    def find(self, reference: str) -> UploadedDataset | None:
        """Return the one of this id or name that is not deleted, if any."""

    def of_content(self, sha256: str) -> UploadedDataset | None:
        """Return the one with this content that is not deleted, if any."""

    def page(self, limit: int, before_id: str | None = None) -> list[UploadedDataset]:
        """Return up to ``limit`` that are not deleted, newest first, made before ``before_id``."""

    def unfinished_searches(self, dataset_id: str) -> list[str]:
        """Return the ids of searches on it that have not ended."""

    def remove(self, dataset_id: str) -> None:
        """Forget its files, and all of it where no search refers to it."""


class HardwareProfileRepository(Protocol):
    """Hardware profiles that users added; what is there never changes."""

    def add(self, profile: WrittenProfile) -> None:
        """Store a new profile.

        Raises:
            NameTakenError: If there is one of this name.
        """

    def find(self, name: str) -> WrittenProfile | None:
        """Return the profile of this name, if any."""

    def all(self) -> list[WrittenProfile]:
        """Return every profile, by name."""


class WorkerRepository(Protocol):
    """Processes that have reported."""

    def seen(self, worker: Worker) -> None:
        """Insert or replace a worker's row."""

    def gone(self, worker_id: str) -> None:
        """Remove a worker's row, if there is one, and note when its kind was last seen."""

    def all(self) -> list[Worker]:
        """Return every worker, by id."""

    def departures(self) -> dict[str, datetime]:
        """Return when the last worker of each kind that has left was seen."""


class UnitOfWork(Protocol):
    """One transaction."""

    @property
    def searches(self) -> SearchRepository:
        """Searches."""

    @property
    def trials(self) -> TrialRepository:
        """Trials."""

    @property
    def artifacts(self) -> ArtifactRepository:
        """Packed files."""

    @property
    def models(self) -> ModelRepository:
        """Uploaded networks."""

    @property
    def datasets(self) -> DatasetRepository:
        """Uploaded data sets."""

    @property
    def hardware_profiles(self) -> HardwareProfileRepository:
        """Hardware profiles that users added."""

    @property
    def events(self) -> EventRepository:
        """Event logs."""

    @property
    def logs(self) -> TrialLogRepository:
        """What trials printed."""

    @property
    def workers(self) -> WorkerRepository:
        """Worker processes."""

    @property
    def figures(self) -> FiguresRepository:
        """Sums over everything."""

    @property
    def leftovers(self) -> LeftoverRepository:
        """What may be removed."""

    @property
    def request_keys(self) -> RequestKeyRepository:
        """Keys that clients gave their requests."""

    @property
    def explanations(self) -> ExplanationRepository:
        """What fitted models say."""

    @property
    def audit(self) -> AuditRepository:
        """Who changed what."""

    @property
    def webhooks(self) -> WebhookRepository:
        """Where events are sent."""

    @property
    def access(self) -> AccessRepository:
        """Projects, members and keys."""


class Store(Protocol):
    """Opens transactions. Safe to share between threads, but not across a fork; a unit is neither.

    All but ``close`` raise ``StoreBusyError`` when the database is locked or cannot be reached.
    """

    def begin(self) -> AbstractContextManager[UnitOfWork]:
        """Open a write transaction: commits on a clean exit, rolls back on an exception."""

    def read(self) -> AbstractContextManager[UnitOfWork]:
        """Open a read-only transaction: everything read in it is as of one moment."""

    def of_project(self, name: str) -> "Store":
        """Return the store as one project sees it: nothing of another is there, nor can be."""

    def now(self) -> datetime:
        """Return the present time by the clock that all processes share, aware UTC."""

    def close(self) -> None:
        """Close all connections."""
