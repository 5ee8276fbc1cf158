"""What users do with single trials."""

from datetime import datetime

from search.entities import Reason, Trial
from search.states import TERMINAL_TRIAL_STATES
from search.store import UnitOfWork
from search.use_cases.transitions import cancel_trial


def cancel_one_trial(uow: UnitOfWork, trial_id: str, now: datetime) -> Trial:
    """Cancel a trial; one that has ended stays as it is.

    A running one is cancelled at once: its worker hears of it at the next heartbeat, and what it
    would record before then is stale. The candidate is not proposed again.
    """
    search = uow.searches.lock(uow.trials.search_of(trial_id))
    trial = uow.trials.lock(trial_id)
    if trial.state in TERMINAL_TRIAL_STATES:
        return trial
    cancel_trial(uow, trial, Reason(code="cancelled_by_user", message="cancelled on request"), now)
    uow.searches.ask_ring(search.id)
    return uow.trials.get(trial_id)
