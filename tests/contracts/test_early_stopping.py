"""Trials without a chance are stopped, once and for good, on both databases."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from search.attempts import attempts_at
from search.early_stopping import EarlyStopping
from search.entities import Limits, Progress, Search, Strategy
from search.errors import StaleLeaseError, TrialInterrupted
from search.recipe import Recipe
from search.states import TrialState
from search.store import Store
from search.use_cases.advance import begin_advance
from search.use_cases.leases import Claim, heartbeat, release_trial
from search.use_cases.results import report_all
from search.use_cases.rungs import is_audited
from search.use_cases.searches import pause_search, resume_search
from search.use_cases.sweep import sweep
from search.warm_start import WarmStart
from tests.contracts.invariants import check_invariants
from tests.service import claim, complete, later, new_search, proposals, queue_trials

RULE = EarlyStopping(bound=0.1, min_epochs=2, rungs=2, min_completed=4, audit=0.0)
RECIPE = Recipe(float_epochs=2, qat_epochs=4)
CURVE = (0.5, 0.7, 0.75, 0.8, 0.85, 0.9)
BAD = (0.1, 0.1, 0.1, 0.1, 0.1, 0.1)


def _report(store: Store, held: Claim, curve: Sequence[float], first: int = 1) -> bool:
    """Report epochs from ``first`` on."""
    reports = []
    for epoch, accuracy in enumerate(curve, start=1):
        phase, at = ("float", epoch) if epoch <= 2 else ("qat", epoch - 2)
        progress = Progress(phase=phase, epoch=at, n_epochs=2 if epoch <= 2 else 4)
        if epoch >= first:
            reports.append(
                (later(100), replace(progress, accuracy=accuracy, probe_accuracy=accuracy))
            )
    with store.begin() as uow:
        return report_all(uow, held.lease, reports)


def _learned(store: Store, rule: EarlyStopping = RULE) -> tuple[Search, str, str]:
    """A search with twelve good trials, and two more in its queue that are larger than all."""
    limits = Limits(max_trials=14, max_parallel=14, early_stopping=rule)
    search = new_search(store, limits=limits, recipe=RECIPE)
    found = sorted(proposals(14), key=lambda proposal: proposal.costs["size_bytes"])
    *first, one, other = queue_trials(store, search, found)
    for number, trial_id in enumerate(first):
        held = claim(store, trial_id)
        assert not _report(store, held, [a + number / 1000 for a in CURVE])
        complete(store, held, 0.9 + number / 1000)
    return search, one, other


def test_a_trial_without_a_chance_is_stopped(store: Store) -> None:
    search, one, other = _learned(store)
    held = claim(store, one)
    assert not _report(store, held, BAD[:1])
    assert _report(store, held, BAD[:4], first=2)
    with store.read() as uow:
        trial = uow.trials.get(one)
        events = uow.events.of_types(search.id, ["trial.rung", "trial.stopped"], one)
        (attempt,) = attempts_at(uow, trial)
    assert (trial.state, trial.outcome) == (TrialState.STOPPED, "stopped_early")
    assert trial.state_reason is not None
    assert trial.state_reason.code == attempt.ended_as + "_early" == "stopped_early"
    assert set(trial.metrics) == {"partial_accuracy", "predicted_accuracy"}
    rung, stopped = (event.payload for event in events)
    assert (rung["verdict"], rung["epoch"], rung["n_epochs"]) == ("stop", 2, 6)
    assert stopped["probability"] == rung["probability"] < stopped["bound"] == 0.1
    assert (stopped["rule"], stopped["epoch"]) == ("curve_regression", 2)
    # one that does as well as the others goes on
    assert not _report(store, claim(store, other), [a + 0.02 for a in CURVE])
    check_invariants(store, search.id)


@pytest.mark.parametrize("is_taught", [True, False])
def test_a_search_is_taught_by_those_it_was_warm_started_from(
    store: Store, is_taught: bool
) -> None:
    other, _, _ = _learned(store)
    start = WarmStart(searches=(other.id,)) if is_taught else None
    limits = Limits(max_trials=2, max_parallel=2, early_stopping=RULE)
    strategy = Strategy(name="bayesian", warm_start=start)
    search = new_search(store, limits=limits, recipe=RECIPE, strategy=strategy)
    found = sorted(proposals(2), key=lambda proposal: proposal.costs["size_bytes"])
    first, second = queue_trials(store, search, found)
    held = claim(store, first)
    assert not _report(store, held, BAD)  # its front is empty yet
    complete(store, held, 0.9)
    assert _report(store, claim(store, second), BAD) == is_taught
    check_invariants(store, search.id)


def test_a_stopped_trial_is_the_end_of_its_attempt(store: Store) -> None:
    search, one, _ = _learned(store)
    held = claim(store, one)
    assert _report(store, held, BAD)
    with store.read() as uow:
        before = uow.trials.get(one)
        n_events = uow.events.last_id(search.id)
    # its worker did not hear of it
    with pytest.raises(TrialInterrupted, match="stopped"):
        _report(store, held, CURVE)
    with pytest.raises(TrialInterrupted, match="stopped"), store.begin() as uow:
        heartbeat(uow, held.lease, later(101), 15)
    with pytest.raises(TrialInterrupted, match="stopped"), store.begin() as uow:
        release_trial(uow, held.lease, later(101))
    with pytest.raises(TrialInterrupted, match="stopped"):
        complete(store, held, 0.99, later(101))
    with store.begin() as uow:
        sweep(uow, later(1000), ring_after_s=10)
        assert uow.trials.get(one) == before
    with store.read() as uow:
        assert uow.events.last_id(search.id) == n_events
    check_invariants(store, search.id)


def test_a_lost_worker_stops_nothing_and_its_successor_is_judged(store: Store) -> None:
    search, one, _ = _learned(store)
    old = claim(store, one)
    with store.begin() as uow:
        sweep(uow, later(60), ring_after_s=10)
    new = claim(store, one, "worker-2", later(61))
    with pytest.raises(StaleLeaseError):
        _report(store, old, BAD)
    with store.read() as uow:
        assert uow.trials.get(one).state == TrialState.RUNNING
    # it goes on from the last checkpoint, behind the first rung
    assert _report(store, new, BAD, first=3)
    with pytest.raises(StaleLeaseError), store.begin() as uow:
        heartbeat(uow, old.lease, later(101), 15)
    with store.read() as uow:
        assert uow.trials.get(one).state == TrialState.STOPPED
    check_invariants(store, search.id)


def test_a_paused_search_keeps_what_it_knew(store: Store) -> None:
    search, one, other = _learned(store)
    held, late = claim(store, one), claim(store, other)
    with store.begin() as uow:
        pause_search(uow, search.id, later(50))
    # reported on the way out: the trial has ended, and is not queued again
    assert _report(store, late, BAD[:2])
    with pytest.raises(TrialInterrupted, match="stopped"), store.begin() as uow:
        release_trial(uow, late.lease, later(100))
    with store.begin() as uow:
        release_trial(uow, held.lease, later(60))
        resume_search(uow, search.id, later(61))
    assert _report(store, claim(store, one, at=later(62)), BAD)
    with store.begin() as uow:
        plan = begin_advance(uow, search.id, later(104), hold_s=30)
    assert plan is not None
    assert plan.search.state_reason.code == "max_trials"
    check_invariants(store, search.id)


def test_audited_trials_run_on_and_say_so(store: Store) -> None:
    search, one, _ = _learned(store, replace(RULE, audit=1.0))
    held = claim(store, one)
    assert not _report(store, held, BAD)
    complete(store, held, 0.2)
    with store.read() as uow:
        rungs = uow.events.of_types(search.id, ["trial.rung"], one)
        assert uow.trials.get(one).state == TrialState.COMPLETED
    assert [event.payload["verdict"] for event in rungs] == ["audit", "audit"]
    check_invariants(store, search.id)


def test_the_share_of_audited_trials_is_the_one_asked_for() -> None:
    share = sum(is_audited(replace(RULE, audit=0.1), seed) for seed in range(4000)) / 4000
    assert share == pytest.approx(0.1, abs=0.02)


def test_without_the_rule_nothing_is_looked_at(store: Store) -> None:
    search = new_search(store, recipe=RECIPE)
    (trial_id, _) = queue_trials(store, search, proposals(2))
    assert not _report(store, claim(store, trial_id), BAD)
    with store.read() as uow:
        assert uow.events.of_types(search.id, ["trial.rung"]) == []


def test_what_a_stopped_trial_promised_reaches_the_optimizer(store: Store) -> None:
    search, one, _ = _learned(store, replace(RULE, min_completed=12))
    assert _report(store, claim(store, one), BAD)
    with store.begin() as uow:
        longer = replace(uow.searches.lock(search.id), limits=replace(search.limits, max_trials=20))
        uow.searches.save(replace(longer, limits=replace(longer.limits, max_parallel=20)))
        plan = begin_advance(uow, search.id, later(104), hold_s=30)
    assert plan is not None
    seen = plan.history.observations[12]
    assert seen.status == "stopped"
    assert seen.values is not None
    assert set(seen.values) == {"predicted_accuracy"}
