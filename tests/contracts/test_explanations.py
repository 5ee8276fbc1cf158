"""Explanations are kept with the proposals that they come with, on both databases."""

from dataclasses import replace

import pytest

from search.entities import Limits, Search, Strategy
from search.explanations import Explanation
from search.states import SearchState
from search.store import Store
from search.use_cases.access import create_project
from search.use_cases.advance import AdvancePlan, begin_advance, record_proposals
from search.use_cases.results import fail_trial
from search.use_cases.searches import pause_search, resume_search
from tests.service import (
    EXPLANATION,
    NOW,
    claim,
    complete,
    later,
    new_search,
    proposals,
    queue_trials,
)


@pytest.fixture
def search(store: Store) -> Search:
    """A search with five of twenty trials completed."""
    limits = Limits(max_trials=20, max_parallel=5)
    made = new_search(store, strategy=Strategy(name="bayesian"), limits=limits)
    for trial_id in queue_trials(store, made, proposals(5)):
        complete(store, claim(store, trial_id), 0.9)
    return made


def _plan(store: Store, search: Search, seconds: float = 0.0) -> AdvancePlan:
    with store.begin() as uow:
        plan = begin_advance(uow, search.id, later(seconds), hold_s=30)
    assert plan is not None
    return plan


def _found(store: Store, search: Search) -> Explanation | None:
    with store.read() as uow:
        return uow.explanations.find(search.id)


def test_an_explanation_comes_back_as_it_was_and_the_newest_stays(
    store: Store, search: Search
) -> None:
    assert _found(store, search) is None
    for kept in (EXPLANATION, replace(EXPLANATION, n_measured=6, made_at=later(2))):
        with store.begin() as uow:
            uow.searches.lock(search.id)
            uow.explanations.keep(search.id, kept)
        assert _found(store, search) == kept


def test_it_is_asked_for_when_a_tenth_more_trials_are_there(store: Store, search: Search) -> None:
    plan = _plan(store, search)
    assert plan.explain
    with store.begin() as uow:
        failing, lasting, *_ = record_proposals(uow, plan, proposals(10)[5:], NOW, EXPLANATION)
    assert _found(store, search) == EXPLANATION
    held = claim(store, failing)
    with store.begin() as uow:
        fail_trial(uow, held.lease, "diverged", "loss nan", NOW)
    assert not _plan(store, search).explain
    complete(store, claim(store, lasting), 0.9)
    assert _plan(store, search, 31).explain


def test_an_answer_that_comes_too_late_explains_nothing(store: Store, search: Search) -> None:
    late = _plan(store, search)
    with store.begin() as uow:
        pause_search(uow, search.id, NOW)
        resume_search(uow, search.id, NOW)
    _plan(store, search, 1)
    with store.begin() as uow:
        assert record_proposals(uow, late, proposals(7), later(2), EXPLANATION) == []
    assert _found(store, search) is None


def test_proposals_and_explanation_are_stored_together_or_not_at_all(
    store: Store, search: Search
) -> None:
    plan = _plan(store, search)

    def cut_off() -> None:
        with store.begin() as uow:
            record_proposals(uow, plan, proposals(7)[5:], NOW, EXPLANATION)
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        cut_off()
    assert _found(store, search) is None
    with store.read() as uow:
        assert len(uow.trials.of_search(search.id)) == 5


def test_the_end_is_explained_once_more(store: Store) -> None:
    limits = Limits(max_trials=5, max_parallel=5)
    search = new_search(store, strategy=Strategy(name="bayesian"), limits=limits)
    for trial_id in queue_trials(store, search, proposals(5)):
        complete(store, claim(store, trial_id), 0.9)
    plan = _plan(store, search)
    assert plan.search.state == SearchState.REFINING
    assert (plan.n_wanted, plan.explain) == (0, True)
    assert [o.status for o in plan.history.observations] == ["completed"] * 5


def test_a_strategy_without_a_model_is_not_explained(store: Store) -> None:
    search = new_search(store, limits=Limits(max_trials=20, max_parallel=5))
    for trial_id in queue_trials(store, search, proposals(5)):
        complete(store, claim(store, trial_id), 0.9)
    assert not _plan(store, search).explain


def test_another_project_does_not_see_it(store: Store, search: Search) -> None:
    with store.begin() as uow:
        uow.searches.lock(search.id)
        uow.explanations.keep(search.id, EXPLANATION)
        create_project(uow, "other", NOW)
    with store.of_project("other").read() as uow:
        assert uow.explanations.find(search.id) is None
        assert uow.explanations.n_measured(search.id) == 0
    with store.of_project("default").read() as uow:
        assert uow.explanations.find(search.id) == EXPLANATION
