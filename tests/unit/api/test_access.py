"""Who may do what, tried on every operation that the OpenAPI document names."""

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.access_table import NEEDS, Need
from api.app import create_app
from search.access import DEFAULT_PROJECT, Role, Scope
from search.datasets import DATASETS, UploadedDataset
from search.use_cases.access import create_key, create_project, revoke_key, set_member
from search.use_cases.searches import cancel_search
from search.use_cases.webhooks import send_ping
from tests.contracts.test_garbage import add_model
from tests.served import BODY, Deployment, InProcess, served
from tests.service import EXPLANATION, add_webhook, new_dataset, new_search
from tests.unit.api.test_hardware_profiles import YAML

REMOTE = {"Host": "bitpareto.example"}
"""Asked under a name that other machines use."""
ROOT = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation and what it asks for."""

    id: str
    method: str
    path: str
    need: Need
    body: bool

    def call(self, api: InProcess, ids: dict[str, str], key: str | None) -> Any:
        """Send it with these ids in its path."""
        path = re.sub(r"{(\w+)}", lambda found: ids[found[1]], self.path)
        headers = REMOTE if key is None else {**REMOTE, "Authorization": f"Bearer {key}"}
        json = BODIES.get(self.id, {}) if self.body else None
        return api.request(self.method, path + QUERIES.get(self.id, ""), headers=headers, json=json)


BODIES: dict[str, Any] = {
    "searches_create": BODY,
    "searches_extend": {"trials": 1},
    "access_set_role": {"role": "viewer"},
    "webhooks_create": {"url": "https://93.184.215.14/"},
}
QUERIES = {
    # event streams would not end, so one starts after the end of time, and one at no search
    "events_events": "?after=999999999",
    "events_all_events": "?search_id=sea_00000000000000000000000000",
}
NOWHERE = {
    "search_id": "sea_00000000000000000000000000",
    "trial_id": "trl_00000000000000000000000000",
    "artifact_id": "art_00000000000000000000000000",
    "key_id": "key_00000000000000000000000000",
    "model_id": "mod_nobody",
    "webhook_id": "whk_00000000000000000000000000",
    "delivery_id": "dlv_00000000000000000000000000",
    "dataset_id": "dts_00000000000000000000000000",
    "format": "onnx",
    "name": "nobodys",
    "project": "nowhere",
    "user": "ada",
}


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys of three kinds."""

    admin: str
    viewer: str
    other: str
    """An admin's, of another project."""
    other_id: str


@pytest.fixture
def keys(deployment: Deployment) -> Keys:
    now = deployment.store.now()
    with deployment.store.begin() as uow:
        create_project(uow, "second", now)
        made: dict[str, tuple[str, str]] = {}
        for project, user, role in (
            (DEFAULT_PROJECT, "ada", Role.ADMIN),
            (DEFAULT_PROJECT, "eve", Role.VIEWER),
            ("second", "bob", Role.ADMIN),
        ):
            set_member(uow, project, user, role, now)
            scope = Scope.READ if role == Role.VIEWER else Scope.ADMIN
            key, text = create_key(
                uow, project_id=project, user=user, name="", scope=scope, expires_at=None, now=now
            )
            made[user] = key.id, text
    return Keys(made["ada"][1], made["eve"][1], made["bob"][1], made["ada"][0])


