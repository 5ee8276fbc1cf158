"""The SDK works with newer and older servers of its major version, and says when one is neither."""

import json
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import BaseModel

import api.app
from api.examples import Example, examples
from bitpareto import Client, errors
from bitpareto._calls import reader
from bitpareto._transport import VERSION
from bitpareto.cli import main

assert api.app  # which makes the models of all answers

DOCUMENT = json.loads((Path(__file__).parents[3] / "docs" / "openapi.json").read_text())
SCHEMAS = DOCUMENT["components"]["schemas"]
NEW = "brand_new"
FIELDS = {"of_a_newer_server": {"deep": [1]}}
Told = tuple[str, dict[str, Any], Example]


def models(base: type[BaseModel] = BaseModel) -> dict[str, type[BaseModel]]:
    """Every model by its name in the document."""
    found: dict[str, type[BaseModel]] = {}
    for cls in base.__subclasses__():
        if cls.__module__.startswith("bitpareto"):
            found[re.sub(r"\W", "_", cls.__name__)] = cls
        found |= models(cls)
    return found


def answered() -> dict[str, Told]:
    """Operations that answer with one model: its name, its schema, the example."""
    found = {}
    for methods in DOCUMENT["paths"].values():
        for told in methods.values():
            example = examples()[told["operationId"]]
            content = told["responses"][str(example.status)].get("content", {})
            schema = content.get("application/json", {}).get("schema", {})
            for one in (schema, *schema.get("anyOf", ())):
                name = one.get("$ref", "").rpartition("/")[2]
                if name and "dict" not in name:
                    found[told["operationId"]] = (name, one, example)
    return found


ANSWERED = answered()


def newer(value: Any, schema: dict[str, Any]) -> Any:
    """Give each object a field and each choice a value that this version does not know."""
    schema = _of(value, schema)
    if isinstance(value, dict) and "properties" in schema:
        known = schema["properties"]
        return {key: newer(part, known.get(key, {})) for key, part in value.items()} | FIELDS
    if isinstance(value, dict):
        told = schema.get("additionalProperties")
        inner = told if isinstance(told, dict) else {}
        return {key: newer(part, inner) for key, part in value.items()}
    if isinstance(value, list):
        return [newer(part, schema.get("items", {})) for part in value]
    return NEW if isinstance(value, str) and "enum" in schema else value


def older(value: Any, schema: dict[str, Any]) -> Any:
    """Leave out every field that need not be there."""
    schema = _of(value, schema)
    if isinstance(value, dict) and "properties" in schema:
        known = schema["properties"]
        return {key: older(value[key], known[key]) for key in schema.get("required", ())}
    if isinstance(value, list):
        return [older(part, schema.get("items", {})) for part in value]
    return value


def _of(value: Any, schema: dict[str, Any]) -> dict[str, Any]:
    """Return the alternative of a schema that a value is."""
    kinds = {dict: "object", list: "array", str: "string"}
    while "$ref" in schema or "anyOf" in schema:
        if "$ref" in schema:
            schema = SCHEMAS[schema["$ref"].rpartition("/")[2]]
        else:
            fitting = (
                one
                for one in schema["anyOf"]
                if _of(value, one).get("type")
                == kinds.get(type(value), _of(value, one).get("type"))
            )
            schema = next(fitting, {})
    return schema


@pytest.mark.parametrize("change", [newer, older])
@pytest.mark.parametrize("name", ANSWERED)
def test_every_answer_of_another_version_is_read(
    name: str, change: Callable[[Any, dict[str, Any]], Any]
) -> None:
    model, schema, example = ANSWERED[name]
    changed = change(example.answer, schema)
    read = reader(models()[model])(json.dumps(changed).encode())
    read.model_dump_json()  # which is what --json prints


def test_most_operations_are_among_those() -> None:
    assert len(ANSWERED) > 25
    changed = newer(ANSWERED["searches_get"][2].answer, ANSWERED["searches_get"][1])
    assert changed["state"] == changed["recipe"]["quantizer"] == NEW
    assert changed["recipe"]["of_a_newer_server"]


def serving(answer: Any, version: str = VERSION, status: int = 200) -> httpx.Client:
    headers = {"X-Server-Version": version}
    content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    sent = httpx.Response(status, content=content, headers=headers)
    return httpx.Client(transport=httpx.MockTransport(lambda _: sent))


def test_a_search_in_a_state_of_the_future_goes_on() -> None:
    _, schema, example = ANSWERED["searches_get"]
    with Client(http_client=serving(newer(example.answer, schema))) as client:
        search = client.searches.get("sea_1")
    assert search.data.state == NEW
    assert "waiting" in repr(search.data)


def test_an_event_of_a_type_of_the_future_is_passed_on() -> None:
    event = {"id": 7, "search_id": "sea_1", "type": NEW, "at": "2026-03-01T12:00:00Z"}
    text = json.dumps({**event, "payload": {"a": 1}, **FIELDS})
    stream = f"id: 7\nevent: {NEW}\ndata: {text}\n\nevent: done\ndata: {{}}\n\n".encode()
    _, _, example = ANSWERED["searches_get"]

    def answer(request: httpx.Request) -> httpx.Response:
        is_stream = request.url.path.endswith("/events")
        return httpx.Response(200, content=stream if is_stream else json.dumps(example.answer))

    http = httpx.Client(transport=httpx.MockTransport(answer))
    with Client(http_client=http) as client:
        (found,) = client.searches.get("sea_1").stream()
    assert (found.type, found.payload) == (NEW, {"a": 1})


def test_what_a_user_writes_is_still_checked() -> None:
    recipe = models()["Recipe"]
    with pytest.raises(ValueError, match="quantizer"):
        recipe.model_validate({"quantizer": NEW})
    with pytest.raises(ValueError, match="extra"):
        recipe.model_validate(FIELDS)


@pytest.mark.parametrize("status", [200, 404])
def test_a_server_of_another_major_version_is_warned_of_once(status: int) -> None:
    answer = {"data": []} if status == 200 else b""
    with Client(http_client=serving(answer, "9.0.0", status)) as client:
        with pytest.warns(errors.VersionSkewWarning, match=r"version 9\.0\.0"):
            _list(client)
        with warnings.catch_warnings(action="error"):
            _list(client)


def test_another_minor_version_is_none() -> None:
    other = f"{VERSION.partition('.')[0]}.999.0"
    with (
        warnings.catch_warnings(action="error"),
        Client(http_client=serving({"data": []}, other)) as c,
    ):
        _list(c)


def _list(client: Client) -> None:
    try:
        client.workers.list()
    except errors.NotFoundError:
        return


def test_the_command_line_prints_what_it_does_not_know(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, schema, example = ANSWERED["searches_get"]
    http = serving(newer(example.answer, schema))
    monkeypatch.setattr(httpx, "Client", lambda **_: http)
    assert main(["show", "sea_1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["state"] == NEW
