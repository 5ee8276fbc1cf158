"""What breaks clients is named; what they do not notice is not."""

import copy
import json
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
MODULE = runpy.run_path(str(ROOT / "scripts" / "breaking_changes.py"))
breaking_changes: Callable[[Any, Any], list[str]] = MODULE["breaking_changes"]
contract_of: Callable[[Any], Any] = MODULE["contract_of"]
CURRENT: dict[str, Any] = json.loads((ROOT / "docs" / "openapi.json").read_text())
CONTRACT = contract_of(CURRENT)
FRONT = "/v1/searches/{search_id}/front"
Change = Callable[[dict[str, Any]], Any]


def schema(document: dict[str, Any], name: str) -> Any:
    return document["components"]["schemas"][name]


def field(document: dict[str, Any], name: str, of: str) -> Any:
    return schema(document, name)["properties"][of]


def parameter(document: dict[str, Any], path: str, name: str) -> Any:
    told = document["paths"][path]["get"]["parameters"]
    return next(each for each in told if each["name"] == name)


def added_parameter(document: dict[str, Any], required: bool) -> None:
    told = {"in": "query", "name": "new", "required": required, "schema": {"type": "string"}}
    document["paths"][FRONT]["get"]["parameters"].append(told)


BREAKS: dict[str, tuple[Change, str]] = {
    "an operation goes": (lambda d: d["paths"].pop(FRONT), f"GET {FRONT} is gone"),
    "a method goes": (
        lambda d: d["paths"]["/v1/searches"].pop("post"),
        "POST /v1/searches is gone",
    ),
    "a status goes": (lambda d: d["paths"][FRONT]["get"]["responses"].pop("304"), "status 304"),
    "a field of an answer goes": (
        lambda d: schema(d, "Front")["properties"].pop("hypervolume"),
        "200/hypervolume is gone",
    ),
    "a field deep in an answer goes": (
        lambda d: schema(d, "Artifact")["properties"].pop("sha256"),
        "sha256 is gone",
    ),
    "a field of an answer may be missing": (
        lambda d: schema(d, "Front")["required"].remove("points"),
        "200/points may be missing",
    ),
    "a field of an answer may be null": (
        lambda d: schema(d, "Front")["properties"].update(
            hypervolume={"anyOf": [{"type": "number"}, {"type": "null"}]}
        ),
        "200/hypervolume may now be null",
    ),
    "a field of an answer has another type": (
        lambda d: field(d, "Front", "as_of_event").update(type="string"),
        "was integer and is string",
    ),
    "a field of a request goes": (
        lambda d: schema(d, "SearchCreate")["properties"].pop("seed"),
        "body/seed is gone",
    ),
    "a field of a request is required": (
        lambda d: schema(d, "SearchCreate")["required"].append("name"),
        "body/name is required",
    ),
    "a new field of a request is required": (
        lambda d: (
            schema(d, "SearchCreate")["properties"].update(owner={"type": "string"}),
            schema(d, "SearchCreate")["required"].append("owner"),
        ),
        "body/owner is required",
    ),
    "a number becomes whole": (
        lambda d: field(d, "SearchExtend", "wall_time_s").update(type="integer"),
        "body/wall_time_s was integer/number and is integer",
    ),
    "a bound is lower": (
        lambda d: field(d, "SearchExtend", "trials").update(maximum=10),
        "body/trials: maximum is 10",
    ),
    "an enum value goes": (
        lambda d: field(d, "Recipe", "quantizer")["enum"].remove("pact"),
        '"pact" is gone',
    ),
    "null is not taken any more": (
        lambda d: schema(d, "SearchCreate")["properties"].update(hardware={"type": "string"}),
        "body/hardware does not take null",
    ),
    "a parameter goes": (
        lambda d: d["paths"][FRONT]["get"]["parameters"].remove(parameter(d, FRONT, "as_of")),
        "query parameter as_of is gone",
    ),
    "a parameter is required": (
        lambda d: parameter(d, FRONT, "as_of").update(required=True),
        "query parameter as_of is required",
    ),
    "a new parameter is required": (
        lambda d: added_parameter(d, True),
        "query parameter new is required",
    ),
    "a media type goes": (
        lambda d: d["paths"]["/v1/searches/{search_id}/trials"]["get"]["responses"]["200"][
            "content"
        ].pop("text/csv"),
        "200: text/csv is gone",
    ),
    "a body must be there": (
        lambda d: d["paths"]["/v1/trials/{trial_id}:replicate"]["post"]["requestBody"].update(
            required=True
        ),
        "the body is required",
    ),
}
HARMLESS: dict[str, Change] = {
    "nothing": lambda _: None,
    "prose": lambda d: d["paths"][FRONT]["get"].update(summary="Other words"),
    "a new operation": lambda d: d["paths"].update({"/v1/new": d["paths"]["/v1/meta"]}),
    "a new field of an answer": lambda d: schema(d, "Front")["properties"].update(
        new={"type": "string"}
    ),
    "a new field of a request": lambda d: schema(d, "SearchCreate")["properties"].update(
        new={"type": "string"}
    ),
    "a new enum value": lambda d: field(d, "Recipe", "quantizer")["enum"].append("new"),
    "a higher bound": lambda d: field(d, "SearchExtend", "trials").update(maximum=1e9),
    "a new parameter": lambda d: added_parameter(d, False),
    "a new status": lambda d: d["paths"][FRONT]["get"]["responses"].update(
        {"418": {"description": "A problem"}}
    ),
    "a schema has another name": lambda d: (
        d["components"]["schemas"].update(Edge=schema(d, "Artifact")),
        field(d, "Trial", "artifact")["anyOf"][0].update({"$ref": "#/components/schemas/Edge"}),
    ),
}


@pytest.mark.parametrize("name", BREAKS)
def test_what_breaks_clients_is_named(name: str) -> None:
    change, said = BREAKS[name]
    new = copy.deepcopy(CURRENT)
    change(new)
    found = breaking_changes(CONTRACT, new)
    assert any(said in line for line in found), found


@pytest.mark.parametrize("name", HARMLESS)
def test_what_clients_do_not_notice_is_not(name: str) -> None:
    new = copy.deepcopy(CURRENT)
    HARMLESS[name](new)
    assert breaking_changes(CONTRACT, new) == []


def test_nothing_that_was_promised_is_broken() -> None:
    frozen = json.loads((ROOT / "docs" / "openapi.frozen.json").read_text())
    assert breaking_changes(frozen, CURRENT) == []
