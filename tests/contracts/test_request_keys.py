"""Keys of requests on each kind of database: one act for each, whatever happens at once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from db.store import SqlStore
from search.access import Project
from search.entities import Search
from search.errors import KeyReusedError
from search.idempotency import KEPT, RequestKey, act_once
from search.use_cases.searches import cancel_search
from tests.service import NOW, later, new_search

KEY = RequestKey(name="k", fingerprint="a" * 64)


def _once(store: SqlStore, source: Search, key: RequestKey | None, at_s: float = 0) -> bool:
    """Cancel a search under a key; returns whether an earlier request had done it."""
    with store.begin() as uow:
        act = partial(cancel_search, uow, source.id, NOW)
        made, replayed = act_once(uow.request_keys, key, act, uow.searches.get, later(at_s))
    assert made.id == source.id
    return replayed


def test_the_first_acts_and_the_next_hear_of_it(store: SqlStore) -> None:
    search = new_search(store)
    assert [_once(store, search, KEY) for _ in range(3)] == [False, True, True]
    assert _once(store, search, None) is False


def test_another_request_with_the_key_is_refused(store: SqlStore) -> None:
    search = new_search(store)
    _once(store, search, KEY)
    with pytest.raises(KeyReusedError):
        _once(store, search, replace(KEY, fingerprint="b" * 64))


def test_what_failed_may_be_tried_again(store: SqlStore) -> None:
    search = new_search(store)

    def fail() -> Search:
        raise ValueError("midway")

    with pytest.raises(ValueError, match="midway"), store.begin() as uow:
        act_once(uow.request_keys, KEY, fail, uow.searches.get, NOW)
    assert _once(store, search, KEY) is False


def test_keys_of_all_projects_are_forgotten_a_day_later(store: SqlStore) -> None:
    with store.begin() as uow:
        uow.access.add_project(Project(name="idle", created_at=NOW))
    idle = store.of_project("idle")
    _once(idle, new_search(idle), KEY)
    _once(store, new_search(store), KEY)
    day_s = KEPT / timedelta(seconds=1)
    with store.begin() as uow:
        assert uow.request_keys.forget(later(day_s)) == 0
    with idle.begin() as uow:
        assert uow.request_keys.forget(later(day_s + 1)) == 1
    with store.begin() as uow:
        assert uow.request_keys.forget(later(day_s + 1)) == 1
        assert uow.request_keys.forget(later(day_s + 1)) == 0


def test_a_key_ends_after_a_day(store: SqlStore) -> None:
    search = new_search(store)
    _once(store, search, KEY)
    day_s = KEPT / timedelta(seconds=1)
    assert _once(store, search, KEY, at_s=day_s) is True
    assert _once(store, search, KEY, at_s=day_s + 1) is False


def test_projects_have_keys_of_their_own(store: SqlStore) -> None:
    with store.begin() as uow:
        uow.access.add_project(Project(name="other", created_at=NOW))
    for project in ("default", "other"):
        narrowed = store.of_project(project)
        assert _once(narrowed, new_search(narrowed), KEY) is False
        with pytest.raises(KeyReusedError), narrowed.begin() as uow:
            uow.request_keys.claim(replace(KEY, fingerprint="b" * 64), NOW)


def test_many_at_once_act_once(store: SqlStore) -> None:
    """Eight threads are let go together, ten times, some of them while old keys are forgotten."""
    search = new_search(store)
    with store.begin() as uow:
        for n in range(50):
            uow.request_keys.claim(RequestKey(name=f"old {n}", fingerprint="c" * 64), NOW)
    late_s = 2 * KEPT / timedelta(seconds=1)
    for n in range(10):
        key = RequestKey(name=f"race {n}", fingerprint="d" * 64)
        barrier = threading.Barrier(8)

        def race(_: int, key: RequestKey = key, barrier: threading.Barrier = barrier) -> bool:
            barrier.wait()
            return _once(store, search, key, at_s=late_s)

        with ThreadPoolExecutor(8) as threads:
            replayed = list(threads.map(race, range(8)))
        assert sorted(replayed) == [False] + [True] * 7
