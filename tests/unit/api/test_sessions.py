"""Signing a browser in and out, and what pages of other sites cannot do with it."""

import asyncio
from datetime import timedelta

import httpx
import pytest

from api.access_control import COOKIE
from api.app import create_app
from search.access import DEFAULT_PROJECT, Role, Scope
from search.use_cases.access import create_key, revoke_key, set_member
from search.use_cases.sessions import LASTS
from tests.served import BODY, Deployment, InProcess
from tests.unit.api.test_access import REMOTE

OURS = {**REMOTE, "Sec-Fetch-Site": "same-origin"}
FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://bitpareto.example"},
]
"""What browsers say of pages that are not ours."""


@pytest.fixture
def key(deployment: Deployment) -> tuple[str, str]:
    """Id and text of an editor's key."""
    now = deployment.store.now()
    with deployment.store.begin() as uow:
        set_member(uow, DEFAULT_PROJECT, "ada", Role.EDITOR, now)
        made, text = create_key(
            uow,
            project_id=DEFAULT_PROJECT,
            user="ada",
            name="",
            scope=Scope.WRITE,
            expires_at=None,
            now=now,
        )
    return made.id, text


def sign_in(api: InProcess, key: str, **headers: str) -> httpx.Response:
    return api.post("/v1/session", json={"key": key}, headers={**OURS, **headers})


def with_cookie(answer: httpx.Response) -> dict[str, str]:
    return {**OURS, "Cookie": answer.headers["set-cookie"].partition(";")[0]}


def test_a_session_does_what_its_key_may(api: InProcess, key: tuple[str, str]) -> None:
    answer = sign_in(api, key[1])
    assert answer.status_code == 201
    assert (answer.json()["user"], answer.json()["key_id"]) == ("ada", key[0])
    cookie = answer.headers["set-cookie"]
    assert {"HttpOnly", "Path=/", "SameSite=strict"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    assert key[1][-43:] not in cookie
    browser = with_cookie(answer)
    assert api.get("/v1/principal", headers=browser).json()["user"] == "ada"
    assert api.post("/v1/searches", json=BODY, headers=browser).status_code == 201
    assert api.get("/v1/api-keys", headers=browser).status_code == 403
    assert api.request("DELETE", "/v1/session", headers=browser).status_code == 204
    assert api.get("/v1/principal", headers=browser).status_code == 401
    assert api.request("DELETE", "/v1/session", headers=browser).status_code == 204


def test_a_wrong_key_begins_nothing(api: InProcess, key: tuple[str, str]) -> None:
    for wrong in ("", "bp_", key[1] + "x", key[1][:-1] + ("a" if key[1][-1] != "a" else "b")):
        answer = sign_in(api, wrong)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
        assert "set-cookie" not in answer.headers
    for forged in ("", "bps_", "bps_" + "0" * 26 + "_" + "A" * 43, key[1]):
        cookie = {**OURS, "Cookie": f"{COOKIE}={forged}"}
        assert api.get("/v1/principal", headers=cookie).status_code == 401


def test_a_session_ends_with_its_key(
    api: InProcess, deployment: Deployment, key: tuple[str, str]
) -> None:
    browser = with_cookie(sign_in(api, key[1]))
    with deployment.store.begin() as uow:
        revoke_key(uow, key[0], deployment.store.now())
    assert api.get("/v1/principal", headers=browser).status_code == 401


@pytest.mark.parametrize("foreign", FOREIGN)
def test_a_page_of_another_site_changes_nothing_for_a_signed_in_browser(
    api: InProcess, key: tuple[str, str], foreign: dict[str, str]
) -> None:
    cookie = {"Cookie": with_cookie(sign_in(api, key[1]))["Cookie"]}
    answer = api.post("/v1/searches", json=BODY, headers={**REMOTE, **cookie, **foreign})
    assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")
    assert api.get("/v1/searches", headers={**REMOTE, **cookie}).json()["data"] == []


def test_a_browser_that_says_nothing_of_its_page_changes_nothing(
    api: InProcess, key: tuple[str, str]
) -> None:
    cookie = {"Cookie": with_cookie(sign_in(api, key[1]))["Cookie"]}
    answer = api.post("/v1/searches", json=BODY, headers={**REMOTE, **cookie})
    assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")
    older = {**REMOTE, **cookie, "Origin": f"http://{REMOTE['Host']}"}
    assert api.post("/v1/searches", json=BODY, headers=older).status_code == 201


@pytest.mark.parametrize("foreign", FOREIGN)
def test_a_page_of_another_site_changes_nothing_on_this_machine(
    api: InProcess, foreign: dict[str, str]
) -> None:
    """Nobody needs a key here, and a form is sent from anywhere without asking first."""
    path = f"/v1/searches/{api.post('/v1/searches', json=BODY).json()['id']}"
    answer = api.post(f"{path}:cancel", headers=foreign)
    assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")
    assert api.get(path).json()["state"] == "queued"


@pytest.mark.parametrize("foreign", FOREIGN)
def test_a_page_of_another_site_signs_nobody_in(
    api: InProcess, key: tuple[str, str], foreign: dict[str, str]
) -> None:
    answer = api.post("/v1/session", json={"key": key[1]}, headers={**REMOTE, **foreign})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_a_key_is_welcome_from_any_page(api: InProcess, key: tuple[str, str]) -> None:
    """Who has the key itself needs no cookie, and no other page can have it."""
    sent = {**REMOTE, "Authorization": f"Bearer {key[1]}", "Sec-Fetch-Site": "cross-site"}
    assert api.post("/v1/searches", json=BODY, headers=sent).status_code == 201


def test_a_session_lasts_no_longer_than_its_key(
    api: InProcess, deployment: Deployment, key: tuple[str, str]
) -> None:
    now = deployment.store.now()
    with deployment.store.begin() as uow:
        _, brief = create_key(
            uow,
            project_id=DEFAULT_PROJECT,
            user="ada",
            name="",
            scope=Scope.READ,
            expires_at=now + timedelta(hours=1),
            now=now,
        )
    days = sign_in(api, key[1]).json()["expires_at"]
    hour = sign_in(api, brief).json()["expires_at"]
    assert days[:16] == (now + LASTS).isoformat()[:16]
    assert hour[:16] == (now + timedelta(hours=1)).isoformat()[:16]


def test_over_tls_the_cookie_stays_there(deployment: Deployment, key: tuple[str, str]) -> None:
    app = create_app(deployment.settings)

    async def sign_in_over_tls() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="https://box.example") as client:
            return await client.post("/v1/session", json={"key": key[1]})

    cookie = asyncio.run(sign_in_over_tls()).headers["set-cookie"]
    app.state.parts.store.close()
    assert "Secure" in cookie.split("; ")
