"""What must hold of a stored search at any moment, whatever happened before."""

import pytest
from sqlalchemy import create_engine, select

from db.tables import FrontMemberRow
from search.attempts import attempts_of
from search.entities import Event, Search, Trial
from search.growth import MOST_POINTS
from search.hypervolume import hypervolume
from search.pareto import losses, non_dominated
from search.states import (
    TERMINAL_SEARCH_STATES,
    TERMINAL_TRIAL_STATES,
    SearchState,
    TrialState,
)
from search.store import Store


def check_invariants(store: Store, search_id: str) -> None:
    """Recompute everything derived from the raw rows, and replay the log."""
    with store.read() as uow:
        search = uow.searches.get(search_id)
        trials = uow.trials.of_search(search_id)
        front = uow.trials.front(search_id)
        events = uow.events.after(search_id, 0, 100_000)
        files = uow.artifacts.of_trials([trial.id for trial in trials])
    _check_states(search, trials)
    _check_front(search, _standing(trials, events), trials, front)
    _check_log(search, trials, front, events)
    _check_seconds(search, trials, events)
    _check_summary(search, front, events)
    completed = {trial.id for trial in trials if trial.state == TrialState.COMPLETED}
    assert set(files) == completed


def _check_states(search: Search, trials: list[Trial]) -> None:
    assert [trial.number for trial in trials] == [*range(1, len(trials) + 1)]
    assert len({(trial.candidate_hash, trial.replicate) for trial in trials}) == len(trials)
    assert len(trials) <= search.limits.max_trials
    states = [trial.state for trial in trials]
    assert search.trial_counts == {state: states.count(state) for state in set(states)}
    assert (search.finished_at is not None) == (search.state in TERMINAL_SEARCH_STATES)
    assert search.state_reason.code
    if search.state in TERMINAL_SEARCH_STATES | {SearchState.REFINING}:
        assert TrialState.QUEUED not in states
    for trial in trials:
        assert (trial.finished_at is not None) == (trial.state in TERMINAL_TRIAL_STATES)
        assert (trial.lease_expires_at is not None) == (trial.state == TrialState.RUNNING)
        assert (trial.artifact_id is not None) == (trial.state == TrialState.COMPLETED)
        assert (trial.outcome is not None) == (
            trial.state in (TrialState.FAILED, TrialState.STOPPED)
        )
        assert trial.times_lost <= min(trial.attempt, search.limits.max_attempts)
        if trial.state not in (TrialState.RUNNING, TrialState.COMPLETED):
            assert trial.state_reason is not None


def _standing(trials: list[Trial], events: list[Event]) -> list[Trial]:
    """Return the trial that completed first of each candidate."""
    by_id = {trial.id: trial for trial in trials}
    standing: dict[str, Trial] = {}
    for event in events:
        if event.type == "trial.finished":
            trial = by_id[event.payload["trial_id"]]
            standing.setdefault(trial.candidate_hash, trial)
    return [*standing.values()]


def _check_front(
    search: Search, standing: list[Trial], trials: list[Trial], front: list[Trial]
) -> None:
    points = {
        trial.id: losses({**trial.costs, **trial.metrics}, search.objectives)
        for trial in standing
        if all(trial.costs[name] <= bound for name, bound in search.budgets.items())
    }
    # of equal points either may be the earlier, by time of completion
    assert {points[member.id] for member in front} == {points[key] for key in non_dominated(points)}
    assert len({points[member.id] for member in front}) == len(front)
    assert {trial.id for trial in trials if trial.on_front} == {member.id for member in front}
    reference = losses(search.ref_point, search.objectives)
    assert search.hypervolume == pytest.approx(hypervolume([*points.values()], reference))


def _check_log(
    search: Search, trials: list[Trial], front: list[Trial], events: list[Event]
) -> None:
    ids = [event.id for event in events]
    assert ids == sorted(set(ids))
    replayed: set[str] = set()
    volume = 0.0
    for event in events:
        if event.type == "front.changed":
            replayed = (replayed - {*event.payload["removed"]}) | {*event.payload["added"]}
            assert event.payload["hypervolume"] >= volume
            assert event.payload["size"] == len(replayed)
            volume = event.payload["hypervolume"]
    assert replayed == {member.id for member in front}
    assert volume == search.hypervolume
    told = [event.payload["state"] for event in events if event.type == "search.state"]
    assert told[-1] == search.state
    for kind, state in (
        ("trial.finished", TrialState.COMPLETED),
        ("trial.failed", TrialState.FAILED),
        ("trial.stopped", TrialState.STOPPED),
        ("trial.cancelled", TrialState.CANCELLED),
    ):
        named = [event.payload["trial_id"] for event in events if event.type == kind]
        assert sorted(named) == sorted(trial.id for trial in trials if trial.state == state)


def _check_seconds(search: Search, trials: list[Trial], events: list[Event]) -> None:
    """The seconds of all holds that have ended, and since when the others are held."""
    seconds = 0.0
    for trial in trials:
        attempts = attempts_of(e for e in events if e.payload.get("trial_id") == trial.id)
        for attempt in attempts:
            if attempt.ended_at is not None:
                seconds += (attempt.ended_at - attempt.began_at).total_seconds()
        held = attempts[-1].began_at if trial.state == TrialState.RUNNING else None
        assert trial.held_since == held
    assert search.compute_seconds == pytest.approx(seconds)


def _check_summary(search: Search, front: list[Trial], events: list[Event]) -> None:
    """What a list shows of the search."""
    accuracies = [member.metrics["accuracy"] for member in front]
    assert search.best_accuracy == max(accuracies, default=None)
    assert search.smallest_bytes == min((t.costs["size_bytes"] for t in front), default=None)
    n_trials, growth = 0, list[tuple[int, float]]()
    for event in events:
        if event.type in ("trial.finished", "trial.stopped", "trial.failed"):
            n_trials += 1
        elif event.type == "front.changed":
            growth.append((n_trials, event.payload["hypervolume"]))
    kept = [(point.n_trials, point.hypervolume) for point in search.growth]
    assert len(kept) <= MOST_POINTS
    assert kept == growth or (len(growth) > MOST_POINTS and {*kept} < {*growth})
    assert kept[-1:] == growth[-1:]


def front_as_of(database_url: str, event_id: int) -> set[str]:
    """Read the front as it was after an event from the table of memberships."""
    engine = create_engine(database_url)
    query = select(FrontMemberRow.trial_id).where(
        FrontMemberRow.joined_event <= event_id,
        FrontMemberRow.left_event.is_(None) | (FrontMemberRow.left_event > event_id),
    )
    with engine.connect() as connection:
        members = set(connection.scalars(query))
    engine.dispose()
    return members
