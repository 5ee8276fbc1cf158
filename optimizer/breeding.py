"""What the evolutionary baselines share: random trials first, then children of measured ones."""

import time
from collections.abc import Callable, Iterator

import numpy as np

from optimizer.deadline import Deadline
from optimizer.frontier import Frontier, Option, request_rng
from optimizer.genotypes import Genotypes, Places
from optimizer.measured import Measured, read_measured
from optimizer.random_search import draw
from search.entities import Proposal
from search.ports import AskRequest

Breed = Callable[[Measured, Genotypes, np.random.Generator, int], Places]
"""Makes ``n`` children ``(n, d)`` of at least one measured trial."""

CHILDREN = 64
"""Made together; the first that is new and within budget is proposed."""
_ROUNDS = 8
"""Without a new child before giving up: the neighbourhood is exhausted, or all over budget."""


def propose(request: AskRequest, name: str, n_initial: int, breed: Breed) -> list[Proposal]:
    """Propose children, each as if those before it were unknown, since none is measured yet.

    ``gen_method`` is ``name`` for a child; ``random`` and so on (``random_search.draw``) in the
    initial phase; ``<name>_random`` and so on where no child was new, or the deadline passed.
    Fewer than ``n`` come back when nothing is left.

    Args:
        request: The ask; its ``n_initial`` goes before the one given here.
        name: Of the strategy.
        n_initial: Trials, whatever became of them, before children are made.
        breed: Makes them.
    """
    frontier, rng = Frontier(request), request_rng(request)
    measured, deadline = read_measured(request, frontier), Deadline.after(request.deadline_s)
    n_initial = n_initial if request.n_initial is None else request.n_initial
    children = _fresh(frontier, measured, rng, breed)
    proposals: list[Proposal] = []
    while len(proposals) < request.n:
        began = time.monotonic()
        starting = len(request.history) + len(proposals) < n_initial or not len(measured)
        option = None if starting or deadline.passed() else next(children, None)
        method = name
        if option is None:
            option, drawn = draw(frontier, rng)
            method = drawn if starting else f"{name}_{drawn}"
        if option is None:
            break
        frontier.exclude(option)
        proposals.append(option.propose(method, time.monotonic() - began))
    return proposals


def _fresh(
    frontier: Frontier, measured: Measured, rng: np.random.Generator, breed: Breed
) -> Iterator[Option]:
    """Yield children that nothing has, until several rounds of breeding make none."""
    barren = 0
    while barren < _ROUNDS:
        barren += 1
        for places in frontier.fresh(breed(measured, frontier.genotypes, rng, CHILDREN)).places:
            # what was yielded since this round was made has been excluded meanwhile
            option = frontier.option(np.maximum(places, 0))
            if option is not None:
                barren = 0
                yield option
