"""``/v1/workers``: the processes that do the work."""

from fastapi import APIRouter

from api.deps import NowDep, StoreDep
from api.errors import problem_responses
from api.mapping import worker_to_wire
from bitpareto.types import Workers

router = APIRouter(prefix="/v1/workers", tags=["server"])


@router.get("", responses=problem_responses(503), summary="List worker processes")
def list_workers(store: StoreDep, now: NowDep) -> Workers:
    """Return every process that reports: its queue, its device, the trial it holds."""
    with store.read() as uow:
        found = uow.workers.all()
    return Workers(data=[worker_to_wire(worker, now) for worker in found])
