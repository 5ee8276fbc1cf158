"""Exports over REST, and what is kept of them."""

import hashlib

import onnx
import pytest

from api.export_cache import ExportCache
from api.routes.exports import ExportName
from exports.formats import FORMATS, export
from quantization.artifact import write_artifact
from search.entities import Limits
from tests import served
from tests.served import Deployment, InProcess
from tests.service import new_search
from tests.unit.quantization.packed_networks import of_length


@pytest.fixture
def stored(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> tuple[str, bytes]:
    """Artifact and file of a trial; the file is a real network, though not that of its layers."""
    search = new_search(deployment.store, limits=Limits(max_trials=1))
    (claim,) = deployment.claimed(search, 1)
    packed = write_artifact(of_length(claim.trial.costs["size_bytes"]))
    monkeypatch.setattr(served, "packed_file", lambda _claim: packed)
    return deployment.complete(claim, 0.9), packed


@pytest.mark.parametrize("name", FORMATS)
def test_the_export_is_that_of_the_file(
    api: InProcess, stored: tuple[str, bytes], name: str
) -> None:
    artifact_id, packed = stored
    answer = api.get(f"/v1/artifacts/{artifact_id}/exports/{name}")
    assert answer.status_code == 200
    assert answer.content == export(packed, name)
    suffix = FORMATS[name].suffix
    assert f'filename="{artifact_id}{suffix}"' in answer.headers["Content-Disposition"]
    etag = answer.headers["ETag"]
    assert etag == f'"{hashlib.sha256(answer.content).hexdigest()}"'
    again = api.get(f"/v1/artifacts/{artifact_id}/exports/{name}", {"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")


def test_the_onnx_model_is_valid(api: InProcess, stored: tuple[str, bytes]) -> None:
    answer = api.get(f"/v1/artifacts/{stored[0]}/exports/onnx")
    onnx.checker.check_model(onnx.load_from_string(answer.content), full_check=True)


def test_an_unknown_format_is_refused_with_those_there_are(
    api: InProcess, stored: tuple[str, bytes]
) -> None:
    answer = api.get(f"/v1/artifacts/{stored[0]}/exports/tflite")
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid_request"
    (problem,) = answer.json()["errors"]
    assert problem["allowed"] == ["onnx", "c-header"]


def test_an_unknown_artifact_is_not_found(api: InProcess) -> None:
    answer = api.get("/v1/artifacts/art_nothing/exports/onnx")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_the_schema_names_every_format() -> None:
    assert {name.value for name in ExportName} == set(FORMATS)


def test_an_export_is_made_once_and_the_oldest_is_dropped() -> None:
    made: list[tuple[bytes, str]] = []

    def make(data: bytes, name: str) -> bytes:
        made.append((data, name))
        return data * 4

    cache = ExportCache(make, max_bytes=10)
    for sha256 in ("a", "b", "a", "c", "a", "b"):
        assert cache.get(sha256, "onnx", sha256.encode) == sha256.encode() * 4
    assert [data for data, _ in made] == [b"a", b"b", b"c", b"b"]


def test_an_export_larger_than_the_cache_is_made_and_not_kept() -> None:
    cache = ExportCache(lambda data, _name: data, max_bytes=3)
    assert cache.get("a", "onnx", lambda: b"ab") == b"ab"
    assert cache.get("b", "onnx", lambda: b"abcd") == b"abcd"
    assert cache.get("a", "onnx", unread) == b"ab"


def unread() -> bytes:
    raise AssertionError("the export was kept, the file need not be read")
