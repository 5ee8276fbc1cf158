"""What is evaluated before a strategy proposes: a user's candidates, then allocated ones."""

import time
from collections.abc import Iterator
from dataclasses import replace

from optimizer.allocator import allocated
from optimizer.frontier import Frontier
from optimizer.genotypes import Places
from search.entities import Proposal
from search.ports import Ask, AskRequest, Observation
from search.warm_start import WarmStart

GIVEN, ALLOCATED = "given", "allocated"


def n_seeds(request: AskRequest) -> int:
    """Return how many of a search's first trials are given or allocated."""
    start = request.warm_start
    return 0 if start is None else len(start.candidates) + start.allocate


def with_seeds(ask: Ask, request: AskRequest) -> list[Proposal]:
    """Propose the seeds that no trial has yet, and ask the strategy for the rest.

    Args:
        ask: The strategy.
        request: With the warm start of the search. Over budget, or known, a seed is left out.
    """
    start = request.warm_start
    # seeds come first, so that with as many trials all of them have had their turn
    if start is None or len(request.history) >= n_seeds(request):
        return ask(request)
    found = _seeds(request, start)
    if len(found) == request.n:
        return found
    pending = tuple(
        Observation(
            genes=each.genes, candidate_hash=each.candidate_hash, values=None, status="pending"
        )
        for each in found
    )
    left = request.n - len(found)
    return found + ask(replace(request, history=(*request.history, *pending), n=left))


def _seeds(request: AskRequest, start: WarmStart) -> list[Proposal]:
    frontier = Frontier(request)
    found: list[Proposal] = []
    began = time.monotonic()
    for places, method in _genotypes(request, start, frontier):
        if len(found) == request.n:
            break
        option = frontier.option(places)
        if option is not None:
            frontier.exclude(option)
            now = time.monotonic()
            found.append(option.propose(method, now - began))
            began = now
    return found


def _genotypes(
    request: AskRequest, start: WarmStart, frontier: Frontier
) -> Iterator[tuple[Places, str]]:
    for genes in start.candidates:
        yield frontier.genotypes.places(genes), GIVEN
    if start.allocate:
        cost = next(o.name for o in request.objectives if o.exact)
        for places in allocated(frontier, cost, start.allocate):
            yield places, ALLOCATED
