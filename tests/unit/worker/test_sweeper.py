from dataclasses import replace
from datetime import timedelta

from search.states import TrialState
from search.use_cases.leases import claim_trial
from tests.service import new_search, proposals, queue_trials
from tests.unit.worker.conftest import Rung
from worker.parts import Parts
from worker.sweeper import sweep_once


def test_what_waits_is_rung_and_rung_again_later_only(parts: Parts, rung: Rung) -> None:
    search = new_search(parts.store)
    assert sweep_once(parts.store, parts.bell, parts.settings).advance == (search.id,)
    assert rung() == {f"advance-{search.id}"}
    slow = replace(parts.settings, sweep_s=30.0)
    assert not sweep_once(parts.store, parts.bell, slow).advance
    assert not rung()


def test_a_trial_whose_worker_fell_silent_is_queued_and_rung(parts: Parts, rung: Rung) -> None:
    search = new_search(parts.store)
    trial_id = queue_trials(parts.store, search, proposals(1))[0]
    with parts.store.begin() as uow:
        claim_trial(uow, trial_id, "wrk_dead", parts.now() - timedelta(seconds=60), lease_s=1)
    sweep_once(parts.store, parts.bell, parts.settings)
    assert f"train-{trial_id}" in rung()
    with parts.store.read() as uow:
        assert uow.trials.get(trial_id).state == TrialState.QUEUED


def test_workers_that_have_long_been_silent_are_forgotten(parts: Parts) -> None:
    row = parts.identity.row(parts.now())
    with parts.store.begin() as uow:
        uow.workers.seen(row)
        uow.workers.seen(
            replace(row, id="wrk_dead", last_seen_at=parts.now() - timedelta(seconds=3600))
        )
    sweep_once(parts.store, parts.bell, parts.settings)
    with parts.store.read() as uow:
        assert [worker.id for worker in uow.workers.all()] == [row.id]