def operations() -> list[Operation]:
    """Return what the committed description names."""
    document = json.loads((ROOT / "docs" / "openapi.json").read_text())
    return [
        Operation(
            id=operation["operationId"],
            method=method.upper(),
            path=path,
            need=NEEDS[operation["operationId"]],
            body="requestBody" in operation,
        )
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


CLOSED = [each for each in operations() if each.need.scope is not None]
NAMED = [each for each in CLOSED if "{" in each.path]


def test_the_table_has_every_operation_and_no_other() -> None:
    assert {each.id for each in operations()} == set(NEEDS)


@pytest.mark.parametrize("operation", CLOSED, ids=lambda each: each.id)
def test_nothing_is_answered_without_a_key(
    api: InProcess, keys: Keys, operation: Operation
) -> None:
    for key in (None, "bp_", keys.admin[:-1], keys.admin + "x", "x" * 5000):
        answer = operation.call(api, NOWHERE, key)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
        assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("operation", CLOSED, ids=lambda each: each.id)
def test_a_key_does_no_more_than_it_may(api: InProcess, keys: Keys, operation: Operation) -> None:
    status = operation.call(api, NOWHERE, keys.viewer).status_code
    assert (status == 403) == (operation.need.scope != Scope.READ)
    status = operation.call(api, NOWHERE, keys.other).status_code
    assert (status == 403) == operation.need.runs_deployment


def stored_dataset(deployment: Deployment) -> UploadedDataset:
    """Store a data set with its files."""
    content, samples = b"pixels", b"picture"
    sha256 = deployment.files.put(content)
    made = replace(
        new_dataset("flowers", sha256),
        samples_sha256=deployment.files.put(samples),
        size_bytes=len(content),
    )
    with deployment.store.begin() as uow:
        assert uow.datasets.add(made)
    return made


@pytest.fixture
def mine(deployment: Deployment, keys: Keys) -> dict[str, str]:
    """Ids of what belongs to the project ``default``."""
    search = new_search(deployment.store)
    (claimed,) = deployment.claimed(search, 1)
    artifact_id = deployment.complete(claimed, 0.9)
    add_model(deployment.store, "d" * 64)
    dataset = stored_dataset(deployment)
    with deployment.store.begin() as uow:
        (model,) = uow.models.page(1)
        uow.searches.lock(search.id)
        uow.explanations.keep(search.id, EXPLANATION)
        cancel_search(uow, search.id, deployment.store.now())  # so that its event stream ends
        webhook = add_webhook(uow)
        delivery = send_ping(uow, webhook.id, deployment.store.now())
    return {
        "search_id": search.id,
        "trial_id": claimed.trial.id,
        "artifact_id": artifact_id,
        "key_id": keys.other_id,
        "model_id": model.id,
        "webhook_id": webhook.id,
        "delivery_id": delivery.id,
        "dataset_id": dataset.id,
        "format": "onnx",
        "name": "board",
        "project": DEFAULT_PROJECT,
        "user": "ada",
    }


@pytest.mark.parametrize("operation", NAMED, ids=lambda each: each.id)
def test_what_is_in_another_project_is_as_what_is_not_there(
    api: InProcess, keys: Keys, mine: dict[str, str], operation: Operation
) -> None:
    added = api.request(
        "POST",
        "/v1/hardware-profiles",
        headers={"Content-Type": "application/yaml"},
        content=YAML.encode(),
    )
    assert added.status_code in (200, 201), added.text
    theirs = operation.call(api, mine, keys.other)
    nobodys = operation.call(api, NOWHERE, keys.other)
    assert theirs.status_code == nobodys.status_code == 404, (theirs.text, nobodys.text)
    assert _anonymous(theirs.text, mine) == _anonymous(nobodys.text, NOWHERE)
    own = operation.call(api, mine, keys.admin)
    assert own.status_code not in (401, 403, 404), own.text


def _anonymous(text: str, ids: dict[str, str]) -> str:
    for name, value in sorted(ids.items()):
        text = text.replace(value, f"<{name}>") if len(value) > 4 else text
    return re.sub(r"req_\w+", "<request>", text)


def test_lists_are_of_the_own_project(api: InProcess, keys: Keys, mine: dict[str, str]) -> None:
    def ids(path: str, key: str) -> set[str]:
        headers = {**REMOTE, "Authorization": f"Bearer {key}"}
        return {each["id"] for each in api.get(path, headers).json()["data"]}

    for path, own in (
        ("/v1/searches", mine["search_id"]),
        ("/v1/models", mine["model_id"]),
        ("/v1/webhooks", mine["webhook_id"]),
        ("/v1/datasets", mine["dataset_id"]),
    ):
        assert own in ids(path, keys.admin)
        assert ids(path, keys.other) <= {*DATASETS}
    assert mine["key_id"] not in ids("/v1/api-keys", keys.other)


def test_keys_that_have_ended_open_nothing(
    api: InProcess, deployment: Deployment, keys: Keys
) -> None:
    now = deployment.store.now()
    with deployment.store.begin() as uow:
        fields: dict[str, Any] = {"user": "ada", "name": "", "scope": Scope.READ}
        before = now - timedelta(hours=2)
        _, expired = create_key(
            uow,
            project_id=DEFAULT_PROJECT,
            **fields,
            expires_at=now - timedelta(seconds=1),
            now=before,
        )
        revoked, revoked_text = create_key(
            uow, project_id=DEFAULT_PROJECT, **fields, expires_at=None, now=now
        )
        revoke_key(uow, revoked.id, now)
        uow.access.remove_member("second", "bob")
    answers = [
        api.get("/v1/searches", {**REMOTE, "Authorization": f"Bearer {key}"})
        for key in (expired, revoked_text, keys.other, "bp_nonsense")
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.json()["detail"] for answer in answers}) == 1


