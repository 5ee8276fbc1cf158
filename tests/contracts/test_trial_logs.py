"""Logs and attempts of trials, on both databases."""

import pytest

from search.attempts import attempts_at
from search.entities import Limits
from search.states import TrialState
from search.store import Store
from search.trial_logs import LOG_BYTES
from search.use_cases.leases import release_trial
from search.use_cases.results import fail_trial
from search.use_cases.sweep import sweep
from tests.service import claim, complete, later, new_search, proposals, queue_trials


@pytest.fixture
def trial_id(store: Store) -> str:
    search = new_search(store, limits=Limits(max_trials=1, max_parallel=1, max_attempts=2))
    return queue_trials(store, search, proposals(1))[0]


def append(store: Store, trial_id: str, attempt: int, text: str) -> None:
    with store.begin() as uow:
        uow.logs.append(trial_id, attempt, text)


def kept(store: Store, trial_id: str, attempt: int | None = None) -> str:
    with store.read() as uow:
        return "".join(piece.text for piece in uow.logs.pieces(trial_id, attempt=attempt))


def test_pieces_come_in_order_and_by_attempt(store: Store, trial_id: str) -> None:
    for attempt, text in ((1, "a\n"), (1, "b\n"), (2, "c\n")):
        append(store, trial_id, attempt, text)
    assert kept(store, trial_id) == "a\nb\nc\n"
    assert kept(store, trial_id, attempt=1) == "a\nb\n"
    with store.read() as uow:
        first, *rest = uow.logs.pieces(trial_id)
        assert uow.logs.pieces(trial_id, first.id) == rest
        assert uow.logs.pieces("trl_other") == []


def test_the_oldest_goes_when_there_is_too_much(store: Store, trial_id: str) -> None:
    other = queue_trials(store, new_search(store), proposals(1, seed=5))[0]
    append(store, other, 1, "stays\n")
    line = "x" * 1023 + "\n"
    for i in range(300):
        append(store, trial_id, 1, f"{i:04d}" + line[4:])
    lines = kept(store, trial_id).splitlines()
    assert len(lines) == LOG_BYTES // 1024
    assert (lines[0][:4], lines[-1][:4]) == ("0044", "0299")
    assert kept(store, other) == "stays\n"
    append(store, trial_id, 1, "x" + "ü" * LOG_BYTES)  # more than fits, at once
    assert kept(store, trial_id) == "ü" * (LOG_BYTES // 2)


def test_what_no_database_stores_is_replaced(store: Store, trial_id: str) -> None:
    append(store, trial_id, 1, "a\0b \ud800\n")
    assert kept(store, trial_id) == "a\N{REPLACEMENT CHARACTER}b ?\n"


def test_a_lost_trial_tells_what_its_last_attempt_printed(store: Store, trial_id: str) -> None:
    claim(store, trial_id)
    append(store, trial_id, 1, "first attempt\n")
    with store.begin() as uow:
        sweep(uow, later(60), ring_after_s=10)
        waiting = uow.trials.get(trial_id)
    assert waiting.state_reason is not None
    assert (waiting.state_reason.code, waiting.state_reason.log_tail) == (
        "worker_lost",
        "first attempt",
    )
    claim(store, trial_id, "worker-2", later(61))
    append(store, trial_id, 2, "".join(f"line {i}\n" for i in range(100)))
    with store.begin() as uow:
        sweep(uow, later(120), ring_after_s=10)
        trial = uow.trials.get(trial_id)
        attempts = attempts_at(uow, trial)
    assert (trial.state, trial.outcome) == (TrialState.FAILED, "lost")
    assert trial.state_reason is not None
    assert trial.state_reason.log_tail is not None
    assert trial.state_reason.log_tail.splitlines()[-1] == "line 99"
    assert len(trial.state_reason.log_tail.splitlines()) == 30
    told = [(a.number, a.worker_id, a.began_at, a.ended_at, a.ended_as) for a in attempts]
    assert told == [
        (1, "worker-1", later(0), later(60), "requeued"),
        (2, "worker-2", later(61), later(120), "failed"),
    ]
    assert attempts[0].reason is not None
    assert attempts[0].reason.code == "worker_lost"


def test_a_failure_has_the_log_of_its_own_attempt(store: Store, trial_id: str) -> None:
    held = claim(store, trial_id)
    append(store, trial_id, 1, "first\n")
    with store.begin() as uow:
        release_trial(uow, held.lease, later(1))
    held = claim(store, trial_id, "worker-2", later(2))
    append(store, trial_id, 2, "second\n")
    with store.begin() as uow:
        fail_trial(uow, held.lease, "out_of_memory", "no room", later(3))
        reason = uow.trials.get(trial_id).state_reason
    assert reason is not None
    assert (reason.code, reason.message, reason.log_tail) == ("out_of_memory", "no room", "second")


def test_attempts_end_as_their_trial_does(store: Store) -> None:
    search = new_search(store)
    done, open_ = queue_trials(store, search, proposals(2))
    complete(store, claim(store, done), 0.9, later(5))
    claim(store, open_, at=later(1))
    with store.read() as uow:
        (first,) = attempts_at(uow, uow.trials.get(done))
        (second,) = attempts_at(uow, uow.trials.get(open_))
    assert (first.ended_as, first.ended_at, first.reason) == ("completed", later(5), None)
    assert (second.ended_as, second.ended_at) == (None, None)
