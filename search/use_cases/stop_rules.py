"""When a search has enough: of time, of computing, or of what further trials would bring."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from search.entities import ExpectedGain, Proposal, Reason, Search
from search.states import TrialState
from search.store import UnitOfWork

N_LOW_GAINS: Final = 3
"""Asks in a row that must promise too little: one fit of the model may be wrong."""
_TRAINED: Final = (TrialState.COMPLETED, TrialState.STOPPED, TrialState.FAILED)


def why_nothing_starts(search: Search, now: datetime, running_s: float = 0.0) -> Reason | None:
    """Return which limit leaves no time for a trial that has not started, if one does.

    Args:
        search: As of now.
        now: Present time.
        running_s: Seconds that its running trials have taken so far (``running_seconds``).
    """
    limits = search.limits
    passed = (now - search.created_at).total_seconds()
    if limits.wall_time_s is not None and passed >= limits.wall_time_s:
        return Reason(code="wall_time", message=f"{limits.wall_time_s:g} s have passed")
    taken = search.compute_seconds + running_s
    if limits.compute_s is not None and taken >= limits.compute_s:
        message = f"its trials have taken {taken:.0f} s of {limits.compute_s:g} s"
        return Reason(code="compute_time", message=message)
    return None


def running_seconds(uow: UnitOfWork, search: Search, now: datetime) -> float:
    """Return how long a search's running trials have been held, where a limit depends on it."""
    if search.limits.compute_s is None:
        return 0.0
    began = uow.trials.held_since(search.id)
    return sum(max(0.0, (now - since).total_seconds()) for since in began)


def gain_of(search: Search, proposals: Sequence[Proposal]) -> ExpectedGain | None:
    """Return what an ask's first proposal, its best, promises; ``None`` where nobody says.

    Only a model promises anything, and without seconds of earlier trials there is no rate.
    """
    n_trained = sum(search.trial_counts.get(state, 0) for state in _TRAINED)
    gain = proposals[0].expected_gain if proposals else None
    if gain is None or not n_trained or not search.compute_seconds:
        return None
    seconds = search.compute_seconds / n_trained
    found = ExpectedGain(hypervolume=gain, trial_seconds=seconds, per_hour=gain / seconds * 3600)
    least = search.limits.min_gain_per_hour
    if least is None or found.per_hour >= least:
        return found
    before = search.expected_gain.n_low if search.expected_gain else 0
    return replace(found, n_low=before + 1)


def why_worth_too_little(search: Search) -> Reason | None:
    """Return that further trials would gain too little, if they would."""
    gain, least = search.expected_gain, search.limits.min_gain_per_hour
    if gain is None or least is None or gain.n_low < N_LOW_GAINS:
        return None
    message = (
        f"the next trial is expected to gain a hypervolume of {gain.hypervolume:.3g} in "
        f"{gain.trial_seconds:.3g} s, {gain.per_hour:.3g} per hour; {least:g} was asked for"
    )
    return Reason(code="low_gain", message=message)
