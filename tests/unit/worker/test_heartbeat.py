import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from search.entities import Progress
from search.errors import TrialInterrupted
from search.use_cases.leases import Claim, claim_trial
from search.use_cases.searches import cancel_search, pause_search
from search.use_cases.sweep import sweep
from tests.service import new_search, proposals, queue_trials
from worker.heartbeat import HeldTrial
from worker.parts import Parts

EPOCH = Progress(phase="float", epoch=1, n_epochs=2, train_loss=1.0)


@pytest.fixture
def claimed(parts: Parts) -> Claim:
    search = new_search(parts.store)
    trial_id = queue_trials(parts.store, search, proposals(1))[0]
    with parts.store.begin() as uow:
        claim = claim_trial(uow, trial_id, parts.identity.id, parts.now(), lease_s=2.0)
    assert claim is not None
    return claim


def why_interrupted(held: HeldTrial) -> str:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            held.report(EPOCH)
        except TrialInterrupted as interruption:
            return interruption.why
        time.sleep(0.02)
    return "never"


def test_the_lease_outlives_its_length_while_held_and_not_after(
    parts: Parts, claimed: Claim
) -> None:
    with HeldTrial(parts, claimed.lease) as held:
        assert parts.identity.row(parts.now()).trial_id == claimed.trial.id
        time.sleep(2.3)  # longer than the lease
        with parts.store.begin() as uow:
            assert not sweep(uow, parts.now(), ring_after_s=60).train
        held.report(EPOCH)
    assert parts.identity.row(parts.now()).trial_id is None
    with parts.store.begin() as uow:
        assert uow.trials.get(claimed.trial.id).progress == EPOCH
        rings = sweep(uow, parts.now() + timedelta(seconds=3), ring_after_s=0)
    assert rings.train == (claimed.trial.id,)


def test_pausing_the_search_interrupts_the_trial(parts: Parts, claimed: Claim) -> None:
    with HeldTrial(parts, claimed.lease) as held:
        with parts.store.begin() as uow:
            pause_search(uow, claimed.search.id, parts.now())
        assert why_interrupted(held) == "paused"


def test_cancelling_the_search_interrupts_the_trial(parts: Parts, claimed: Claim) -> None:
    with HeldTrial(parts, claimed.lease) as held:
        with parts.store.begin() as uow:
            cancel_search(uow, claimed.search.id, parts.now())
        assert why_interrupted(held) == "cancelled"


def test_another_attempt_interrupts_the_trial(parts: Parts, claimed: Claim) -> None:
    with HeldTrial(parts, claimed.lease) as held:
        with parts.store.begin() as uow:
            sweep(uow, parts.now() + timedelta(seconds=60), ring_after_s=60)
            assert claim_trial(uow, claimed.trial.id, "wrk_other", parts.now(), lease_s=60)
        assert why_interrupted(held) == "stale"
        with parts.store.read() as uow:
            assert uow.trials.get(claimed.trial.id).worker_id == "wrk_other"


def test_draining_interrupts_at_the_next_report(parts: Parts, claimed: Claim) -> None:
    with HeldTrial(parts, claimed.lease) as held:
        held.report(EPOCH)
        parts.identity.drain.set()
        with pytest.raises(TrialInterrupted, match="released"):
            held.report(EPOCH)


def test_a_store_that_is_busy_for_a_moment_costs_neither_lease_nor_training(
    parts: Parts, claimed: Claim, hold_database: Callable[[float], None]
) -> None:
    with HeldTrial(parts, claimed.lease) as held:
        hold_database(0.5)
        held.report(EPOCH)
    with parts.store.read() as uow:
        assert uow.trials.get(claimed.trial.id).progress == EPOCH


def test_the_lease_outlives_a_result_that_is_long_in_recording(
    parts: Parts, claimed: Claim
) -> None:
    with HeldTrial(parts, claimed.lease) as held, held.last_reports():
        time.sleep(2.3)  # longer than the lease
        with parts.store.begin() as uow:
            assert not sweep(uow, parts.now(), ring_after_s=60).train
