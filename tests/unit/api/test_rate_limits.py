"""Nobody sends more requests than they may."""

from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from api.app import create_app
from api.rate_limits import RateLimits
from bitpareto import Client
from search.errors import RateLimitedError
from tests.served import Deployment, InProcess, served
from tests.unit.api.test_access import REMOTE, Keys, keys

LIMIT = 6
__all__ = ["keys"]


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def limited(deployment: Deployment) -> Iterator[InProcess]:
    """An application that allows six requests a minute."""
    app = create_app(replace(deployment.settings, rate_limit=LIMIT))
    yield InProcess(app)
    app.state.parts.store.close()


def bearer(key: str) -> dict[str, str]:
    return {**REMOTE, "Authorization": f"Bearer {key}"}


def test_a_bucket_empties_and_fills_again() -> None:
    clock = Clock()
    limits = RateLimits(60, clock)
    first = limits.take("ada")
    assert first is not None
    assert (first.limit, first.remaining, first.reset_s) == (60, 59, 1)
    for _ in range(59):
        limits.take("ada")
    with pytest.raises(RateLimitedError) as refused:
        limits.take("ada")
    assert refused.value.retry_after_s == pytest.approx(1.0)
    limits.take("bob")
    clock.now += 1.0
    limits.check("ada")
    limits.take("ada")
    with pytest.raises(RateLimitedError):
        limits.check("ada")
    clock.now += 3600.0
    full = limits.take("ada")
    assert full is not None
    assert full.remaining == 59


def test_no_limit_counts_nothing() -> None:
    limits = RateLimits(0)
    assert [limits.take("ada") for _ in range(10)] == [None] * 10
    limits.check("ada")


def test_a_key_has_its_own_limit_and_is_told_of_it(limited: InProcess, keys: Keys) -> None:
    left = []
    for _ in range(LIMIT):
        answer = limited.get("/v1/principal", headers=bearer(keys.admin))
        assert answer.headers["ratelimit-limit"] == str(LIMIT)
        left.append(int(answer.headers["ratelimit-remaining"]))
    assert left == list(range(LIMIT - 1, -1, -1))
    answer = limited.get("/v1/principal", headers=bearer(keys.admin))
    assert (answer.status_code, answer.json()["code"]) == (429, "rate_limited")
    assert 1 <= int(answer.headers["retry-after"]) <= 10
    assert limited.get("/v1/principal", headers=bearer(keys.viewer)).status_code == 200


def test_whoever_guesses_keys_is_stopped_by_address(limited: InProcess, keys: Keys) -> None:
    for _ in range(LIMIT):
        assert limited.get("/v1/principal", headers=bearer("bp_guess")).status_code == 401
    assert limited.get("/v1/principal", headers=bearer("bp_guess")).status_code == 429
    assert limited.post("/v1/session", json={"key": "bp_"}, headers=REMOTE).status_code == 429
    assert limited.get("/readyz", headers=REMOTE).status_code == 200


def test_forbidden_requests_count(limited: InProcess, keys: Keys) -> None:
    codes = [limited.get("/v1/api-keys", headers=bearer(keys.viewer)) for _ in range(LIMIT + 1)]
    assert [answer.status_code for answer in codes] == [403] * LIMIT + [429]


def test_this_machine_has_no_limit_where_it_needs_no_key(limited: InProcess) -> None:
    answers = [limited.get("/v1/searches") for _ in range(2 * LIMIT)]
    assert {answer.status_code for answer in answers} == {200}
    assert "ratelimit-limit" not in answers[0].headers


def test_the_sdk_waits_as_told(deployment: Deployment, keys: Keys) -> None:
    app = create_app(replace(deployment.settings, rate_limit=60, require_keys=True))
    statuses: list[int] = []
    hooks = {"response": [lambda answer: statuses.append(answer.status_code)]}
    with (
        served(app) as url,
        httpx.Client(event_hooks=hooks) as http,
        Client(base_url=url, api_key=keys.admin, http_client=http) as client,
    ):
        while 429 not in statuses and len(statuses) < 1000:
            client.principal()
    app.state.parts.store.close()
    assert statuses[-2:] == [429, 200]
