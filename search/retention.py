"""How long things stay that nothing needs any more, and which those are."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long what stays; ``None`` is for ever. What a front needs is never removed.

    Attributes:
        files_s: Files that no row refers to, and checkpoints of trials that have ended. Long enough
            that what is being written now is not taken for garbage.
        logs_s: Logs of trials, counted from the end of the trial.
        epochs_s: Learning curves, counted from the end of the search.
        audit_s: Entries of the audit log.
        deliveries_s: Deliveries of webhooks, counted from their end.
        every_s: Seconds between two collections by the sweeper.
    """

    files_s: float = DAY_S
    logs_s: float | None = 30 * DAY_S
    epochs_s: float | None = None
    audit_s: float | None = None
    deliveries_s: float | None = 30 * DAY_S
    every_s: float = 3600.0


class LeftoverRepository(Protocol):
    """What may go, by what the rows say."""

    def referenced(self, sha256s: Collection[str]) -> set[str]:
        """Return which of these addresses a row refers to."""

    def in_work(self, trial_ids: Collection[str]) -> set[str]:
        """Return which of these trials have not ended; of unknown ones nobody knows."""

    def logs(self, ended_before: datetime, *, remove: bool) -> tuple[int, int]:
        """Count, and remove where asked to, logs of trials; returns entries and bytes."""

    def epochs(self, ended_before: datetime, *, remove: bool) -> int:
        """Count, and remove where asked to, reports of epochs of ended searches."""

    def sessions(self, expired_before: datetime, *, remove: bool) -> int:
        """Count, and remove where asked to, sessions of browsers that had expired."""

    def audit(self, before: datetime, *, remove: bool) -> int:
        """Count, and remove where asked to, entries of the audit log."""

    def deliveries(self, finished_before: datetime, *, remove: bool) -> int:
        """Count, and remove where asked to, deliveries of webhooks that have ended."""
