"""Says of what is shown why it waits."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Depends

from api.deps import NowDep, PartsDep, StoreDep
from api.mapping import search_to_wire
from bitpareto import types as wire
from search.entities import Reason, Search, Trial
from search.states import TERMINAL_SEARCH_STATES, TrialState
from search.store import UnitOfWork
from search.waiting import Crew, crew_at, why_search_waits, why_trial_waits


class Waiting:
    """The reasons within one request; who works is read when something waits, and once."""

    def __init__(self, parts: PartsDep, store: StoreDep, now: NowDep) -> None:
        self._store = store
        self._lease_s = parts.lease_s
        self._now = now
        self._crew: Crew | None = None

    def of_search(self, uow: UnitOfWork, search: Search) -> Reason | None:
        """Return why a search waits, if it does."""
        return self.of_searches(uow, [search])[0]

    def of_searches(self, uow: UnitOfWork, searches: Sequence[Search]) -> list[Reason | None]:
        """Return why each of some searches waits, if it does."""
        at_work = {search.id for search in searches if search.state not in TERMINAL_SEARCH_STATES}
        if not at_work:
            return [None] * len(searches)
        schedules, crew = uow.searches.schedules(at_work), self._crew_of(uow)
        return [
            why_search_waits(search, schedules[search.id], crew) if search.id in at_work else None
            for search in searches
        ]

    def of_trial(self, uow: UnitOfWork, trial: Trial, search: Search) -> Reason | None:
        """Return why a trial of a search waits, if it does."""
        if trial.state != TrialState.QUEUED:
            return None
        return why_trial_waits(trial, search, self._crew_of(uow))

    def shown(self, search: Search) -> wire.Search:
        """Return a search, as it was just written, with why it waits."""
        with self._store.read() as uow:
            return search_to_wire(search, self.of_search(uow, search))

    def _crew_of(self, uow: UnitOfWork) -> Crew:
        if self._crew is None:
            self._crew = crew_at(uow, self._now, self._lease_s)
        return self._crew


WaitingDep = Annotated[Waiting, Depends()]
