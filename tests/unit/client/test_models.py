"""Uploading from the SDK and the command line."""

import json
from pathlib import Path

import pytest

from bitpareto import Client, ConflictError, InvalidRequestError, NotFoundError
from bitpareto.cli import main
from tests.exported_programs import digits_program


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "mine.pt2"
    path.write_bytes(digits_program())
    return path


def test_upload_get_list(client: Client, program: Path) -> None:
    model = client.models.upload(program, mean=[0.5], std=[0.25])
    assert (model.name, model.mean, model.std) == ("mine.pt2", [0.5], [0.25])
    grey = client.models.upload(program, mean=0.5, std=0.25)
    assert grey == model
    assert client.models.get(model.id) == model
    other = client.models.upload(program, name="other")
    assert other.mean is None
    listed = [found.id for found in client.models.list(page_size=1)]
    assert listed == [other.id, model.id]
    with pytest.raises(NotFoundError):
        client.models.get("mdl_nobody")


def test_delete(client: Client, program: Path) -> None:
    model = client.models.upload(program)
    search = client.searches.create(
        dataset="digits", space={"family": "imported", "model": model.id}
    )
    with pytest.raises(ConflictError, match=search.id):
        client.models.delete(model.id)
    search.cancel()
    client.models.delete(model.id)
    assert list(client.models.list()) == []
    with pytest.raises(NotFoundError):
        client.models.delete(model.id)


def test_what_is_wrong_with_a_program_is_told_with_its_place(client: Client, program: Path) -> None:
    program.write_bytes(program.read_bytes()[:5000])
    with pytest.raises(InvalidRequestError) as caught:
        client.models.upload(program)
    assert [(e.pointer, e.code) for e in caught.value.errors] == [("archive", "no_archive")]


def test_the_command_line(address: str, program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    at = ["--base-url", address]
    upload = ["models", "upload", str(program), "--mean", "0.5", "--std", "0.25", *at]
    assert main(upload) == 0
    model_id = capsys.readouterr().out.strip()
    assert main(["models", "ls", "--json", *at]) == 0
    assert [(m["id"], m["std"]) for m in json.loads(capsys.readouterr().out)] == [
        (model_id, [0.25])
    ]
    assert main(["models", "ls", *at]) == 0
    shown = capsys.readouterr().out
    assert model_id in shown
    assert "mine.pt2" in shown
    assert main(["models", "show", model_id, *at]) == 0
    shown = capsys.readouterr().out
    assert all(words in shown for words in (model_id, "0.25", "conv", "linear")), shown
    assert main(["models", "show", model_id, "--json", *at]) == 0
    assert json.loads(capsys.readouterr().out)["layers"]
    assert main(["models", "show", "mdl_nobody", *at]) == 4
    assert main(["models", "rm", model_id, *at]) == 0
    assert main(["models", "rm", model_id, "--json", *at]) == 4
    capsys.readouterr()
    assert main(["models", "upload", str(program.parent / "none.pt2"), *at]) == 2
    program.write_bytes(b"no zip")
    assert main(["models", "upload", str(program), *at]) == 2
    assert "is no zip archive" in capsys.readouterr().err
