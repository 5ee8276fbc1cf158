"""The baseline: uniform samples within budget, none twice."""

import time

import numpy as np

from optimizer.frontier import Frontier, Option, request_rng
from search.entities import Proposal
from search.ports import AskRequest

_MAX_TRIES = 1000
_WALK_STEPS = 60
_MAX_WALKS = 8


def ask(request: AskRequest) -> list[Proposal]:
    """Propose uniform samples.

    ``gen_method`` says how each was found: ``random``; ``random_walk`` where the budget is so tight
    that uniform draws do not meet it; ``random_exhausted`` where so little is left that the rest
    was searched systematically. Fewer than ``n`` come back when nothing is left.
    """
    frontier, rng = Frontier(request), request_rng(request)
    proposals: list[Proposal] = []
    tries = _MAX_TRIES
    for _ in range(request.n):
        began = time.monotonic()
        option, method = frontier.uniform(rng, tries), "random"
        if option is None:
            # uniform draws failed once, so they are given less time from here on
            tries = _MAX_TRIES // 10
            option, method = fill(frontier, rng)
        if option is None:
            break
        frontier.exclude(option)
        proposals.append(option.propose(method, time.monotonic() - began))
    return proposals


def fill(frontier: Frontier, rng: np.random.Generator) -> tuple[Option | None, str]:
    """Find a new option where uniform draws found none; returns it with its ``gen_method``."""
    for _ in range(_MAX_WALKS if frontier.budgets else 0):
        option = frontier.walk(rng, _WALK_STEPS)
        if option is not None:
            return option, "random_walk"
    return frontier.last_resort(rng), "random_exhausted"
