"""The attempts at a trial, read from its search's log: each worker that held it, and the end."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from search.entities import Event, Reason, Trial
from search.store import UnitOfWork

STARTED: Final = "trial.started"
ENDS: Final[Mapping[str, str]] = {
    "trial.finished": "completed",
    "trial.stopped": "stopped",
    "trial.failed": "failed",
    "trial.cancelled": "cancelled",
    "trial.requeued": "requeued",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One worker's hold on a trial.

    Attributes:
        number: 1, 2, …; the fencing token of the hold.
        ended_as: ``completed``, ``stopped``, ``failed``, ``cancelled`` or ``requeued``; ``None``
            while it lasts.
        reason: Why it ended, where that was no success.
    """

    number: int
    worker_id: str
    began_at: datetime
    ended_at: datetime | None = None
    ended_as: str | None = None
    reason: Reason | None = None


def attempts_at(uow: UnitOfWork, trial: Trial) -> list[Attempt]:
    """Return a trial's attempts by number."""
    return attempts_of(uow.events.of_types(trial.search_id, [STARTED, *ENDS], trial.id))


def attempts_of(events: Iterable[Event]) -> list[Attempt]:
    """Return the attempts that one trial's events tell of."""
    attempts: list[Attempt] = []
    for event in events:
        if event.type == STARTED:
            number, worker_id = event.payload["attempt"], event.payload["worker_id"]
            attempts.append(Attempt(number=number, worker_id=worker_id, began_at=event.at))
        elif event.type in ENDS and attempts and attempts[-1].ended_at is None:
            attempts[-1] = replace(
                attempts[-1],
                ended_at=event.at,
                ended_as=ENDS[event.type],
                reason=_reason(event.payload.get("reason")),
            )
    return attempts


def _reason(found: Mapping[str, str] | None) -> Reason | None:
    return None if found is None else Reason(code=found["code"], message=found["message"])
