"""``client.spaces.preview`` and ``bitpareto preview``."""

import json
from pathlib import Path

import pytest

from bitpareto import Client, InvalidRequestError
from bitpareto.cli import main
from tests.served import BODY

FILE = """\
dataset: digits
space: {family: vgg, bits_per: network}
budgets: {size_bytes: 4000}
limits: {max_trials: 2}
recipe: {qat_epochs: 1}
"""


def test_preview(client: Client) -> None:
    found = client.spaces.preview(**BODY, budgets={"size_bytes": 8000}, n=500, n_samples=3)
    assert (found.family, found.n_seen, found.complete) == ("mobilenetv2", 500, False)
    assert found.count.at_least is not None
    assert found.count.at_most is not None
    assert found.count.at_least < found.count.at_most
    low, high = found.share.interval
    assert low < found.share.estimate < high
    assert all(sample.costs["size_bytes"] <= 8000 for sample in found.samples)
    assert len(found.samples) == 3


def test_an_infeasible_budget_says_the_smallest_value(client: Client) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        client.spaces.preview(**BODY, budgets={"bops": 10})
    (error,) = caught.value.errors
    assert (error.pointer, error.code) == ("/budgets/bops", "infeasible")
    assert error.allowed[0].startswith(">= ")


def test_the_file_of_a_search_is_previewed(
    address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at = ["--base-url", address]
    file = tmp_path / "search.yaml"
    file.write_text(FILE)
    assert main(["preview", str(file), *at]) == 0
    said = capsys.readouterr().out
    assert "1620" in said
    assert "exactly" in said
    assert "peak_activation_bytes" in said
    assert main(["preview", str(file), "--json", *at]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["count"] == found["count"] | {"exact": True, "at_most": 1620}
    file.write_text(FILE.replace("4000", "40"))
    assert main(["preview", str(file), *at]) == 2
    assert "/budgets/size_bytes" in capsys.readouterr().err
    for right, wrong, pointer in (
        ("budgets", "budgest", "/budgest"),
        ("max_trials", "max_trails", "/limits/max_trails"),
        ("qat_epochs: 1", "qat_epochs: few", "/recipe/qat_epochs"),
    ):
        file.write_text(FILE.replace(right, wrong))
        said = []
        for command in ("preview", "submit"):
            assert main([command, str(file), *at]) == 2
            told = capsys.readouterr().err
            assert f"  {pointer}: " in told
            said.append([line.partition(" (allowed")[0] for line in told.splitlines()[:-1]])
        assert said[0] == said[1]


def test_what_is_drawn_and_bounded_is_said_to_be(
    address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "search.yaml"
    file.write_text("dataset: digits\nspace: {family: mobilenetv2}\nbudgets: {size_bytes: 1500}\n")
    assert main(["preview", str(file), "-n", "300", "--base-url", address]) == 0
    said = capsys.readouterr().out
    assert "300 drawn" in said
    assert "e27 to" in said
    assert "about" in said
    assert "samples (levels)" in said
