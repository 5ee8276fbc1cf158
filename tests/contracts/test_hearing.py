"""A worker that was rung and heard nothing is deaf, on SQLite and on PostgreSQL."""

import time
from datetime import timedelta

from search.store import Store
from tests.service import claim, new_search, proposals, queue_trials
from worker.hearing import Hearing

PATIENCE_S = 0.2


def test_nobody_is_deaf_while_nothing_was_rung(store: Store) -> None:
    new_search(store)
    for queue in ("train", "optimize"):
        hearing = Hearing(store, queue, PATIENCE_S)
        time.sleep(1.5 * PATIENCE_S)
        assert not hearing.is_deaf()


def test_a_train_worker_is_deaf_while_rung_trials_wait(store: Store) -> None:
    search = new_search(store)
    (trial_id, _) = queue_trials(store, search, proposals(2))
    hearing = Hearing(store, "train", PATIENCE_S)
    with store.begin() as uow:
        uow.trials.mark_rung([trial_id], store.now())
    assert not hearing.is_deaf()  # not yet: patience
    time.sleep(1.5 * PATIENCE_S)
    assert hearing.is_deaf()
    hearing.heard()
    assert not hearing.is_deaf()
    time.sleep(1.5 * PATIENCE_S)
    assert not hearing.is_deaf()  # it was rung before the message that was heard
    with store.begin() as uow:
        uow.trials.mark_rung([trial_id], store.now())
    claim(store, trial_id)
    time.sleep(1.5 * PATIENCE_S)
    assert not hearing.is_deaf()  # somebody else heard it


def test_an_optimize_worker_is_deaf_while_rung_searches_wait(store: Store) -> None:
    search = new_search(store)
    hearing = Hearing(store, "optimize", PATIENCE_S)
    with store.begin() as uow:
        uow.searches.mark_rung([search.id], store.now() - timedelta(seconds=60))
    time.sleep(1.5 * PATIENCE_S)
    assert not hearing.is_deaf()
    with store.begin() as uow:
        uow.searches.mark_rung([search.id], store.now())
    time.sleep(0.01)
    assert hearing.is_deaf()
