"""Where a trial's network comes from."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.deps import StoreDep
from api.errors import problem_responses
from bitpareto.types import ClosestTrial, GeneChange, Lineage, ReplicateTrial
from search.entities import Trial
from search.lineage import Lineage as FoundLineage
from search.lineage import Relative
from search.use_cases.lineage import lineage_of

router = APIRouter(tags=["trials"])

LimitQuery = Annotated[int, Query(ge=0, le=20, description="Most trials in `closest`.")]


@router.get(
    "/v1/trials/{trial_id}/lineage",
    responses=problem_responses(404, 422, 503),
    summary="Read where a trial's network comes from",
)
def lineage(trial_id: str, store: StoreDep, limit: LimitQuery = 3) -> Lineage:
    """Return the measured networks before it that are most like it, and its replicates.

    A model proposes from all trials at once, so that no single one is a parent. What can be said
    exactly is which trials differ least, of those that had completed when it was proposed.
    """
    with store.read() as uow:
        return _to_wire(lineage_of(uow, trial_id, limit))


def _to_wire(found: FoundLineage) -> Lineage:
    return Lineage(
        trial_id=found.trial.id,
        search_id=found.trial.search_id,
        gen_method=found.first.gen_method,
        taught_by=list(found.taught_by),
        closest=[_closest(found.trial, relative) for relative in found.closest],
        replicates=[
            ReplicateTrial(
                trial_id=other.id,
                number=other.number,
                replicate=other.replicate,
                state=other.state.value,
                seed=other.seed,
                accuracy=other.metrics.get("accuracy"),
            )
            for other in found.replicates
        ],
    )


def _closest(trial: Trial, relative: Relative) -> ClosestTrial:
    earlier, accuracy = relative.trial, trial.metrics.get("accuracy")
    return ClosestTrial(
        trial_id=earlier.id,
        number=earlier.number,
        accuracy=earlier.accuracy,
        size_bytes=earlier.size_bytes,
        n_genes=relative.n_genes,
        n_differing=len(relative.changes),
        changes=[
            GeneChange(gene=change.gene, before=change.before, after=change.after)
            for change in relative.changes
        ],
        accuracy_change=None if accuracy is None else accuracy - earlier.accuracy,
        size_bytes_change=int(trial.costs["size_bytes"]) - earlier.size_bytes,
    )
