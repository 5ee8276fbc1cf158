"""A front that was kept is sent only while it is what the database has."""

import random
from collections.abc import Callable
from datetime import timedelta

import pytest

from api.app import create_app
from api.front_cache import CAPACITY
from search.entities import Limits, Progress
from search.use_cases.extend import extend_search
from search.use_cases.results import report_progress
from search.use_cases.trials import replicate_trial
from tests.served import Deployment, InProcess
from tests.service import NOW, claim, new_search

QUERIES = ("", "?sort=-accuracy", "?limit=1", "?max_size_bytes=700", "?as_of={event}")


def _steps(deployment: Deployment, search_id: str) -> list[Callable[[], object]]:
    """What can happen to a search, in an order in which it can."""
    store = deployment.store
    with store.read() as uow:
        search = uow.searches.get(search_id)
    claims = deployment.claimed(search, 6)
    made: list[str] = []

    def progress() -> None:
        with store.begin() as uow:
            report = Progress(phase="float", epoch=1, n_epochs=2, train_loss=0.5, accuracy=0.7)
            report_progress(uow, claims[4].lease, report, NOW)

    def replicate() -> None:
        with store.begin() as uow:
            made.append(replicate_trial(uow, claims[2].trial.id, seed=9, now=NOW).id)

    def extend() -> None:
        with store.begin() as uow:
            extend_search(uow, search_id, trials=1, wall_time_s=0, now=NOW + timedelta(hours=1))

    return [
        lambda: deployment.complete(claims[0], 0.7),
        progress,
        lambda: deployment.complete(claims[1], 0.6),  # larger and worse: not on the front
        lambda: deployment.complete(claims[2], 0.8),
        replicate,
        lambda: deployment.complete(claim(store, made[0]), 0.75),
        lambda: deployment.complete(claims[3], 0.9),
        progress,
        lambda: deployment.complete(claims[4], 0.85),
        lambda: deployment.complete(claims[5], 0.95),
        lambda: deployment.finish(search_id),
        extend,
    ]


@pytest.mark.parametrize("seed", range(4))
def test_what_is_sent_is_what_a_server_without_a_cache_would_send(
    deployment: Deployment, seed: int
) -> None:
    limits = Limits(max_trials=6, max_parallel=6)
    search_id = new_search(deployment.store, limits=limits).id
    kept = InProcess(create_app(deployment.settings))
    draw = random.Random(seed)  # noqa: S311 - which fronts somebody looks at
    for step in [lambda: None, *_steps(deployment, search_id)]:
        step()
        with deployment.store.read() as uow:
            event = uow.events.last_id(search_id)
        fresh = InProcess(create_app(deployment.settings))
        for query in QUERIES:
            if draw.random() < 0.7:
                path = f"/v1/searches/{search_id}/front{query.format(event=event)}"
                for _ in range(2):
                    mine, other = kept.get(path), fresh.get(path)
                    assert mine.status_code == other.status_code == 200
                    assert mine.json() == other.json()
                    assert mine.headers["etag"] == other.headers["etag"]
                    assert kept.get(path, {"If-None-Match": mine.headers["etag"]}).content == b""


def test_progress_alone_builds_no_front_again(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    search_id = new_search(deployment.store, limits=Limits(max_trials=6, max_parallel=6)).id
    complete, progress, *_ = _steps(deployment, search_id)
    complete()
    app = create_app(deployment.settings)
    cache, asked = app.state.parts.fronts, InProcess(app)
    built = []
    build = cache._build
    monkeypatch.setattr(cache, "_build", lambda *args: (built.append(1), build(*args))[1])
    first = asked.get(f"/v1/searches/{search_id}/front").json()
    progress()
    second = asked.get(f"/v1/searches/{search_id}/front").json()
    assert second["as_of_event"] > first["as_of_event"]
    assert len(built) == 1


def test_the_cache_is_bounded_and_keeps_no_errors(deployment: Deployment) -> None:
    search_id = new_search(deployment.store).id
    app = create_app(deployment.settings)
    asked = InProcess(app)
    for limit in range(1, CAPACITY + 20):
        assert asked.get(f"/v1/searches/{search_id}/front?limit={limit}").status_code == 200
    assert len(app.state.parts.fronts._kept) == CAPACITY
    assert asked.get("/v1/searches/nothing/front").status_code == 404
    assert len(app.state.parts.fronts._kept) == CAPACITY
