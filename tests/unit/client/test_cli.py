"""The command line: what it prints and the status it ends with."""

import json
from pathlib import Path

import pytest

from bitpareto.cli import main
from tests.served import Deployment
from tests.unit.client.ended import ended_search

FILE = """\
dataset: digits
space: {family: mobilenetv2}
limits: {max_trials: 2}
strategy: {target: {within: {size_bytes: 65536}}}
"""


def test_submit_show_cancel(
    address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "search.yaml"
    file.write_text(FILE)
    at = ["--base-url", address]
    assert main(["submit", str(file), "--name", "mine", *at]) == 0
    search_id = capsys.readouterr().out.strip()
    assert main(["show", search_id, "--json", *at]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["id"], shown["name"], shown["limits"]["max_trials"]) == (search_id, "mine", 2)
    assert main(["show", search_id, *at]) == 0
    printed = capsys.readouterr().out
    assert search_id in printed
    assert "computing" in printed
    assert "most accuracy within size_bytes <= 65536" in printed
    assert main(["cancel", search_id, *at]) == 0
    assert "cancelled" in capsys.readouterr().out
    assert main(["watch", search_id, *at]) == 1
    capsys.readouterr()
    assert main(["ls", "--json", *at]) == 0
    assert [search["state"] for search in json.loads(capsys.readouterr().out)] == ["cancelled"]


def test_watch_front_pull(
    address: str, deployment: Deployment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    search_id, at = ended_search(deployment), ["--base-url", address]
    assert main(["watch", search_id, "--json", *at]) == 0
    assert json.loads(capsys.readouterr().out)["state"] == "succeeded"
    assert main(["front", search_id, *at]) == 0
    assert "90.00%" in capsys.readouterr().out
    assert main(["front", search_id, "--json", *at]) == 0
    assert len(json.loads(capsys.readouterr().out)["points"]) == 2
    assert main(["pull", search_id, "-o", str(tmp_path / "all"), "--json", *at]) == 0
    pulled = json.loads(capsys.readouterr().out)
    assert {Path(row["path"]) for row in pulled} == set((tmp_path / "all").iterdir())
    target = tmp_path / "best.bpar"
    assert main(["pull", search_id, "--best", "-o", str(target), *at]) == 0
    assert target.exists()
    assert main(["pull", search_id, "--trial", "1", "-o", str(tmp_path), *at]) == 0
    assert main(["pull", search_id, "--max-size", "1 B", *at]) == 4
    assert main(["pull", search_id, "--trial", "9", *at]) == 4


def test_exit_statuses_tell_a_script_what_to_do(
    address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at = ["--base-url", address]
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("dataset: mnist\nspace: {family: vgg19}\n")
    assert main(["submit", str(wrong), *at]) == 2
    said = capsys.readouterr().err
    assert "/space/family" in said
    assert "mobilenetv2" in said
    for text in ("[1, 2]", "a: [", ""):
        wrong.write_text(text)
        assert main(["submit", str(wrong), *at]) == 2
    assert main(["submit", str(tmp_path / "missing.yaml"), *at]) == 2
    assert main(["show", "sea_none", *at]) == 4
    assert main(["front", "sea_none", "--max-size", "much", *at]) in {2, 4}
    assert main(["ls", "--base-url", "http://127.0.0.1:1"]) == 3
    for usage in ([], ["fly"], ["show"], ["ls", "--limit", "0"]):
        with pytest.raises(SystemExit) as caught:
            main(usage)
        assert caught.value.code == 2


@pytest.mark.parametrize(
    "verb", ["submit", "preview", "ls", "show", "watch", "front", "pull", "cancel", "verify"]
)
def test_every_command_explains_itself_with_an_example(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main([verb, "--help"])
    assert caught.value.code == 0
    said = capsys.readouterr().out
    assert f"bitpareto {verb}" in said.partition("example:")[2]
    assert "--json" in said
