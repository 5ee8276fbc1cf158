"""Every operation has an example call, and a server answers it as the description says."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest

from api.app import create_app
from api.examples import PATH_NAMES, Example, examples
from tests.example_calls import Answer, Names, fits, in_order, send
from tests.example_world import files, fill
from tests.served import Deployment, migrated_settings, served

DOCUMENT = json.loads((Path(__file__).parents[3] / "docs" / "openapi.json").read_text())
OPERATIONS = {
    operation["operationId"]: operation
    for methods in DOCUMENT["paths"].values()
    for operation in methods.values()
}
RECORD = "run scripts/examples.py, scripts/openapi.py and scripts/reference.py"


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Answer]]:
    """What a server answered each example call, all sent in one go."""
    deployment = Deployment(migrated_settings(tmp_path_factory.mktemp("examples")))
    names = Names(fill(deployment))
    bodies = files()
    found = {}
    app = create_app(deployment.settings, poll_s=0.02)
    with served(app) as address, httpx.Client(base_url=address, timeout=60) as client:
        for name, method, path, example in in_order(DOCUMENT, names):
            found[name] = send(client, names, (method, path, example), bodies)
            names.learn(example.answer, found[name].content)
    yield found
    deployment.store.close()


def assert_valid(value: Any, schema: dict[str, Any]) -> None:
    whole = {**schema, "components": DOCUMENT["components"]}
    jsonschema_rs.Draft202012Validator(whole, validate_formats=True).validate(value)


def test_every_operation_has_an_example_and_nothing_else_has() -> None:
    assert set(examples()) == set(OPERATIONS), "put the missing into api/example_calls/"


def test_every_name_in_a_path_has_an_example() -> None:
    told = [each for of in OPERATIONS.values() for each in of.get("parameters", ())]
    assert {each["name"] for each in told if each["in"] == "path"} == set(PATH_NAMES)


@pytest.mark.parametrize("name", sorted(examples()))
def test_an_example_is_answered_as_it_says(name: str, answers: dict[str, Answer]) -> None:
    answer, example = answers[name], examples()[name]
    assert answer.status == example.status < 300, answer.content
    shown = example.answer
    assert fits(shown, answer.content, answer.media_type), f"{answer.content}: {RECORD}"


@pytest.mark.parametrize("name", sorted(examples()))
def test_an_example_is_as_the_schema_says(name: str, answers: dict[str, Answer]) -> None:
    answer, example, told = answers[name], examples()[name], OPERATIONS[name]
    described = told["responses"][str(example.status)].get("content", {})
    assert answer.media_type in (described or {""})
    if answer.media_type == "application/json":
        for value in (answer.content, example.answer):
            assert_valid(value, described[answer.media_type]["schema"])
    if isinstance(example.body, dict):
        assert_valid(example.body, told["requestBody"]["content"]["application/json"]["schema"])
    sent = {**example.query, **example.headers}
    sent.pop("Content-Type", None)
    for parameter in told.get("parameters", ()):
        if parameter["name"] in sent:
            assert_valid(sent.pop(parameter["name"]), parameter["schema"])
    assert not sent, f"{name} takes no {sorted(sent)}"


def test_examples_of_errors_are_problems() -> None:
    found = DOCUMENT["components"]["examples"]
    assert len(found) > 15
    for code, example in found.items():
        assert_valid(example["value"], {"$ref": "#/components/schemas/Problem"})
        assert example["value"]["code"] == code


def test_an_example_with_fields_that_no_example_has_is_refused() -> None:
    with pytest.raises(TypeError, match="bodyy"):
        Example(**{"bodyy": 1})  # type: ignore[arg-type]  # what a file may hold


def test_answers_that_are_not_as_the_example_are_told_apart() -> None:
    shown = {"a": 1, "b": [{"c": None}]}
    assert fits(shown, {"a": 2.5, "b": [{"c": None}, {"c": 1}]}, "application/json")
    for other in ({"a": "1", "b": [{"c": None}]}, {"a": 1, "b": []}, {"a": 1}, {"a": 1, "b": [1]}):
        assert not fits(shown, other, "application/json")
