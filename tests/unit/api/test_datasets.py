"""Data sets of users: what is kept, what is refused, and searches on them."""

import json
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from api.app import create_app
from search.use_cases.searches import cancel_search
from tests.served import Deployment, InProcess, served
from tests.uploads import class_folders, coloured, digits, npz, parquet, zipped
from training.datasets import read_stored

IMAGES, LABELS = coloured(12, 2)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return npz(tmp_path / "small.npz", images=IMAGES, labels=LABELS)


def upload(api: InProcess, path: Path, query: str = "?name=mine", **headers: str) -> Any:
    content = path.read_bytes()
    return api.request("POST", f"/v1/datasets{query}", content=content, headers=headers)


def files_of(deployment: Deployment) -> set[Path]:
    root = deployment.settings.data_dir
    return {p for p in root.rglob("*") if p.is_file() and "artifacts" in p.parts}


@pytest.fixture
def spool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where uploads lie while they are read."""
    folder = tmp_path / "spool"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def test_an_upload_is_kept_under_its_hash(
    api: InProcess, deployment: Deployment, spool: Path, tmp_path: Path
) -> None:
    images, labels = digits()
    path = npz(tmp_path / "digits.npz", images=images, labels=labels)
    answer = upload(api, path, "?name=my-digits&test_fraction=0.2")
    assert answer.status_code == 201, answer.text
    dataset = answer.json()
    assert answer.headers["location"] == f"/v1/datasets/{dataset['id']}"
    assert (dataset["name"], dataset["built_in"], dataset["layout"]) == ("my-digits", False, "npz")
    assert (dataset["input_shape"], dataset["n_classes"]) == ([1, 8, 8], 10)
    assert (dataset["n_train"], dataset["n_validation"], dataset["n_test"]) == (1258, 180, 359)
    assert dataset["dealt_splits"] == ["validation", "test"]
    assert not list(spool.iterdir())

    assert api.get(answer.headers["location"]).json() == dataset
    assert api.get("/v1/datasets/my-digits").json() == dataset
    stored = tmp_path / "stored.safetensors"
    stored.write_bytes(deployment.files.read(dataset["sha256"]))
    assert stored.stat().st_size == dataset["size_bytes"]
    assert len(read_stored(stored).test) == 359

    sheet = api.get(f"/v1/datasets/{dataset['id']}/samples")
    assert (sheet.headers["content-type"], sheet.content[:4]) == ("image/png", b"\x89PNG")
    again = {"If-None-Match": sheet.headers["etag"]}
    assert api.get(f"/v1/datasets/{dataset['id']}/samples", again).status_code == 304

    whole = api.get("/v1/datasets/my-digits/content")
    assert whole.content == stored.read_bytes()
    assert whole.headers["etag"] == f'"{dataset["sha256"]}"'
    part = api.get("/v1/datasets/my-digits/content", {"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, whole.content[100:200])
    beyond = api.get("/v1/datasets/my-digits/content", {"Range": "bytes=999999999-"})
    assert beyond.status_code == 416


def test_the_same_content_is_one_data_set_in_whatever_layout(
    api: InProcess, deployment: Deployment, tmp_path: Path, small: Path
) -> None:
    first = upload(api, small)
    kept = files_of(deployment)
    table = parquet(tmp_path / "a.parquet", IMAGES, LABELS)
    second = upload(api, table, "?name=another")
    assert (first.status_code, second.status_code) == (201, 200)
    assert second.json() == first.json()
    folders = zipped(tmp_path / "a.zip", class_folders(IMAGES, LABELS, ["ant", "bee"]))
    assert upload(api, folders).json()["code"] == "name_taken"  # its classes have other names
    third = upload(api, folders, "?name=insects").json()
    assert third["class_names"] == ["ant", "bee"]
    assert kept < files_of(deployment)


def test_lists_end_with_what_comes_with_the_server(api: InProcess, small: Path) -> None:
    mine = upload(api, small).json()["id"]
    seen, cursor = [], ""
    for _ in range(4):
        page = api.get(f"/v1/datasets?limit=1{cursor}").json()
        seen += [each["id"] for each in page["data"]]
        cursor = f"&cursor={page['next_cursor']}"
    assert (seen, page["has_more"]) == ([mine, "cifar10", "digits", "fashion-mnist"], False)
    assert api.get("/v1/datasets/digits").json()["built_in"]
    assert api.get("/v1/datasets/digits/samples").status_code == 404


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("", "?name"),
        ("?name=", "?name"),
        ("?name=../x", "?name"),
        ("?name=dts_1", "?name"),
        ("?name=a%00b", "?name"),
        (f"?name={'a' * 65}", "?name"),
        ("?name=a&resize=0", "?resize"),
        ("?name=a&resize=9999", "?resize"),
        ("?name=a&resize=2", "images[0]"),
        ("?name=a&channels=2", "?channels"),
        ("?name=a&channels=1", "images[0]"),
        ("?name=a&test_fraction=0.9", "?test_fraction"),
        ("?name=a&split_seed=-1", "?split_seed"),
    ],
)
def test_what_an_upload_may_not_ask_for(
    api: InProcess, deployment: Deployment, small: Path, spool: Path, query: str, pointer: str
) -> None:
    answer = upload(api, small, query)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)
    assert files_of(deployment) == set()
    assert not list(spool.iterdir())


def test_names_of_others_are_taken(api: InProcess, small: Path, tmp_path: Path) -> None:
    assert upload(api, small, "?name=digits").json()["code"] == "name_taken"
    assert upload(api, small).status_code == 201
    other = npz(tmp_path / "b.npz", images=255 - IMAGES, labels=LABELS)
    assert upload(api, other).status_code == 409
    assert api.request("DELETE", "/v1/datasets/mine").status_code == 204
    assert upload(api, other).status_code == 201


def test_a_refused_upload_leaves_nothing(
    api: InProcess, deployment: Deployment, spool: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.zip"
    bad.write_bytes(b"PK\x03\x04 and nothing else")
    answer = upload(api, bad)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "damaged")
    assert files_of(deployment) == set()
    assert not list(spool.iterdir())
    assert all(each["built_in"] for each in api.get("/v1/datasets").json()["data"])


def test_the_reader_has_limits_and_knows_no_secrets(
    api: InProcess, small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = tmp_path / "environment"
    fake = tmp_path / "python"
    fake.write_text(f"#!/bin/sh\nenv > {shown}\nkill -9 $$\n")
    fake.chmod(0o755)
    monkeypatch.setenv("BITPARETO_DATABASE_URL", "postgresql://secret")
    monkeypatch.setattr("api.child_process.sys.executable", str(fake))
    assert upload(api, small).json()["errors"][0]["code"] == "too_costly"
    assert "secret" not in shown.read_text()


def test_a_key_makes_one_of_a_request_that_comes_again(api: InProcess, small: Path) -> None:
    key = {"Idempotency-Key": "once"}
    first, second = upload(api, small, **key), upload(api, small, **key)
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.headers["idempotent-replayed"] == "true"
    assert first.json() == second.json()
    other = upload(api, small, "?name=another", **key)
    assert other.json()["code"] == "idempotency_key_reused"


@pytest.fixture
def modest(deployment: Deployment) -> Iterator[InProcess]:
    """A server that takes uploads of up to 4 MiB."""
    settings = replace(deployment.settings, max_dataset_bytes=4 << 20)
    app = create_app(settings)
    yield InProcess(app)
    app.state.parts.store.close()


def test_longer_bodies_than_the_setting_allows_are_refused(modest: InProcess) -> None:
    headers = {"content-type": "application/octet-stream"}
    announced = modest.request(
        "POST", "/v1/datasets?name=a", content=bytes((4 << 20) + 1), headers=headers
    )

    async def chunks() -> Any:
        for _ in range(5):
            yield bytes(1 << 20)

    unannounced = modest.request("POST", "/v1/datasets?name=a", content=chunks(), headers=headers)
    for answer in (announced, unannounced):
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
        assert str(4 << 20) in answer.json()["detail"]


def test_an_upload_is_never_whole_in_memory(deployment: Deployment) -> None:
    piece = bytes(1 << 20)
    with served(create_app(deployment.settings)) as address:
        url = f"{address}/v1/datasets?name=a"
        httpx.post(url, content=b"x").raise_for_status  # noqa: B018 - warms up
        tracemalloc.start()
        answer = httpx.post(url, content=(piece for _ in range(64)), timeout=60)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert answer.json()["errors"][0]["code"] == "unknown_layout"
    assert peak < 24 << 20


def search_on(api: InProcess, dataset: str, **more: Any) -> Any:
    body = {"dataset": dataset, "space": {"family": "mobilenetv2"}, **more}
    return api.post("/v1/searches", body)


def test_a_search_names_it_by_name_or_id(api: InProcess, small: Path) -> None:
    dataset = upload(api, small).json()
    by_name, by_id = (search_on(api, dataset[key]).json() for key in ("name", "id"))
    for search in (by_name, by_id):
        assert (search["dataset"], search["dataset_id"]) == ("mine", dataset["id"])
        assert search["ref_point"]["accuracy"] == 0.5
    assert search_on(api, "digits").json()["dataset_id"] is None
    for wanted in ("mine", dataset["id"]):
        found = api.get(f"/v1/searches?dataset={wanted}").json()["data"]
        assert {each["id"] for each in found} == {by_name["id"], by_id["id"]}
    clone = api.post(f"/v1/searches/{by_name['id']}:clone").json()
    assert clone["dataset_id"] == dataset["id"]
    preview = {"dataset": "mine", "space": {"family": "mobilenetv2"}, "n": 10}
    assert api.post("/v1/spaces:preview", preview).status_code == 200
    unknown = search_on(api, "dts_00000000000000000000000000").json()["errors"][0]
    assert (unknown["code"], unknown["allowed"][-1]) == ("unknown_dataset", "mine")


def test_only_the_same_data_teaches(api: InProcess, small: Path, tmp_path: Path) -> None:
    upload(api, small)
    first = search_on(api, "mine").json()["id"]
    start = {"strategy": {"warm_start": {"searches": [first]}}}
    assert search_on(api, "mine", **start).status_code == 201
    other = npz(tmp_path / "b.npz", images=255 - IMAGES, labels=LABELS)
    upload(api, other, "?name=other")
    refused = search_on(api, "other", **start).json()["errors"][0]
    assert refused["code"] == "not_alike"


def test_what_is_in_use_stays_and_what_was_used_is_remembered(
    api: InProcess, deployment: Deployment, small: Path, tmp_path: Path
) -> None:
    dataset_id = upload(api, small).json()["id"]
    search = search_on(api, "mine").json()["id"]
    with deployment.store.read() as uow:
        stored = uow.searches.get(search)
    refused = api.request("DELETE", f"/v1/datasets/{dataset_id}")
    assert (refused.status_code, refused.json()["code"]) == (409, "dataset_in_use")
    assert search in refused.json()["detail"]
    (claimed,) = deployment.claimed(stored, 1)
    deployment.complete(claimed, 0.9)
    with deployment.store.begin() as uow:
        cancel_search(uow, search, deployment.store.now())
    assert api.request("DELETE", f"/v1/datasets/{dataset_id}").status_code == 204
    for path in ("", "/samples", "/content"):
        assert api.get(f"/v1/datasets/{dataset_id}{path}").status_code == 404
    assert api.request("DELETE", f"/v1/datasets/{dataset_id}").status_code == 404

    assert api.get(f"/v1/searches/{search}").json()["dataset_id"] == dataset_id
    assert api.get(f"/v1/searches/{search}/front").json()["points"]
    extended = api.post(f"/v1/searches/{search}:extend", {"trials": 1})
    assert (extended.status_code, extended.json()["code"]) == (409, "dataset_gone")
    cloned = api.post(f"/v1/searches/{search}:clone").json()["errors"][0]
    assert cloned["code"] == "unknown_dataset"

    again = upload(api, small).json()["id"]  # the same data is the same, whatever its id
    assert again != dataset_id
    start = {"strategy": {"warm_start": {"searches": [search]}}}
    assert search_on(api, again, **start).status_code == 201


def test_the_audit_log_says_who_kept_and_deleted_what(api: InProcess, small: Path) -> None:
    made = upload(api, small).json()["id"]
    api.request("DELETE", f"/v1/datasets/{made}")
    entries = api.get(f"/v1/audit?object_id={made}").json()["data"]
    assert [entry["operation"] for entry in entries] == ["datasets_delete", "datasets_upload"]


def test_pixels_of_the_answer_are_numbers_that_json_has(api: InProcess, small: Path) -> None:
    dataset = upload(api, small).json()
    assert json.loads(json.dumps(dataset)) == dataset
    assert np.isfinite([*dataset["mean"], *dataset["std"]]).all()
