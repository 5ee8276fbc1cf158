"""Trials go to the workers that can run them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from search.entities import Limits, TrialResult
from search.errors import OutOfMemoryError, UnableError
from search.placement import Needs
from search.settings import Settings
from search.states import TrialState
from tests.service import new_search, proposals, queue_trials
from tests.unit.worker.conftest import Rung, StandIn
from tests.unit.worker.test_train import RESULT, state_of
from worker.capabilities import capabilities_of
from worker.celery_app import pass_on
from worker.parts import Parts, open_parts
from worker.tasks.train import answer, train


def test_rings_that_this_worker_cannot_answer_go_to_one_that_can(
    parts: Parts, settings: Settings, rung: Rung
) -> None:
    needs = Needs(profile="night")
    search = new_search(parts.store, limits=Limits(max_trials=1, needs=needs))
    (trial_id,) = queue_trials(parts.store, search, proposals(1), parts.now())
    with pytest.raises(UnableError) as unable:
        train(parts, trial_id)
    rung()
    pass_on(parts, unable.value, 0)
    assert rung() == set()  # nobody is able
    able = replace(capabilities_of("cpu"), profile="night")
    other = open_parts(settings, kind="train", device="cpu")
    other.identity.capabilities = able
    with parts.store.begin() as uow:
        uow.workers.seen(other.identity.row(parts.now()))
    pass_on(parts, unable.value, 3)
    assert rung() == {f"train-{trial_id}"}
    pass_on(parts, unable.value, 64)
    assert rung() == set()  # it does not hear; the sweeper rings again
    other.store.close()


def test_a_worker_goes_on_with_what_waits_for_one_like_it(
    parts: Parts, queued: tuple[str, str], trainer: Callable[[StandIn], None]
) -> None:
    trainer(lambda **_: RESULT)
    limits = Limits(max_trials=2, needs=Needs(memory_bytes=1))
    search = new_search(parts.store, limits=limits)
    trials = queue_trials(parts.store, search, proposals(2, seed=1), parts.now())
    answer(parts, queued[1])  # only this one was rung for
    assert {state_of(parts, trial_id) for trial_id in (queued[1], *trials)} <= {
        TrialState.COMPLETED,
        TrialState.FAILED,
    }


def test_too_little_memory_leaves_the_trial_to_a_larger_worker(
    parts: Parts, queued: tuple[str, str], trainer: Callable[[StandIn], None], rung: Rung
) -> None:
    def failing(**_: Any) -> TrialResult:
        raise OutOfMemoryError("no room")

    trainer(failing)
    own = parts.identity.capabilities
    assert own is not None
    larger = replace(
        parts.identity.row(parts.now()),
        id="larger",
        capabilities=replace(own, memory_bytes=2 * own.memory_bytes),
    )
    with parts.store.begin() as uow:
        uow.workers.seen(larger)
    rung()
    answer(parts, queued[1])
    with parts.store.read() as uow:
        trial = uow.trials.get(queued[1])
    assert trial.state == TrialState.QUEUED
    assert trial.needs == Needs(device="cpu", memory_bytes=own.memory_bytes + 1)
    assert trial.state_reason is not None
    assert "failed as out_of_memory: no room" in (trial.state_reason.log_tail or "")
    assert rung() == {f"train-{queued[1]}"}
