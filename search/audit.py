"""Who changed what: one entry for each request that may change something, and never a secret."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One request, as it was answered. Entries never change.

    Attributes:
        id: Entries sort by it, oldest first.
        project_id: In which it was done.
        user: Who did it.
        key_id: With which key; ``None`` where none is needed.
        operation: Its name in OpenAPI.
        object_id: What it was done to, or what it made; ``None`` where the answer does not say.
        status: Of the answer: below 400 it was done, else it was not.
        request_id: As in the log and in the answer.
    """

    id: str
    project_id: str
    at: datetime
    user: str
    key_id: str | None
    operation: str
    object_id: str | None
    status: int
    request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which entries are asked for; ``None`` is all.

    Attributes:
        after: Inclusive.
        before: Exclusive.
    """

    user: str | None = None
    operation: str | None = None
    object_id: str | None = None
    after: datetime | None = None
    before: datetime | None = None


class AuditRepository(Protocol):
    """What was done. In a store of one project, that project's alone."""

    def add(self, entry: AuditEntry) -> None:
        """Store a new entry."""

    def page(
        self, wanted: AuditFilter, limit: int, before_id: str | None = None
    ) -> list[AuditEntry]:
        """Return up to ``limit`` entries, newest first."""
