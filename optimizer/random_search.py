"""The baseline: uniform samples within budget, none twice."""

import time

import numpy as np

from optimizer.frontier import Frontier, Option, request_rng
from search.entities import Proposal
from search.ports import AskRequest


def ask(request: AskRequest) -> list[Proposal]:
    """Propose uniform samples; see ``draw`` for the values of ``gen_method``.

    Fewer than ``n`` come back when nothing is left.
    """
    frontier, rng = Frontier(request), request_rng(request)
    proposals: list[Proposal] = []
    while len(proposals) < request.n:
        began = time.monotonic()
        option, method = draw(frontier, rng)
        if option is None:
            break
        frontier.exclude(option)
        proposals.append(option.propose(method, time.monotonic() - began))
    return proposals


def draw(frontier: Frontier, rng: np.random.Generator) -> tuple[Option | None, str]:
    """Find a new option without a model; returns it with how it was found.

    ``random``: a uniform sample. ``random_walk``: the budget is so tight that uniform samples do
    not meet it. ``random_exhausted``: so little is left that it was searched for systematically;
    no option then means that nothing is left.
    """
    option = frontier.uniform(rng)
    if option is not None:
        return option, "random"
    option = frontier.walk(rng) if frontier.bounds else None
    if option is not None:
        return option, "random_walk"
    return frontier.last_resort(rng), "random_exhausted"