def test_a_key_that_ends_ends_its_open_event_stream(deployment: Deployment, keys: Keys) -> None:
    search = new_search(deployment.store)
    headers = {**REMOTE, "Authorization": f"Bearer {keys.admin}"}
    app = create_app(deployment.settings, poll_s=0.02, heartbeat_s=0.1)
    with served(app) as address:
        url = f"{address}/v1/searches/{search.id}/events"
        with httpx.stream("GET", url, headers=headers, timeout=20) as answer:
            lines = answer.iter_lines()
            for _ in range(3):  # it goes on for as long as the key does
                next(line for line in lines if line == ": heartbeat")
            with deployment.store.begin() as uow:
                revoke_key(uow, keys.other_id, deployment.store.now())
            began = time.monotonic()
            assert "event: done" not in list(lines)
            assert time.monotonic() - began < 15
        assert httpx.get(url, headers=headers).status_code == 401


def test_a_browser_that_signs_out_ends_its_open_event_stream(
    deployment: Deployment, keys: Keys
) -> None:
    search = new_search(deployment.store)
    app = create_app(deployment.settings, poll_s=0.02, heartbeat_s=0.1)
    ours = {**REMOTE, "Sec-Fetch-Site": "same-origin"}
    with served(app) as address:
        signed_in = httpx.post(f"{address}/v1/session", json={"key": keys.admin}, headers=ours)
        browser = {**ours, "Cookie": signed_in.headers["set-cookie"].partition(";")[0]}
        url = f"{address}/v1/searches/{search.id}/events"
        with httpx.stream("GET", url, headers=browser, timeout=20) as answer:
            lines = answer.iter_lines()
            for _ in range(3):
                next(line for line in lines if line == ": heartbeat")
            httpx.delete(f"{address}/v1/session", headers=browser).raise_for_status()
            began = time.monotonic()
            assert "event: done" not in list(lines)
            assert time.monotonic() - began < 15
        assert httpx.get(url, headers=browser).status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        REMOTE,
        {"Host": "evil.example:8642"},
        {"X-Forwarded-For": "192.0.2.1"},
        {"Forwarded": "for=192.0.2.1"},
        {"Authorization": "Basic YTpi"},
        {"Authorization": "Bearer"},
    ],
)
def test_this_machine_needs_no_key_and_whoever_comes_through_it_does(
    api: InProcess, headers: dict[str, str]
) -> None:
    assert api.get("/v1/searches").status_code == 200
    assert api.get("/v1/searches", headers).status_code == 401
    assert api.get("/v1/principal").json()["key_id"] is None


@pytest.fixture
def strict(deployment: Deployment) -> Iterator[InProcess]:
    app = create_app(replace(deployment.settings, require_keys=True))
    yield InProcess(app)
    app.state.parts.store.close()


def test_a_server_may_ask_everybody_for_a_key(strict: InProcess, keys: Keys) -> None:
    assert strict.get("/v1/searches").status_code == 401
    assert strict.get("/healthz").status_code == 200
    headers = {"Authorization": f"Bearer {keys.admin}"}
    found = strict.get("/v1/principal", headers).json()
    assert (found["user"], found["project"], found["scope"]) == ("ada", "default", "admin")
