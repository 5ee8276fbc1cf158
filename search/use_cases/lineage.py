"""Where a trial's network comes from."""

from typing import Final

from search.entities import Search
from search.lineage import Lineage, closest
from search.store import UnitOfWork

TAUGHT: Final = "ehvi_warm"
"""How a trial is found by a model that trials of other searches have taught."""


def lineage_of(uow: UnitOfWork, trial_id: str, n_closest: int) -> Lineage:
    """Return where a trial's network comes from; a replicate's, where its first trial's does.

    Only trials count whose accuracy was known when the network was proposed, so that the answer
    stays what it is; replicates alone may come to it.

    Raises:
        NotFoundError: If there is no such trial.
    """
    trial = uow.trials.get(trial_id)
    search = uow.searches.get(trial.search_id)
    same = uow.trials.of_candidate(search.id, trial.candidate_hash)
    first = same[0]
    measured = uow.trials.measured_by(search.id, first.created_at)
    others = (each for each in measured if each.number < first.number)
    return Lineage(
        trial=trial,
        first=first,
        taught_by=_teachers(search) if first.gen_method == TAUGHT else (),
        closest=closest(first.genes, others, n_closest),
        replicates=tuple(other for other in same if other.id != trial.id),
    )


def _teachers(search: Search) -> tuple[str, ...]:
    start = search.strategy.warm_start
    return start.searches if start else ()
