"""Ids of another project in bodies and queries are as those of nothing; paths: test_access.py."""

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from tests.served import BODY, Deployment, InProcess
from tests.service import SPACE
from tests.unit.api.test_access import NOWHERE, REMOTE, ROOT, Keys, _anonymous, keys, mine
from tests.unit.api.test_hardware_profiles import YAML

__all__ = ["keys", "mine"]

NAMES = re.compile(r"\w+_ids?|comparable_with|dataset|hardware|model|searches")
"""Of fields and query parameters that name an object."""
OWN = {**BODY, "space": SPACE}
RECEIVER = "https://93.184.215.14/"
IMPORTED = {"family": "imported", "model": "model_id"}
CASES: dict[tuple[str, str], tuple[str, str, Any]] = {
    ("searches_list_searches", "comparable_with"): (
        "GET",
        "/v1/searches?comparable_with=search_id",
        None,
    ),
    ("searches_list_searches", "dataset"): ("GET", "/v1/searches?dataset=dataset_id", None),
    ("SearchCreate", "dataset"): ("POST", "/v1/searches", {**OWN, "dataset": "dataset_id"}),
    ("SearchOverrides", "dataset"): (
        "POST",
        "/v1/searches/own:clone",
        {"dataset": "dataset_id"},
    ),
    ("SpacePreviewRequest", "dataset"): (
        "POST",
        "/v1/spaces:preview",
        {**OWN, "dataset": "dataset_id"},
    ),
    ("events_all_events", "search_id"): ("GET", "/v1/events?search_id=search_id", None),
    ("audit_list_entries", "object_id"): ("GET", "/v1/audit?object_id=search_id", None),
    ("WarmStart", "searches"): (
        "POST",
        "/v1/searches",
        {**OWN, "strategy": {"warm_start": {"searches": ["search_id"]}}},
    ),
    ("SearchCreate", "space"): ("POST", "/v1/searches", {**BODY, "space": IMPORTED}),
    ("SearchCreate", "hardware"): ("POST", "/v1/searches", {**OWN, "hardware": "name"}),
    ("SearchOverrides", "hardware"): ("POST", "/v1/searches/own:clone", {"hardware": "name"}),
    ("SpacePreviewRequest", "space"): ("POST", "/v1/spaces:preview", {**BODY, "space": IMPORTED}),
    ("SpacePreviewRequest", "hardware"): (
        "POST",
        "/v1/spaces:preview",
        {**OWN, "hardware": "name"},
    ),
    ("WebhookCreate", "search_ids"): (
        "POST",
        "/v1/webhooks",
        {"url": RECEIVER, "search_ids": ["search_id"]},
    ),
    ("WebhookUpdate", "search_ids"): (
        "PATCH",
        "/v1/webhooks/own_webhook",
        {"search_ids": ["search_id"]},
    ),
}
"""By operation and parameter, or schema and field: what is sent, with names for the values."""


def named() -> set[tuple[str, str]]:
    """Everything in the description that names an object, but for paths."""
    document = json.loads((ROOT / "docs" / "openapi.json").read_text())
    found = {
        (operation["operationId"], parameter["name"])
        for methods in document["paths"].values()
        for operation in methods.values()
        for parameter in operation.get("parameters", ())
        if parameter["in"] == "query"
    }
    for name, schema in document["components"]["schemas"].items():
        if schema.get("additionalProperties") is False:  # what is sent
            found |= {(name, field) for field in schema["properties"]}
    return {one for one in found if NAMES.fullmatch(one[1])}


def test_nothing_that_names_an_object_is_forgotten() -> None:
    assert named() <= set(CASES)


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_what_is_in_another_project_is_as_what_is_not_there(
    api: InProcess, deployment: Deployment, keys: Keys, mine: dict[str, str], case: tuple[str, str]
) -> None:
    added = api.request(
        "POST",
        "/v1/hardware-profiles",
        headers={"Content-Type": "application/yaml"},
        content=YAML.encode(),
    )
    assert added.status_code == 201
    own = _send(api, keys.other, ("POST", "/v1/searches", OWN), {})["id"]
    hook = _send(api, keys.other, ("POST", "/v1/webhooks", {"url": RECEIVER}), {})["id"]
    owned = {"own": own, "own_webhook": hook}
    there, nowhere = ({**ids, **owned} for ids in (mine, NOWHERE))
    theirs, nobodys = (_send(api, keys.other, CASES[case], ids) for ids in (there, nowhere))
    assert _anonymous(json.dumps(theirs), mine) == _anonymous(json.dumps(nobodys), NOWHERE)
    assert "errors" in theirs or theirs.get("status") == 404 or theirs["data"] == []


def _send(
    api: InProcess, key: str, request: tuple[str, str, Any], ids: Mapping[str, str]
) -> dict[str, Any]:
    method, path, body = request
    names = re.compile(rf"(?<==)(?:{'|'.join(ids)})$|own_webhook$|own(?=:)") if ids else None
    if names is not None:
        path = names.sub(lambda found: ids[found[0]], path)
        text = re.sub(
            r'"(dataset_id|search_id|model_id|name)"(?!:)', _quoted(ids), json.dumps(body)
        )
        body = json.loads(text)
    headers = {**REMOTE, "Authorization": f"Bearer {key}"}
    answer = api.request(method, path, headers=headers, json=body)
    told: dict[str, Any] = answer.json()
    return {"http": answer.status_code, **told}


def _quoted(ids: Mapping[str, str]) -> Any:
    return lambda found: json.dumps(ids[found[1]])
