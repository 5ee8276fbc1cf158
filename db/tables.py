"""SQL tables. JSON holds values that are read whole; whatever is filtered or sorted is a column."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from typing_extensions import override

from search.access import DEFAULT_PROJECT
from search.states import SearchState, TrialState

# SQLite counts up by itself only in a column of type INTEGER
BIG_ID = BigInteger().with_variant(Integer, "sqlite")


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC times; SQLite drops the zone on the way in, so it is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @override
    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive time cannot be stored")
        return value.astimezone(UTC)

    @override
    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=value.tzinfo or UTC)


class Base(DeclarativeBase):
    """All tables; constraint names are fixed so that migrations can speak of them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - read once by SQLAlchemy
        dict[str, Any]: JSON,
        list[Any]: JSON,
        datetime: UtcDateTime,
    }


def one_of(column: str, values: type[StrEnum]) -> str:
    """Return the CHECK that a column holds one of an enumeration's values."""
    return f"{column} IN ({', '.join(repr(str(v)) for v in values)})"


class OfProject:
    """A row of one project; ``db.scoping`` hides it from the others."""

    project_id: Mapped[str] = mapped_column(
        String(40),
        ForeignKey("projects.name"),
        default=DEFAULT_PROJECT,
        server_default=DEFAULT_PROJECT,
    )


class OfSearch:
    """A row of the project of its search."""

    search_id: Mapped[str] = mapped_column(ForeignKey("searches.id", ondelete="CASCADE"))


class OfTrial:
    """A row of the project of its trial's search."""

    trial_id: Mapped[str] = mapped_column(ForeignKey("trials.id", ondelete="CASCADE"))


