"""What is answered ahead of the framework is what the framework would have answered."""

from collections.abc import Mapping
from dataclasses import replace

import httpx
import pytest
from fastapi import FastAPI, Request
from prometheus_client.parser import text_string_to_metric_families
from starlette.responses import Response

from api.app import create_app
from api.polled_reads import PolledAnswers, PolledReads
from search.access import LOCAL_USER, Role, Scope
from search.entities import Limits
from search.errors import NotFoundError, StoreBusyError
from search.use_cases.access import create_key, create_project, revoke_key, set_member
from tests.served import Deployment, InProcess
from tests.service import new_search

REMOTE = {"Host": "bitpareto.example"}


def _path(deployment: Deployment) -> str:
    search = new_search(deployment.store, limits=Limits(max_trials=2, max_parallel=2))
    deployment.complete(deployment.claimed(search, 1)[0], 0.8)
    return f"/v1/searches/{search.id}/front"


def _key(deployment: Deployment, project: str, user: str) -> tuple[str, str]:
    now = deployment.store.now()
    with deployment.store.begin() as uow:
        set_member(uow, project, user, Role.ADMIN, now)
        key, text = create_key(
            uow,
            project_id=project,
            user=user,
            name="",
            scope=Scope.READ,
            expires_at=None,
            now=now,
        )
    return key.id, text


def _said(answer: httpx.Response) -> tuple[int, bytes, Mapping[str, str]]:
    own = {name: value for name, value in answer.headers.items() if name != "x-request-id"}
    return answer.status_code, answer.content, own


@pytest.mark.parametrize("query", ["", "?limit=1&sort=-accuracy"])
def test_the_second_answer_is_the_first(api: InProcess, deployment: Deployment, query: str) -> None:
    path = _path(deployment) + query
    first, again = api.get(path), api.get(path)
    assert _said(again) == _said(first)
    assert again.headers["x-request-id"] != first.headers["x-request-id"]
    assert api.get(path, {"X-Request-ID": "mine"}).headers["x-request-id"] == "mine"
    held = [api.get(path, {"If-None-Match": first.headers["etag"]}) for _ in range(2)]
    assert _said(held[0]) == _said(held[1])
    assert (held[0].status_code, held[0].content) == (304, b"")


def test_who_may_not_ask_is_refused_whoever_was_answered_before(deployment: Deployment) -> None:
    app = create_app(replace(deployment.settings, rate_limit=8))
    api, path, now = InProcess(app), _path(deployment), deployment.store.now()
    with deployment.store.begin() as uow:
        create_project(uow, "second", now)
    (key_id, mine), (_, other) = _key(deployment, "default", "ada"), _key(deployment, "second", "b")

    def ask(key: str | None) -> httpx.Response:
        return api.get(
            path, REMOTE if key is None else {**REMOTE, "Authorization": f"Bearer {key}"}
        )

    for _ in range(2):
        assert ask(mine).status_code == 200
        assert ask(other).json()["code"] == "not_found"
        assert ask(None).status_code == 401
    assert ask(mine).headers["ratelimit-limit"] == "8"
    assert {ask(mine).status_code for _ in range(8)} == {200, 429}
    app.state.parts.store.close()

    api = InProcess(create_app(deployment.settings))
    assert {ask(mine).status_code for _ in range(2)} == {200}
    with deployment.store.begin() as uow:
        revoke_key(uow, key_id, now)
    assert ask(mine).status_code == 401


def test_it_is_counted_by_its_route(api: InProcess, deployment: Deployment) -> None:
    path = _path(deployment)
    for _ in range(3):
        api.get(path)
    labels = {"method": "GET", "route": "/v1/searches/{search_id}/front", "status": "200"}
    assert [
        sample.value
        for family in text_string_to_metric_families(api.get("/metrics").text)
        for sample in family.samples
        if sample.name == "bitpareto_http_requests_total" and sample.labels == labels
    ] == [3]


def test_a_page_of_trials_is_the_newest_and_an_export_stays_one(
    api: InProcess, deployment: Deployment
) -> None:
    search = new_search(deployment.store, limits=Limits(max_trials=2, max_parallel=2))
    claims = deployment.claimed(search, 2)
    path = f"/v1/searches/{search.id}/trials?sort=-number&fields=number,state"
    seen = []
    for i in range(3):
        seen.append([trial["state"] for trial in api.get(path).json()["data"]])
        lines = api.get(path, {"Accept": "application/x-ndjson"})
        assert lines.headers["content-type"].startswith("application/x-ndjson")
        assert len(lines.text.splitlines()) == 2
        if i < 2:
            deployment.complete(claims[i], 0.8)
    assert seen == [["running"] * 2, ["running", "completed"], ["completed"] * 2]


def test_parameters_that_are_refused_are_refused_again(
    api: InProcess, deployment: Deployment
) -> None:
    path = _path(deployment)
    assert api.get(path).status_code == 200
    for query in ("?limit=0", "?sort=colour", "?as_of=99999"):
        assert {api.get(path + query).status_code for _ in range(2)} == {422}


def test_errors_are_problems_and_other_methods_pass() -> None:
    errors = [NotFoundError("search", "x"), StoreBusyError("busy", retry_after_s=2)]
    polled, app = PolledReads(), FastAPI()

    async def fail(_: Mapping[bytes, bytes]) -> Response:
        raise errors.pop(0)

    @app.get("/here")
    async def here(request: Request) -> str:
        polled.remember(request, fail)
        return "in full"

    @app.post("/here")
    async def change() -> str:
        return "in full"

    app.add_middleware(PolledAnswers, polled=polled)

    @app.middleware("http")
    async def known(request: Request, call_next):  # type: ignore[no-untyped-def]
        request.state.principal = LOCAL_USER
        return await call_next(request)

    api = InProcess(app)
    assert api.get("/here").json() == "in full"
    assert api.post("/here").json() == "in full"
    gone, busy = api.get("/here"), api.get("/here")
    assert (gone.status_code, gone.json()["code"]) == (404, "not_found")
    assert (busy.status_code, busy.headers["retry-after"]) == (503, "2")
    assert busy.headers["content-type"] == "application/problem+json"
