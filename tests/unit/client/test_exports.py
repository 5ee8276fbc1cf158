"""``artifact.export`` against a real server, and ``bitpareto export`` without one."""

import json
from pathlib import Path

import onnx
import pytest

from bitpareto import Client
from bitpareto.cli import export as module
from bitpareto.cli import main
from bitpareto.errors import InvalidRequestError, NotFoundError
from exports.formats import FORMATS, export
from quantization.artifact import write_artifact
from search.entities import Limits
from tests import served
from tests.served import Deployment
from tests.service import new_search
from tests.unit.quantization.packed_networks import NetworkMaker, every_kind, of_length

FILE = write_artifact(every_kind())


@pytest.fixture
def stored(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> tuple[str, bytes]:
    """A search with one trial, and the trial's file."""
    search = new_search(deployment.store, limits=Limits(max_trials=1))
    (claim,) = deployment.claimed(search, 1)
    packed = write_artifact(of_length(claim.trial.costs["size_bytes"]))
    monkeypatch.setattr(served, "packed_file", lambda _claim: packed)
    deployment.complete(claim, 0.9)
    return search.id, packed


@pytest.fixture
def digits_file(tmp_path: Path) -> Path:
    """A network for the images of the digits."""
    maker = NetworkMaker(0, channels=1, height=8, width=8)
    last = maker.conv(0, 4, weight_bits=2)
    path = tmp_path / "net.bpar"
    path.write_bytes(write_artifact(maker.logits(last, 10)))
    return path


def test_an_artifact_is_exported_whole_or_not_at_all(
    client: Client, stored: tuple[str, bytes], tmp_path: Path
) -> None:
    search_id, packed = stored
    (point,) = client.searches.get(search_id).front()
    artifact = point.artifact
    found = artifact.export("onnx", tmp_path / "new" / "net.onnx")
    assert found.read_bytes() == export(packed, "onnx")
    in_folder = artifact.export("c-header", tmp_path)
    assert in_folder == tmp_path / f"{artifact.id}.h"
    assert in_folder.read_bytes() == export(packed, "c-header")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(InvalidRequestError, match="c-header"):
        artifact.export("tflite", tmp_path)
    with pytest.raises((InvalidRequestError, NotFoundError)):
        artifact.export("../../meta", tmp_path)
    assert sorted(tmp_path.iterdir()) == before


def test_a_file_is_exported_and_checked_without_a_server(
    digits_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out.onnx"
    command = ["export", str(digits_file), "--format", "onnx", "-o", str(output)]
    assert main([*command, "--check", "digits", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["status"], report["problems"]) == ("ok", [])
    assert report["size_bytes"] == digits_file.stat().st_size
    assert report["output_bytes"] == output.stat().st_size
    onnx.checker.check_model(str(output))
    reference, run = report["runs"]
    assert reference["format"] == "bpar"
    assert run["n_agreeing"] == run["n_equal"] == run["n_images"] == 360
    assert main([*command, "--check", "digits"]) == 0
    assert "360 of 360" in capsys.readouterr().out


def test_the_output_is_beside_the_file_by_default(digits_file: Path) -> None:
    assert main(["export", str(digits_file), "--format", "c-header"]) == 0
    header = digits_file.with_suffix(".h")
    assert header.read_bytes() == export(digits_file.read_bytes(), "c-header")


def test_statuses_tell_what_is_wrong(
    digits_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.bpar"
    other.write_bytes(FILE)
    to_onnx = ["--format", "onnx", "-o", str(tmp_path / "x.onnx")]
    assert main(["export", str(other), *to_onnx, "--check", "digits"]) == 7
    assert "the file takes (3, 7, 6)" in capsys.readouterr().err
    assert main(["export", str(digits_file), *to_onnx, "--check", str(tmp_path)]) == 7
    (tmp_path / "x.onnx").unlink()
    other.write_bytes(FILE[:-1])
    assert main(["export", str(other), *to_onnx]) == 5
    assert not (tmp_path / "x.onnx").exists()
    assert main(["export", str(tmp_path / "nothing.bpar"), *to_onnx]) == 2


def test_a_missing_compiler_is_said(
    digits_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CC", raising=False)
    command = ["export", str(digits_file), "--format", "c-header", "--check", "digits"]
    assert main(command) == 8
    assert "C compiler" in capsys.readouterr().err


def test_without_the_servers_distribution_the_client_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "EXPORT", "bitpareto.nothing")
    assert main(["export", "file.bpar", "--format", "onnx"]) == 8
    assert "bitpareto-server[exports]" in capsys.readouterr().err


def test_the_client_names_the_formats_there_are() -> None:
    assert tuple(FORMATS) == module.FORMATS
