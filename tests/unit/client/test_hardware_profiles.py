"""Hardware profiles from the SDK and the command line."""

import json
from pathlib import Path

import pytest

from bitpareto import Client, ConflictError, InvalidRequestError, NotFoundError
from bitpareto.cli import main
from search_space.hardware.shipped import shipped_profiles

YAML = """\
schema: 1
name: board
cost:
  model: bit_serial
  rates:
    - time: {bit_operation: 1}  # [not markup]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "board.yaml"
    path.write_text(YAML)
    return path


def test_create_get_list(client: Client, file: Path) -> None:
    profile = client.hardware_profiles.create(file)
    assert (profile.name, profile.yaml) == ("board", YAML)
    assert client.hardware_profiles.create(YAML) == profile
    assert client.hardware_profiles.create(str(file)) == profile
    assert client.hardware_profiles.get("board") == profile
    names = [found.name for found in client.hardware_profiles.list()]
    assert names == [*shipped_profiles(), "board"]
    with pytest.raises(NotFoundError):
        client.hardware_profiles.get("nobody")
    with pytest.raises(ConflictError):
        client.hardware_profiles.create(YAML + "ram_bytes: 1\n")


def test_problems_have_their_line(client: Client) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        client.hardware_profiles.create(YAML.replace("bit_serial", "serial"))
    (error,) = caught.value.errors
    assert (error.pointer, error.line) == ("/cost/model", 4)
    assert "line 4, column 10" in str(caught.value)


def test_a_search_on_a_profile(client: Client) -> None:
    search = client.searches.create(
        dataset="digits",
        space={"family": "vgg", "stem_channels": [4], "stages": [{"channels": [4]}]},
        hardware="bit-serial",
        objectives=["accuracy", "energy_uj"],
    )
    assert search.data.hardware is not None
    assert search.data.hardware.name == "bit-serial"
    assert search.data.ref_point["energy_uj"] > 0


def test_the_command_line(address: str, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    at = ["--base-url", address]
    assert main(["hardware", "add", str(file), *at]) == 0
    assert capsys.readouterr().out.strip() == "board"
    assert main(["hardware", "show", "board", *at]) == 0
    assert capsys.readouterr().out == YAML
    assert main(["hardware", "ls", *at]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in (*shipped_profiles(), "board"))
    assert main(["hardware", "ls", "--json", *at]) == 0
    assert [row["name"] for row in json.loads(capsys.readouterr().out)][-1] == "board"
    file.write_text(YAML.replace("bit_operation", "mac"))
    assert main(["hardware", "add", str(file), *at]) == 2
    assert "line 6" in capsys.readouterr().err
    assert main(["hardware", "show", "nobody", *at]) == 4
