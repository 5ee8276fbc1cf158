"""Why things wait: every answer follows from what the store holds, on both databases."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest

from search.entities import Limits, Reason, Worker
from search.store import Store
from search.use_cases.advance import begin_advance, record_failed_ask
from search.use_cases.leases import release_trial
from search.use_cases.searches import cancel_search, pause_search
from search.waiting import crew_at, why_search_waits, why_trial_waits
from tests.service import NOW, claim, complete, later, new_search, proposals, queue_trials

LEASE_S = 15.0
Report = Callable[..., None]


@pytest.fixture
def report(store: Store) -> Report:
    """Let a worker report."""

    def seen(
        worker_id: str, kind: str = "train", at: datetime = NOW, search_id: str | None = None
    ) -> None:
        worker = Worker(
            id=worker_id,
            kind=kind,
            host="box",
            pid=1,
            device="cpu",
            trial_id=None,
            started_at=NOW,
            last_seen_at=at,
            search_id=search_id,
        )
        with store.begin() as uow:
            uow.workers.seen(worker)

    return seen


def search_waits(store: Store, search_id: str, at: datetime = NOW) -> tuple[str, str] | None:
    with store.read() as uow:
        search, schedule = uow.searches.get(search_id), uow.searches.schedule(search_id)
        return _plain(why_search_waits(search, schedule, crew_at(uow, at, LEASE_S)))


def trial_waits(store: Store, trial_id: str, at: datetime = NOW) -> tuple[str, str] | None:
    with store.read() as uow:
        trial = uow.trials.get(trial_id)
        search = uow.searches.get(trial.search_id)
        return _plain(why_trial_waits(trial, search, crew_at(uow, at, LEASE_S)))


def _plain(reason: Reason | None) -> tuple[str, str] | None:
    return reason and (reason.code, reason.message)


def test_a_new_search_waits_for_a_worker_that_asks(store: Store, report: Report) -> None:
    search = new_search(store)
    never = ("no_optimize_worker", "no optimize worker has reported yet")
    assert search_waits(store, search.id) == never
    report("wrk_1")  # of the other kind
    assert search_waits(store, search.id) == never
    report("wrk_2", "optimize")
    free = ("ringing", "1 optimize worker is free and being rung")
    assert search_waits(store, search.id) == free
    report("wrk_2", "optimize", search_id="sea_other")
    assert search_waits(store, search.id) == ("workers_busy", "the only optimize worker is busy")
    gone = ("no_optimize_worker", "no optimize worker has reported since 12:00:00 UTC")
    assert search_waits(store, search.id, later(16)) == gone


def test_asking_takes_its_time_and_fails_in_view(store: Store, report: Report) -> None:
    search = new_search(store)
    report("wrk_1", "optimize", later(12))
    with store.begin() as uow:
        plan = begin_advance(uow, search.id, NOW, hold_s=30)
    assert plan is not None
    asking = ("asking_optimizer", "the optimize worker has been asking for 12 s")
    assert search_waits(store, search.id, later(12)) == asking
    with store.begin() as uow:
        record_failed_ask(uow, plan, "boom", later(13))
    message = "1 optimize worker is free and being rung; the optimizer has failed 1 time in a row"
    assert search_waits(store, search.id, later(13)) == ("ringing", message)


def test_who_has_left_is_remembered_by_when(store: Store, report: Report) -> None:
    search = new_search(store)
    (trial_id, _) = queue_trials(store, search, proposals(2))
    report("wrk_1", at=later(3))
    report("wrk_2", at=later(8))
    with store.begin() as uow:
        uow.workers.gone("wrk_2")
        uow.workers.gone("wrk_1")
        uow.workers.gone("wrk_1")  # two sweepers may forget the same worker
    since = ("no_train_worker", "no train worker has reported since 12:00:08 UTC")
    assert trial_waits(store, trial_id, later(9)) == since
    assert search_waits(store, search.id, later(9)) == since
    tomorrow = trial_waits(store, trial_id, later(86_410))
    assert tomorrow is not None
    assert tomorrow[1] == "no train worker has reported since 2026-03-01 12:00:08 UTC"


def test_a_trial_waits_while_all_workers_hold_others(store: Store, report: Report) -> None:
    search = new_search(store, limits=Limits(max_trials=4, max_parallel=3))
    first, second, third = queue_trials(store, search, proposals(3))
    report("wrk_1")
    report("wrk_2")
    assert trial_waits(store, first) == ("ringing", "2 train workers are free and being rung")
    held = claim(store, first, "wrk_1")
    assert trial_waits(store, first) is None
    assert search_waits(store, search.id) is None
    assert trial_waits(store, third) == ("ringing", "1 train worker is free and being rung")
    claim(store, second, "wrk_2")
    assert trial_waits(store, third) == ("workers_busy", "all 2 train workers are busy")
    with store.begin() as uow:
        release_trial(uow, held.lease, later(1))
    assert trial_waits(store, first, later(1)) == (
        "ringing",
        "1 train worker is free and being rung",
    )


def test_what_its_own_search_holds_back_waits_for_the_search(store: Store, report: Report) -> None:
    search = new_search(store, limits=Limits(max_trials=4, max_parallel=2, wall_time_s=60))
    first, second = queue_trials(store, search, proposals(2))
    report("wrk_1", at=later(61))
    over = ("wall_time", "it is cancelled, its search's time is over: 60 s have passed")
    assert trial_waits(store, second, later(61)) == over
    claim(store, first, "wrk_1")
    with store.begin() as uow:
        pause_search(uow, search.id, later(2))
    assert trial_waits(store, second, later(2)) == ("search_paused", "its search is paused")
    stopping = ("search_paused", "waits to be resumed; 1 trial still to stop")
    assert search_waits(store, search.id, later(2)) == stopping
    with store.begin() as uow:
        cancel_search(uow, search.id, later(3))
    assert search_waits(store, search.id, later(3)) is None
    assert trial_waits(store, second, later(3)) is None


def test_refining_waits_for_a_train_worker_too(store: Store, report: Report) -> None:
    search = new_search(store, limits=Limits(max_trials=1, max_parallel=1))
    complete(store, claim(store, queue_trials(store, search, proposals(1))[0]), 0.9)
    with store.begin() as uow:
        begin_advance(uow, search.id, later(1), hold_s=30)
    assert search_waits(store, search.id) == (
        "no_train_worker",
        "no train worker has reported yet",
    )
    report("wrk_1", search_id="sea_other")
    assert search_waits(store, search.id) == ("workers_busy", "the only train worker is busy")
    report("wrk_1", search_id=search.id)
    assert search_waits(store, search.id) is None


def test_a_clock_that_runs_behind_makes_no_negative_wait(store: Store, report: Report) -> None:
    search = new_search(store)
    report("wrk_1", "optimize")
    with store.begin() as uow:
        begin_advance(uow, search.id, later(5), hold_s=30)
        held = uow.searches.schedule(search.id)
    assert replace(held, rung_at=None).hold_since == later(5)
    assert search_waits(store, search.id) == (
        "asking_optimizer",
        "the optimize worker has been asking for 0 s",
    )
