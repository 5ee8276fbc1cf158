"""What a first user of the command line and the SDK meets: typos, narrow terminals, no server."""

from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

from bitpareto import Client
from bitpareto.cli import main
from bitpareto.cli.fitting import print_table
from bitpareto.errors import SizeError
from tests.served import Deployment
from tests.service import new_search
from tests.unit.client.ended import ended_search

ID = "trl_01M8JB2Y0MJ2ZDCZW97JSDCC0Z"


def _printed(width: int, state: str = "completed") -> str:
    table = Table(box=None)
    for heading in ("trial", "state", "took", "id"):
        table.add_column(heading, no_wrap=True)
    table.add_row("1", state, "0.5 s", ID)
    out = Console(width=width, markup=False)
    with out.capture() as captured:
        print_table(out, table, "took", "state")
    return captured.get()


@pytest.mark.parametrize(("width", "missing"), [(60, []), (54, ["took"]), (44, ["took", "state"])])
def test_ids_are_whole_however_narrow_the_terminal(width: int, missing: list[str]) -> None:
    printed = _printed(width)
    assert ID in printed
    assert "…" not in printed
    assert ("no room for: " + ", ".join(missing) in printed) == bool(missing)


def test_what_says_nothing_goes_first() -> None:
    printed = _printed(46, state="-")
    assert "0.5 s" in printed
    assert "no room" not in printed


def test_a_name_is_text_whatever_its_brackets(
    address: str, deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    search = new_search(deployment.store, name="[/x] [red]y :smile:")
    for command in (["ls"], ["show", search.id]):
        assert main([*command, "--base-url", address]) == 0
        assert "[/x] [red]y :smile:" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (["frnt", "sea_1"], ["did you mean front?", "bitpareto --help"]),
        (["front", "sea_1", "--max-sizes", "1"], ["did you mean --max-size?", "front --help"]),
        (["keys"], ["bitpareto keys --help"]),
    ],
)
def test_wrong_usage_names_the_next_step(
    line: list[str], said: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(line)
    told = capsys.readouterr().err
    assert all(words in told for words in said), told


def test_no_words_show_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main([])
    assert "exit status:" in capsys.readouterr().err


def test_largest_first_is_said_with_or_without_an_equals_sign(
    address: str, deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ["front", ended_search(deployment), "--limit", "1", "--base-url", address]
    assert main([*line, "--sort", "-accuracy"]) == 0
    apart = capsys.readouterr().out
    assert main([*line, "--sort=-accuracy"]) == 0
    assert capsys.readouterr().out == apart
    assert "1 point, hypervolume" in apart


def test_one_point_is_no_points(deployment: Deployment, client: Client) -> None:
    search = client.searches.get(ended_search(deployment))
    front = search.front(limit=1)
    assert repr(front).endswith("1 point>")
    assert "<caption>1 point, " in front._repr_html_()
    assert search.front().plot().get_title().startswith("2 points, ")


def test_pull_says_what_the_smallest_is(
    address: str, deployment: Deployment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    search_id = ended_search(deployment)
    for best in ([], ["--best"]):
        line = ["pull", search_id, *best, "--max-size", "8", "-o", str(tmp_path)]
        assert main([*line, "--base-url", address]) == 4
        assert "no point of at most 8: its smallest has" in capsys.readouterr().err
    assert not list(tmp_path.glob("*.bpar"))


def test_pull_of_an_empty_front(
    address: str, deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ["pull", new_search(deployment.store).id, "--best", "--base-url", address]
    assert main(line) == 4
    assert "the front is empty" in capsys.readouterr().err


def test_no_server_says_how_to_get_to_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ls", "--base-url", "http://127.0.0.1:9"]) == 3
    told = capsys.readouterr().err
    assert all(words in told for words in ("127.0.0.1:9", "make up", "BITPARETO_BASE_URL"))


def test_no_file_is_told_without_a_number(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["submit", "nowhere.yaml"]) == 2
    assert capsys.readouterr().err == "bitpareto: nowhere.yaml: No such file or directory\n"


def test_address_of_the_server(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ls", "--base-url", f"{address}/v1/"]) == 0
    capsys.readouterr()
    assert main(["ls", "--base-url", address.removeprefix("http://")]) == 3
    assert f"it begins with http:// or https://, such as {address}" in capsys.readouterr().err


def test_budgets_are_sizes_as_people_write_them(
    address: str, client: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    search = client.searches.create(
        dataset="digits",
        space={"family": "mobilenetv2"},
        budgets={"size_bytes": "64 KiB"},
        strategy={"focus": {"size_bytes": ["32 KiB", "64 KiB"]}},
    )
    assert search.data.budgets == {"size_bytes": 65536}
    assert search.data.strategy.focus == {"size_bytes": (32768, 65536)}
    assert search.clone(budgets={"size_bytes": "48 KiB"}).data.budgets == {"size_bytes": 49152}
    with pytest.raises(SizeError, match="size_bytes: '64 quux' is no size"):
        client.spaces.preview(
            dataset="digits", space={"family": "mobilenetv2"}, budgets={"size_bytes": "64 quux"}
        )
    file = tmp_path / "search.yaml"
    file.write_text(
        "dataset: digits\nspace: {family: mobilenetv2}\nbudgets: {size_bytes: 64 kibble}\n"
    )
    assert main(["submit", str(file), "--base-url", address]) == 2
    assert "size_bytes: '64 kibble' is no size" in capsys.readouterr().err
