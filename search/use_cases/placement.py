"""Bringing trials that need something of their worker to one that has it."""

from dataclasses import replace
from datetime import datetime

from search.entities import Lease, Reason
from search.placement import GIB, Capabilities, Needs
from search.store import UnitOfWork
from search.use_cases.leases import locked_with_search, requeue
from search.use_cases.results import end_failed
from search.use_cases.transitions import log_tail
from search.waiting import Crew, crew_at


def someone_is_free(uow: UnitOfWork, needs: Needs, now: datetime, lease_s: float) -> bool:
    """Whether a train worker that meets the needs is there and holds nothing."""
    crew = crew_at(uow, now, lease_s)
    return any(not crew.is_busy(worker) for worker in crew.able_to_train(needs))


def next_suited(uow: UnitOfWork, able: Capabilities | None) -> str | None:
    """Return the oldest queued trial that asks for something, and for no more than this worker has.

    Whoever has ended a trial looks here first: others cannot do these.
    """
    if able is None:
        return None
    suited = (trial.id for trial in uow.trials.needy() if able.meet(trial.needs))
    return next(suited, None)


def end_out_of_memory(
    uow: UnitOfWork,
    lease: Lease,
    message: str,
    able: Capabilities | None,
    now: datetime,
    lease_s: float,
) -> bool:
    """Queue a trial again for a worker with more memory, or end it; returns whether it has ended.

    Each time it asks for more than the last worker had, so this ends.

    Raises:
        StaleLeaseError: If the lease is no longer valid.
    """
    _, trial = locked_with_search(uow, lease)
    if able is not None:
        more = replace(trial.needs, device=able.device, memory_bytes=able.memory_bytes + 1)
        crew: Crew = crew_at(uow, now, lease_s)
        if crew.able_to_train(more):
            said = f"{able.memory_bytes / GIB:.1f} GiB were too little: {message}"
            reason = Reason(code="out_of_memory", message=said, log_tail=log_tail(uow, trial))
            requeue(uow, replace(trial, needs=more), reason, now)
            return False
    end_failed(uow, trial, "out_of_memory", message, now)
    return True
