"""Uploading networks: what is kept, what is refused, and searches of what was uploaded."""

import hashlib
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from networks.safetensors import read_safetensors
from tests.exported_programs import digits_program
from tests.served import Deployment, InProcess


def upload(api: InProcess, content: bytes | None = None, query: str = "") -> Any:
    content = digits_program() if content is None else content
    headers = {"content-type": "application/octet-stream"}
    return api.request("POST", f"/v1/models{query}", content=content, headers=headers)


def files_of(deployment: Deployment) -> set[Path]:
    root = deployment.settings.data_dir
    return {p for p in root.rglob("*") if p.is_file() and ".db" not in p.name}


@pytest.fixture
def uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where conversions keep their files while they run."""
    digits_program()  # the exporter leaves files of its own where it runs first
    folder = tmp_path / "uploads"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def test_an_upload_is_kept_as_layers_and_weights(
    api: InProcess, deployment: Deployment, uploads: Path
) -> None:
    answer = upload(api, query="?name=mine&mean=0.5&std=0.25")
    assert answer.status_code == 201, answer.text
    model = answer.json()
    assert answer.headers["location"] == f"/v1/models/{model['id']}"
    assert model["sha256"] == hashlib.sha256(digits_program()).hexdigest()
    assert (model["name"], model["mean"], model["std"]) == ("mine", [0.5], [0.25])
    assert (model["input_shape"], model["n_classes"]) == ([1, 8, 8], 10)
    assert [row["name"] for row in model["layers"]][:2] == ["input", "stem"]
    assert not list(uploads.iterdir())

    assert api.get(answer.headers["location"]).json() == model
    second = upload(api).json()
    page = api.get("/v1/models?limit=1").json()
    assert [row["id"] for row in page["data"]] == [second["id"]]
    rest = api.get(f"/v1/models?cursor={page['next_cursor']}").json()
    assert [row["id"] for row in rest["data"]] == [model["id"]]
    assert rest["data"][0]["layers"] is None

    with deployment.store.read() as uow:
        stored = uow.models.get(model["id"])
    weights = read_safetensors(deployment.files.read(stored.weights_sha256))
    assert weights["classifier.weight"].dtype == np.float32
    assert sum(w.size for n, w in weights.items() if "running" not in n) == model["n_parameters"]


@pytest.mark.parametrize(
    ("content", "query", "pointer", "code"),
    [
        (b"", "", "", ""),
        (b"no zip", "", "archive", "no_archive"),
        (None, "?mean=0.5", "?std", "missing"),
        (None, "?mean=0.5&mean=0.5&std=1&std=1", "?mean", "length"),
        (None, "?mean=0&std=0", "?std", "out_of_range"),
        (None, "?mean=nan&std=1", "?mean", "out_of_range"),
    ],
)
def test_a_refused_upload_names_the_place_and_leaves_nothing(
    api: InProcess,
    deployment: Deployment,
    uploads: Path,
    content: bytes | None,
    query: str,
    pointer: str,
    code: str,
) -> None:
    before = files_of(deployment)
    answer = upload(api, content, query)
    assert answer.status_code == 422
    first = answer.json()["errors"][0]
    if code:
        assert (first["pointer"], first["code"]) == (pointer, code)
    assert files_of(deployment) == before
    assert not list(uploads.iterdir())
    assert api.get("/v1/models").json()["data"] == []


def test_a_longer_body_than_allowed_is_refused(api: InProcess) -> None:
    answer = upload(api, bytes((64 << 20) + 1))
    assert answer.status_code == 413
    # elsewhere the limit is what it was
    answer = api.request("POST", "/v1/searches", content=bytes((1 << 20) + 1))
    assert answer.status_code == 413


def test_the_converter_knows_no_secrets(
    api: InProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = tmp_path / "environment"
    fake = tmp_path / "python"
    fake.write_text(f"#!/bin/sh\nenv > {shown}\nexit 3\n")
    fake.chmod(0o755)
    monkeypatch.setenv("BITPARETO_DATABASE_URL", "postgresql://secret")
    monkeypatch.setattr("api.child_process.sys.executable", str(fake))
    assert upload(api).status_code == 500
    assert "secret" not in shown.read_text()
    assert os.environ["BITPARETO_DATABASE_URL"].endswith("secret")


def test_a_search_of_an_uploaded_network(api: InProcess) -> None:
    model = upload(api).json()
    space = {"family": "imported", "model": model["sha256"], "weight_bits": [2, 8]}
    created = api.post("/v1/searches", {"dataset": "digits", "space": space})
    assert created.status_code == 201, created.text
    search = created.json()
    # a sha256 could come to mean a later upload, an id cannot
    assert search["space"]["model"] == model["id"]
    assert search["recipe"]["float_epochs"] == 0
    asked = {"dataset": "digits", "space": space, "recipe": {"float_epochs": 2}}
    assert api.post("/v1/searches", asked).json()["recipe"]["float_epochs"] == 2


def test_a_network_is_named_as_people_do_and_kept_by_its_id(api: InProcess) -> None:
    model = upload(api, query="?name=mine").json()["id"]
    again = upload(api, query="?name=mine")
    assert (again.status_code, again.json()["id"]) == (200, model)
    asked = {"dataset": "digits", "space": {"family": "imported", "model": "mine"}}
    search = api.post("/v1/searches", asked).json()
    assert search["space"]["model"] == model
    assert api.post("/v1/spaces:preview", {**asked, "n": 10}).status_code == 200
    other = upload(api, query="?name=mine&mean=0.5&std=0.25").json()["id"]
    for path in ("/v1/searches", "/v1/spaces:preview"):
        (error,) = api.post(path, asked).json()["errors"]
        assert (error["pointer"], error["code"]) == ("/space/model", "ambiguous_model")
        assert {*error["allowed"]} == {model, other}
    clone = api.post(f"/v1/searches/{search['id']}:clone").json()
    assert clone["space"]["model"] == model  # whatever its name means by now
    space = {**asked["space"], "model": "nobody", "weight_bits": [9]}
    errors = api.post("/v1/searches", {**asked, "space": space}).json()["errors"]
    assert {error["code"]: error["allowed"] for error in errors}["unknown_model"] == [other, model]
    assert len(errors) == 2


@pytest.mark.parametrize(
    ("model", "dataset", "code"),
    [("mdl_nobody", "digits", "unknown_model"), (7, "digits", "unknown_model")],
)
def test_a_search_of_a_network_that_does_not_exist_is_refused(
    api: InProcess, model: object, dataset: str, code: str
) -> None:
    space = {"family": "imported", "model": model}
    answer = api.post("/v1/searches", {"dataset": dataset, "space": space})
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/space/model", code)


def test_a_search_on_data_of_another_shape_is_refused(api: InProcess) -> None:
    space = {"family": "imported", "model": upload(api).json()["id"]}
    answer = api.post("/v1/searches", {"dataset": "cifar10", "space": space})
    assert answer.json()["errors"][0]["code"] == "shape_mismatch"


def test_what_is_in_use_stays_and_what_is_deleted_is_gone(
    api: InProcess, deployment: Deployment
) -> None:
    model = upload(api).json()["id"]
    space = {"family": "imported", "model": model, "weight_bits": [2, 8]}
    search = api.post("/v1/searches", {"dataset": "digits", "space": space}).json()["id"]
    refused = api.request("DELETE", f"/v1/models/{model}")
    assert (refused.status_code, refused.json()["code"]) == (409, "model_in_use")
    assert search in refused.json()["detail"]
    api.post(f"/v1/searches/{search}:cancel")
    with deployment.store.read() as uow:
        weights = uow.models.get(model).weights_sha256
    assert api.request("DELETE", f"/v1/models/{model}").status_code == 204
    assert api.get(f"/v1/models/{model}").status_code == 404
    assert api.request("DELETE", f"/v1/models/{model}").status_code == 404
    assert deployment.files.read(weights)  # until the sweeper collects it

    assert api.get(f"/v1/searches/{search}").json()["space"]["model"] == model
    extended = api.post(f"/v1/searches/{search}:extend", {"trials": 1})
    assert (extended.status_code, extended.json()["code"]) == (409, "model_gone")
    (cloned,) = api.post(f"/v1/searches/{search}:clone").json()["errors"]
    assert (cloned["pointer"], cloned["code"]) == ("/space/model", "unknown_model")
    again = {"space": {"model": upload(api).json()["id"]}}
    assert api.post(f"/v1/searches/{search}:clone", again).status_code == 201
    entries = api.get(f"/v1/audit?object_id={model}").json()["data"]
    assert [(entry["operation"], entry["status"]) for entry in entries] == [
        ("models_delete", 404),
        ("models_delete", 204),
        ("models_delete", 409),
        ("models_upload", 201),
    ]
