"""Ids sort by time, also those of one millisecond."""

import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from search.ids import new_id


def test_ids_of_one_millisecond_rise(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: moment)
    ids = [new_id("trl") for _ in range(1000)]
    assert ids == sorted(set(ids))


def test_a_clock_set_back_keeps_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    before = new_id("trl")
    set_back = time.time_ns() - 10**10
    monkeypatch.setattr(time, "time_ns", lambda: set_back)
    assert new_id("trl") > before


def test_threads_never_share_an_id() -> None:
    with ThreadPoolExecutor(4) as pool:
        ids = list(pool.map(lambda _: new_id("sea"), range(4000)))
    assert len(set(ids)) == 4000
    assert all(re.fullmatch(r"sea_[0-9A-HJKMNP-TV-Z]{26}", each) for each in ids)
