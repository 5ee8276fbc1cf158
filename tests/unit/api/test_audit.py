"""Whoever changes something is in the audit log before they hear that it is done."""

import logging
from typing import Any

import pytest

from api.access_table import NEEDS
from search.access import LOCAL_USER, Scope
from search.audit import AuditFilter
from search.errors import StoreBusyError
from tests.served import BODY, Deployment, InProcess
from tests.unit.api.test_access import CLOSED, NOWHERE, REMOTE, Keys, Operation, keys

__all__ = ["keys"]

CHANGING = [
    each for each in CLOSED if each.method not in ("GET", "HEAD") and each.need.scope != Scope.READ
]


def entries(deployment: Deployment) -> list[Any]:
    with deployment.store.read() as uow:
        return uow.audit.page(AuditFilter(), 100)


@pytest.mark.parametrize("operation", CHANGING, ids=lambda each: each.id)
def test_every_change_that_is_asked_for_is_noted(
    api: InProcess, deployment: Deployment, keys: Keys, operation: Operation
) -> None:
    answer = operation.call(api, NOWHERE, keys.admin)
    refused = operation.call(api, NOWHERE, keys.viewer)
    assert refused.status_code == 403
    newest, first = entries(deployment)
    assert (first.user, first.operation, first.status) == (
        "ada",
        operation.id,
        answer.status_code,
    )
    assert first.request_id == answer.headers["x-request-id"]
    assert (newest.user, newest.status) == ("eve", 403)
    if "{" in operation.path:
        assert first.object_id is not None
        assert first.object_id.split("/")[0] in NOWHERE.values()


def test_reading_and_strangers_are_not_noted(
    api: InProcess, deployment: Deployment, keys: Keys
) -> None:
    for operation in CLOSED:
        operation.call(api, NOWHERE, "bp_nobody")
        if operation not in CHANGING:
            operation.call(api, NOWHERE, keys.admin)
    assert entries(deployment) == []


def test_what_was_made_is_named_and_secrets_are_not_kept(
    api: InProcess, deployment: Deployment, keys: Keys
) -> None:
    headers = {**REMOTE, "Authorization": f"Bearer {keys.admin}"}
    search = api.post("/v1/searches", json=BODY, headers=headers).json()
    made = api.post("/v1/api-keys", json={"scope": "read"}, headers=headers).json()
    api.post(f"/v1/searches/{search['id']}:cancel", headers=headers)
    kept = entries(deployment)
    assert [each.operation for each in kept] == [
        "searches_cancel",
        "access_create_key",
        "searches_create",
    ]
    assert {kept[0].object_id, kept[2].object_id} == {search["id"]}
    assert kept[1].object_id == made["id"]
    assert made["key"] not in repr(kept)
    assert keys.admin not in repr(kept)
    api.post("/v1/projects", json={"name": "third", "admin": "cy"}, headers=headers)
    assert entries(deployment)[0].object_id == "third"
    page = api.get(f"/v1/audit?object_id={search['id']}&limit=1", headers=headers).json()
    assert [each["operation"] for each in page["data"]] == ["searches_cancel"]
    path = f"/v1/audit?object_id={search['id']}&cursor={page['next_cursor']}"
    page = api.get(path, headers=headers).json()
    assert [each["operation"] for each in page["data"]] == ["searches_create"]
    assert page["next_cursor"] is None


def test_signing_in_and_out_is_noted_without_a_secret(
    api: InProcess, deployment: Deployment, keys: Keys
) -> None:
    ours = {**REMOTE, "Sec-Fetch-Site": "same-origin"}
    answer = api.post("/v1/session", json={"key": keys.admin}, headers=ours)
    cookie = answer.headers["set-cookie"].partition(";")[0]
    browser = {**ours, "Cookie": cookie}
    for _ in range(2):  # the second time there is nothing to end
        assert api.request("DELETE", "/v1/session", headers=browser).status_code == 204
    assert api.post("/v1/session", json={"key": "bp_no"}, headers=ours).status_code == 401
    found = entries(deployment)
    assert [(each.operation, each.user, each.status) for each in found] == [
        ("session_end", "ada", 204),
        ("session_create", "ada", 201),
    ]
    assert found[0].object_id == found[1].object_id
    assert str(found[0].object_id).startswith("ses_")
    assert cookie.partition("=")[2] not in repr(found)
    assert keys.admin not in repr(found)


def test_this_machine_is_noted_without_a_key(api: InProcess, deployment: Deployment) -> None:
    api.post("/v1/searches", json=BODY)
    (entry,) = entries(deployment)
    assert (entry.user, entry.key_id) == (LOCAL_USER.user, None)


def test_an_entry_that_cannot_be_stored_is_logged(
    api: InProcess,
    deployment: Deployment,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def busy(*_: object) -> None:
        raise StoreBusyError("away")

    monkeypatch.setattr("db.audit_repository.SqlAudit.add", busy)
    with caplog.at_level(logging.ERROR, logger="api.audit"):
        assert api.post("/v1/searches", json=BODY).status_code == 201
    assert "not in the audit log: searches_create of sea_" in caplog.text
    assert entries(deployment) == []


def test_the_log_takes_an_admin() -> None:
    assert NEEDS["audit_list_entries"].scope == Scope.ADMIN
