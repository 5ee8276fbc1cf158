"""Webhooks by HTTP."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from api.app import create_app
from search.addresses import allowed_of
from tests.receivers import receiving
from tests.served import Deployment, InProcess
from tests.service import add_webhook, new_search
from worker.webhook_post import Calls
from worker.webhook_sender import Pace, WebhookSender

URL = "http://127.0.0.1:9/hook"


@pytest.fixture
def here(deployment: Deployment) -> Iterator[InProcess]:
    """An application whose webhooks may call this machine."""
    settings = replace(deployment.settings, webhooks_allowed=allowed_of("127.0.0.1"))
    app = create_app(settings)
    yield InProcess(app)
    app.state.parts.store.close()


def _patch(api: InProcess, path: str, body: object) -> Any:
    return api.request("PATCH", path, json=body)


def _problem(answer: Any) -> tuple[int, str, str]:
    (error,) = answer.json()["errors"]
    return answer.status_code, error["pointer"], error["code"]


def test_a_webhook_from_first_to_last(here: InProcess) -> None:
    made = here.post("/v1/webhooks", {"url": URL, "event_types": ["front.changed"]})
    assert made.status_code == 201
    webhook = made.json()
    path = made.headers["location"]
    assert path == f"/v1/webhooks/{webhook['id']}"
    assert webhook["secret"].startswith("whsec_")
    assert len(webhook["secret"]) > 40
    found = here.get(path)
    assert found.json() == {name: webhook[name] for name in webhook if name != "secret"}
    assert here.get("/v1/webhooks").json() == {"data": [found.json()]}
    changed = _patch(here, path, {"enabled": False, "description": "off", "event_types": []})
    assert changed.json()["disabled_reason"]["code"] == "by_user"
    assert changed.json()["event_types"] == []
    assert (changed.json()["url"], changed.json()["description"]) == (URL, "off")
    refused = here.post(f"{path}:test")
    assert (refused.status_code, refused.json()["code"]) == (409, "state_conflict")
    assert _patch(here, path, {"enabled": True}).json()["disabled_reason"] is None
    rotated = here.post(f"{path}:rotate", {"overlap_s": 60}).json()
    assert rotated["secret"] != webhook["secret"]
    assert rotated["previous_secret_until"] is not None
    assert here.post(f"{path}:rotate").status_code == 200
    pinged = here.post(f"{path}:test")
    assert pinged.status_code == 202
    ping = pinged.json()
    assert (ping["event_type"], ping["state"], ping["event_id"]) == ("ping", "pending", None)
    assert here.get(f"{path}/deliveries/{ping['id']}").json()["body"].startswith('{"id":0')
    again = here.post(f"{path}/deliveries/{ping['id']}:redeliver")
    assert again.status_code == 202
    assert here.get(path).json()["n_pending"] == 1
    for each in (here.get(path), here.get("/v1/webhooks"), here.get(f"{path}/deliveries")):
        assert "whsec_" not in each.text
    assert here.request("DELETE", path).status_code == 204
    for answer in (here.get(path), here.request("DELETE", path), here.get(f"{path}/deliveries")):
        assert answer.status_code == 404
    operations = [entry["operation"] for entry in here.get("/v1/audit").json()["data"]]
    assert {"webhooks_create", "webhooks_update", "webhooks_rotate", "webhooks_ping"} <= set(
        operations
    )
    (removed, *_) = here.get(f"/v1/audit?object_id={webhook['id']}").json()["data"]
    assert (removed["operation"], removed["status"]) == ("webhooks_remove", 404)
    assert "whsec_" not in here.get("/v1/audit").text


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("ftp://example.org/", "bad_scheme"),
        ("file:///etc/passwd", "bad_url"),
        ("gopher://127.0.0.1/", "bad_scheme"),
        ("http://ada:secret@93.184.215.14/", "has_password"),
        ("http://93.184.215.14@127.0.0.1/", "has_password"),
        ("http:///nowhere", "bad_url"),
        ("nonsense", "bad_url"),
        ("", "bad_url"),
        ("http://[::1", "bad_url"),
        ("http://example.org:99999/", "bad_url"),
        ("http://example.org/#part", "bad_url"),
        ("http://example.org/a b", "bad_url"),
        ("http://example.org/\r\nX-Injected: 1", "bad_url"),
        ("http://exämple.org/", "bad_url"),
        ("http://127.0.0.1/", "not_public"),
        ("http://localhost:8642/v1/searches", "not_public"),
        ("http://2130706433/", "not_public"),
        ("http://10.0.0.1/", "not_public"),
        ("http://[::1]/", "not_public"),
        ("http://[fd00::1]/", "not_public"),
        ("http://[::ffff:10.0.0.1]/", "not_public"),
        ("http://169.254.169.254/latest/meta-data/", "not_public"),
        ("http://[64:ff9b::a9fe:a9fe]/", "not_public"),
        ("https://nobody.invalid/", "not_public"),
    ],
)
def test_an_address_that_may_not_be_called_is_refused(
    api: InProcess, deployment: Deployment, url: str, code: str
) -> None:
    assert _problem(api.post("/v1/webhooks", {"url": url})) == (422, "/url", code)
    with deployment.store.begin() as uow:
        assert uow.webhooks.all() == []
        webhook = add_webhook(uow)
    assert _problem(_patch(api, f"/v1/webhooks/{webhook.id}", {"url": url})) == (422, "/url", code)
    with deployment.store.read() as uow:
        assert uow.webhooks.get(webhook.id) == webhook


def test_fields_are_checked(here: InProcess) -> None:
    wrong = here.post("/v1/webhooks", {"url": URL, "event_types": ["trial.exploded"]})
    assert wrong.status_code == 422
    assert "front.changed" in wrong.json()["errors"][0]["allowed"]
    unknown = here.post("/v1/webhooks", {"url": URL, "search_ids": ["sea_none"]})
    assert _problem(unknown) == (422, "/search_ids/0", "no_such_search")
    assert here.post("/v1/webhooks", {"url": URL, "secret": "mine"}).status_code == 422
    assert here.get("/v1/webhooks").json() == {"data": []}


def test_deliveries_come_in_pages(here: InProcess, deployment: Deployment) -> None:
    with receiving() as receiver:
        path = here.post("/v1/webhooks", {"url": receiver.url}).headers["location"]
        for _ in range(5):
            new_search(deployment.store)
        calls = Calls(allowed=allowed_of("127.0.0.1"))
        sender = WebhookSender(deployment.store, calls, Pace(poll_s=0.02))
        sender.start()
        receiver.wait_for(5)
        sender.stop(10)
    first = here.get(f"{path}/deliveries?limit=3").json()
    second = here.get(f"{path}/deliveries?limit=3&cursor={first['next_cursor']}").json()
    assert (first["has_more"], second["has_more"]) == (True, False)
    found = first["data"] + second["data"]
    assert [each["event_id"] for each in found] == receiver.event_ids[::-1]
    assert {each["state"] for each in found} == {"delivered"}
    assert {each["response_status"] for each in found} == {200}
    assert all(each["seconds"] >= 0 and each["next_attempt_at"] is None for each in found)
    assert here.get(f"{path}/deliveries?state=failed").json()["data"] == []
    assert here.get(f"{path}/deliveries?state=lost").status_code == 422
    text = here.get("/metrics").text
    assert 'bitpareto_webhooks{state="enabled"} 1.0' in text
    assert 'bitpareto_webhook_deliveries{state="delivered"} 5.0' in text
    assert "bitpareto_webhook_oldest_pending_seconds 0.0" in text