class SearchRow(OfProject, Base):
    """A search and its schedule."""

    __tablename__ = "searches"
    __table_args__ = (
        CheckConstraint(one_of("state", SearchState), name="state"),
        Index(None, "state", "rung_at"),
        Index(None, "project_id", "id"),
        Index(None, "task_key"),
        Index(None, "best_accuracy"),
        Index(None, "smallest_bytes"),
        Index(None, "dataset_id"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(String(16))
    state_reason: Mapped[dict[str, Any]]
    dataset: Mapped[str] = mapped_column(String(100))
    dataset_id: Mapped[str | None] = mapped_column(String(40), ForeignKey("datasets.id"))
    space: Mapped[dict[str, Any]]
    objectives: Mapped[list[Any]]
    budgets: Mapped[dict[str, Any]]
    strategy: Mapped[dict[str, Any]]
    recipe: Mapped[dict[str, Any]]
    limits: Mapped[dict[str, Any]]
    seed: Mapped[int] = mapped_column(BigInteger)
    ref_point: Mapped[dict[str, Any]]
    hardware: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    hypervolume: Mapped[float]
    trial_counts: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    compute_seconds: Mapped[float] = mapped_column(Double, server_default="0")
    best_accuracy: Mapped[float | None] = mapped_column(Double)
    smallest_bytes: Mapped[int | None] = mapped_column(BigInteger)
    growth: Mapped[list[Any]] = mapped_column(server_default="[]")
    task_key: Mapped[str] = mapped_column(String(64), server_default="")
    expected_gain: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    next_number: Mapped[int]
    hold_token: Mapped[int]
    hold_until: Mapped[datetime | None]
    hold_since: Mapped[datetime | None]
    rung_at: Mapped[datetime | None]
    failed_asks: Mapped[int]
    exhausted: Mapped[bool]


class TrialRow(OfSearch, Base):
    """A trial; ``attempt`` is the fencing token of whoever holds it."""

    __tablename__ = "trials"
    __table_args__ = (
        CheckConstraint(one_of("state", TrialState), name="state"),
        UniqueConstraint("search_id", "number"),
        UniqueConstraint("search_id", "candidate_hash", "replicate"),
        Index(None, "search_id", "size_bytes", "number"),
        Index(None, "search_id", "accuracy", "number"),
        Index(None, "search_id", "state"),
        # fronts are read with every result, and are small
        Index(
            None, "search_id", sqlite_where=text("on_front = 1"), postgresql_where=text("on_front")
        ),
        Index(
            "ix_trials_replicated",
            "search_id",
            sqlite_where=text("replicate > 0"),
            postgresql_where=text("replicate > 0"),
        ),
        Index(
            "ix_trials_needs",
            "id",
            sqlite_where=text("needs IS NOT NULL AND state = 'queued'"),
            postgresql_where=text("needs IS NOT NULL AND state = 'queued'"),
        ),
        Index(None, "state", "lease_expires_at"),
        Index(None, "state", "rung_at"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    number: Mapped[int]
    state: Mapped[str] = mapped_column(String(16))
    state_reason: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    outcome: Mapped[str | None] = mapped_column(String(32))
    genes: Mapped[dict[str, Any]]
    layers: Mapped[list[Any]]
    candidate_hash: Mapped[str] = mapped_column(String(64))
    replicate: Mapped[int] = mapped_column(server_default="0")
    replicate_of: Mapped[str | None] = mapped_column(String(40))
    costs: Mapped[dict[str, Any]]
    size_bytes: Mapped[int] = mapped_column(BigInteger, server_default="0")
    seed: Mapped[int] = mapped_column(BigInteger)
    gen_method: Mapped[str] = mapped_column(String(64))
    gen_seconds: Mapped[float]
    attempt: Mapped[int]
    times_lost: Mapped[int]
    worker_id: Mapped[str | None] = mapped_column(String(64))
    lease_expires_at: Mapped[datetime | None]
    held_since: Mapped[datetime | None]
    rung_at: Mapped[datetime | None]
    progress: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    metrics: Mapped[dict[str, Any]]
    accuracy: Mapped[float | None] = mapped_column(Double)
    artifact_id: Mapped[str | None] = mapped_column(String(40))
    on_front: Mapped[bool]
    needs: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class FrontMemberRow(OfSearch, Base):
    """A stay on the front, from one event to another, so that any earlier front can be read."""

    __tablename__ = "front_members"
    __table_args__ = (Index(None, "search_id", "left_event"),)

    id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    trial_id: Mapped[str] = mapped_column(ForeignKey("trials.id", ondelete="CASCADE"))
    joined_event: Mapped[int] = mapped_column(BigInteger)
    left_event: Mapped[int | None] = mapped_column(BigInteger)


class ArtifactRow(OfSearch, Base):
    """A packed file's record; one per completed trial."""

    __tablename__ = "artifacts"
    __table_args__ = (UniqueConstraint("trial_id"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    trial_id: Mapped[str] = mapped_column(ForeignKey("trials.id", ondelete="CASCADE"))
    sha256: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime]


class HardwareProfileRow(OfProject, Base):
    """A hardware profile that a user added, as it was written; it never changes."""

    __tablename__ = "hardware_profiles"

    project_id: Mapped[str] = mapped_column(
        ForeignKey("projects.name"), primary_key=True, server_default=DEFAULT_PROJECT
    )
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    yaml: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]


class ModelRow(OfProject, Base):
    """An uploaded network; its weights lie in the artifact store."""

    __tablename__ = "models"
    __table_args__ = (Index(None, "sha256"), Index(None, "project_id", "id"))

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64))
    weights_sha256: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    layers: Mapped[list[Any]]
    normalisation: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[datetime]


class DatasetRow(OfProject, Base):
    """An uploaded data set; its files lie in the artifact store until it is deleted."""

    __tablename__ = "datasets"
    __table_args__ = (
        Index(None, "project_id", "id"),
        *(
            Index(
                f"ix_datasets_live_{column}",
                "project_id",
                column,
                unique=True,
                sqlite_where=text("file_sha256 IS NOT NULL"),
                postgresql_where=text("file_sha256 IS NOT NULL"),
            )
            for column in ("name", "sha256")
        ),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    sha256: Mapped[str] = mapped_column(String(64))
    file_sha256: Mapped[str | None] = mapped_column(String(64))
    samples_sha256: Mapped[str | None] = mapped_column(String(64))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    layout: Mapped[str] = mapped_column(String(16))
    facts: Mapped[dict[str, Any]]
    class_names: Mapped[list[Any]]
    dealt: Mapped[list[Any]]
    split_seed: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime]


class EventRow(OfSearch, Base):
    """One entry of a search's log."""

    __tablename__ = "events"
    __table_args__ = (
        Index(None, "search_id", "id"),
        Index(None, "trial_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    type: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    trial_id: Mapped[str | None] = mapped_column(String(40))
    payload: Mapped[dict[str, Any]]


class WorkerRow(Base):
    """A process that has reported."""

    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    host: Mapped[str] = mapped_column(String(255))
    pid: Mapped[int]
    device: Mapped[str] = mapped_column(String(64))
    trial_id: Mapped[str | None] = mapped_column(String(40))
    search_id: Mapped[str | None] = mapped_column(String(40))
    started_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    capabilities: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class DepartureRow(Base):
    """When the last worker of a kind that has left was seen; there is a row for each kind."""

    __tablename__ = "departures"

    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    last_seen_at: Mapped[datetime | None]


class TrialLogRow(OfTrial, Base):
    """A piece of what an attempt at a trial has printed."""

    __tablename__ = "trial_logs"
    __table_args__ = (Index(None, "trial_id", "id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    attempt: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    n_bytes: Mapped[int]


class ExplanationRow(OfSearch, Base):
    """What the fitted model of a search said last."""

    __tablename__ = "explanations"

    search_id: Mapped[str] = mapped_column(
        ForeignKey("searches.id", ondelete="CASCADE"), primary_key=True
    )
    made_at: Mapped[datetime]
    n_measured: Mapped[int]
    document: Mapped[dict[str, Any]]


class RequestKeyRow(OfProject, Base):
    """A key that a client gave a request, with what the request made."""

    __tablename__ = "request_keys"
    __table_args__ = (Index(None, "project_id", "created_at"),)

    project_id: Mapped[str] = mapped_column(ForeignKey("projects.name"), primary_key=True)
    name: Mapped[str] = mapped_column(String(255), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    made_id: Mapped[str | None] = mapped_column(String(40))
    created_at: Mapped[datetime]
