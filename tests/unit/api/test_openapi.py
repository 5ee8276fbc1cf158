"""The committed description of the API is the API's, and complete."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bitpareto import _calls as calls
from bitpareto._filters import search_filters, trial_filters
from tests.served import InProcess
from tests.service import NOW

ROOT = Path(__file__).resolve().parents[3]
METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture
def described(api: InProcess) -> dict[str, Any]:
    """The description the server sends."""
    document: dict[str, Any] = api.get("/v1/openapi.json").json()
    return document


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        yield from ((path, op) for method, op in item.items() if method in METHODS)


def _references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value
            else:
                yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def test_the_committed_file_is_current(described: dict[str, Any]) -> None:
    committed = json.loads((ROOT / "docs" / "openapi.json").read_text())
    assert committed == described, "run scripts/openapi.py"


def test_every_reference_leads_somewhere(described: dict[str, Any]) -> None:
    schemas = described["components"]["schemas"]
    assert {ref.rpartition("/")[2] for ref in _references(described)} <= set(schemas)


def test_every_error_is_documented_as_a_problem(described: dict[str, Any]) -> None:
    for path, operation in _operations(described):
        assert operation["summary"], path
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                assert list(response["content"]) == ["application/problem+json"], (path, status)


def test_every_call_of_the_client_is_described(described: dict[str, Any]) -> None:
    sent = [
        calls.create_search({}),
        calls.preview_space({}),
        calls.get_search("{search_id}"),
        calls.list_searches(1, None, search_filters("queued", "digits", "x", NOW, NOW)),
        calls.cancel_search("{search_id}"),
        calls.extend_search("{search_id}", 1, 1.0, 1.0),
        calls.clone_search("{search_id}", {}),
        calls.cancel_trial("{trial_id}"),
        calls.replicate_trial("{trial_id}", None),
        calls.list_trials(
            "{search_id}",
            1,
            None,
            trial_filters("queued", "x", True, 1, 2, 0.1, 0.2, "number"),
        ),
        calls.list_trial_rows("{search_id}", ["id"], 1, None),
        calls.get_trial("{trial_id}"),
        calls.get_front("{search_id}", 1, "size_bytes", 1, 1),
        calls.get_curves("{trial_id}"),
        calls.get_explanation("{search_id}"),
        calls.get_hypervolume("{search_id}"),
        calls.list_hardware_profiles(),
        calls.list_workers(),
        calls.events_call("{search_id}", 1),
        calls.get_meta(),
    ]
    for call in sent:
        path = call.path.replace("%7B", "{").replace("%7D", "}")
        operation = described["paths"][path][call.method.lower()]
        known = {parameter["name"] for parameter in operation.get("parameters", [])}
        assert set(call.params) <= known
