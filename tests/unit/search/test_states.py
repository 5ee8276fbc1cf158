"""The two tables of transitions."""

import itertools

import pytest

from search.errors import TransitionError
from search.states import (
    SEARCH_TRANSITIONS,
    TERMINAL_SEARCH_STATES,
    TERMINAL_TRIAL_STATES,
    TRIAL_TRANSITIONS,
    SearchState,
    TrialState,
    check_search_transition,
    check_trial_transition,
)


def test_every_state_has_a_row() -> None:
    assert set(SEARCH_TRANSITIONS) == set(SearchState)
    assert set(TRIAL_TRANSITIONS) == set(TrialState)


@pytest.mark.parametrize(("current", "proposed"), [*itertools.product(SearchState, SearchState)])
def test_search_transitions_follow_the_table(current: SearchState, proposed: SearchState) -> None:
    if proposed in SEARCH_TRANSITIONS[current]:
        check_search_transition("sea_x", current, proposed)
    else:
        with pytest.raises(TransitionError) as caught:
            check_search_transition("sea_x", current, proposed)
        assert (caught.value.current, caught.value.proposed) == (current, proposed)


@pytest.mark.parametrize(("current", "proposed"), [*itertools.product(TrialState, TrialState)])
def test_trial_transitions_follow_the_table(current: TrialState, proposed: TrialState) -> None:
    if proposed in TRIAL_TRANSITIONS[current]:
        check_trial_transition("trl_x", current, proposed)
    else:
        with pytest.raises(TransitionError):
            check_trial_transition("trl_x", current, proposed)


def test_the_end_is_the_end() -> None:
    assert {"succeeded", "failed", "cancelled"} == TERMINAL_SEARCH_STATES
    assert {"completed", "stopped", "failed", "cancelled"} == TERMINAL_TRIAL_STATES


def test_a_running_trial_can_go_back_to_the_queue() -> None:
    assert TrialState.QUEUED in TRIAL_TRANSITIONS[TrialState.RUNNING]
