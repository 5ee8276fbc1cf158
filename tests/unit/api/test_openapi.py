"""The committed description of the API is the API's, and complete."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.documented_errors import ONLY_AT
from api.errors import problem_types
from api.examples import examples
from api.links import NAMED_IN_ANSWERS
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


def _at(value: Any, pointer: str) -> Any:
    for step in pointer.strip("/").split("/"):
        value = value[int(step) if isinstance(value, list) else step]
    return value


def test_the_committed_file_is_current(described: dict[str, Any]) -> None:
    committed = json.loads((ROOT / "docs" / "openapi.json").read_text())
    assert committed == described, "run scripts/openapi.py"


def test_every_reference_leads_somewhere(described: dict[str, Any]) -> None:
    for reference in _references(described):
        found = described
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]


def test_every_error_is_documented_as_a_problem(described: dict[str, Any]) -> None:
    for path, operation in _operations(described):
        assert operation["summary"], path
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                assert list(response["content"]) == ["application/problem+json"], (path, status)
                told = response["content"]["application/problem+json"]["examples"]
                assert told, (path, status)
                assert all(f"`{code}`" in response["description"] for code in told)


def test_the_table_of_rare_errors_names_what_there_is(described: dict[str, Any]) -> None:
    assert set(ONLY_AT) <= {kind.code for kind in problem_types()}
    known = {operation["operationId"] for _, operation in _operations(described)}
    assert frozenset().union(*ONLY_AT.values()) <= known


def test_links_lead_to_parameters_and_start_at_values(described: dict[str, Any]) -> None:
    operations = {each["operationId"]: each for _, each in _operations(described)}
    assert set(NAMED_IN_ANSWERS) <= set(operations)
    for name, pointers in NAMED_IN_ANSWERS.items():
        for pointer in pointers.values():
            assert isinstance(_at(examples()[name].answer, pointer), str), (name, pointer)
    for operation in operations.values():
        for response in operation["responses"].values():
            for link in response.get("links", {}).values():
                target = operations[link["operationId"]]
                known = {parameter["name"] for parameter in target["parameters"]}
                assert set(link["parameters"]) <= known


def test_every_page_links_to_the_next_and_everything_made_to_what_takes_it(
    described: dict[str, Any],
) -> None:
    links = {
        operation["operationId"]: {
            link for each in operation["responses"].values() for link in each.get("links", {})
        }
        for _, operation in _operations(described)
    }
    paged = {name for name, of in links.items() if "next_page" in of}
    assert paged >= {"searches_list_searches", "trials_list_trials", "audit_list_entries"}
    assert links["searches_create"] >= {
        "searches_get",
        "searches_cancel",
        "searches_extend",
        "searches_clone",
        "trials_list_trials",
        "fronts_get",
        "events_events",
    }
    assert links["fronts_get"] >= {"artifacts_get", "trials_get", "trials_replicate"}


def test_fields_have_the_texts_of_the_models(described: dict[str, Any]) -> None:
    schemas = described["components"]["schemas"]
    assert schemas["ApiKey"]["properties"]["last_used_at"]["description"] == "To the minute."
    made = schemas["ApiKeyCreated"]["properties"]
    assert made["last_used_at"]["description"] == "To the minute."  # of its base


def test_every_call_of_the_client_is_described(described: dict[str, Any]) -> None:
    sent = [
        calls.create_search({}),
        calls.preview_space({}),
        calls.get_search("{search_id}"),
        calls.list_searches(
            1, None, search_filters("queued", "digits", "x", NOW, NOW, "sea_x", "name")
        ),
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
        calls.get_lineage("{trial_id}", 3),
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
