"""A search that has ended with two trials on its front."""

from search.entities import Limits
from tests.served import Deployment
from tests.service import new_search


def ended_search(deployment: Deployment) -> str:
    """Complete two trials of a new search; returns its id."""
    search = new_search(deployment.store, limits=Limits(max_trials=2, max_parallel=2))
    for claimed, accuracy in zip(deployment.claimed(search, 2), (0.8, 0.9), strict=True):
        deployment.complete(claimed, accuracy)
    deployment.finish(search.id)
    return search.id
