"""Fronts and searches as data frames, pictures, in notebooks and in terminals."""

import asyncio
import builtins
import csv
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pytest

from bitpareto import AsyncClient, Client, Front, MissingExtraError
from bitpareto.cli import main
from search.entities import Limits
from tests.served import Deployment
from tests.service import new_search

ACCURACIES = (0.7, 0.8, 0.9, 0.85)


@pytest.fixture
def search_id(deployment: Deployment) -> str:
    limits = Limits(max_trials=4, max_parallel=4)
    search = new_search(deployment.store, limits=limits, name="<b>wide & deep</b>")
    for claimed, accuracy in zip(deployment.claimed(search, 4), ACCURACIES, strict=True):
        deployment.complete(claimed, accuracy)
    deployment.finish(search.id)
    return search.id


@pytest.fixture
def front(client: Client, search_id: str) -> Front:
    return client.searches.get(search_id).front()


@pytest.fixture
def axes() -> Iterator[Any]:
    """Axes that no window shows."""
    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415 - after its backend is chosen

    yield plt.subplots()[1]
    plt.close("all")


def test_a_front_is_a_data_frame(front: Front) -> None:
    frame = front.to_pandas()
    assert list(frame["metrics.accuracy"]) == [0.7, 0.8, 0.9]
    assert list(frame["costs.size_bytes"]) == [point.size_bytes for point in front]
    assert list(frame["number"]) == [point.trial.number for point in front]
    low, high = frame["accuracy_interval"][0]
    assert low < 0.7 < high


def test_trials_are_a_data_frame_with_the_columns_of_the_export(
    client: Client, address: str, search_id: str, tmp_path: Path
) -> None:
    frame = client.searches.get(search_id).to_pandas()
    assert list(frame["metrics.accuracy"]) == list(ACCURACIES)
    with client.trials.export(search_id, tmp_path / "t.csv").open() as exported:
        names = next(csv.reader(exported))
    shared = [name for name in names if name.partition(".")[0] in {"number", "costs", "metrics"}]
    assert set(shared) <= set(frame.columns)

    async def asked() -> Any:
        async with AsyncClient(address) as asynchronous:
            return await (await asynchronous.searches.get(search_id)).to_pandas()

    assert asyncio.run(asked()).equals(frame)


def test_a_front_is_a_picture(front: Front, axes: Any) -> None:
    assert front.plot(axes) is axes
    (line, *_) = axes.containers[0].lines
    assert list(line.get_xdata()) == [point.size_bytes for point in front]
    assert list(line.get_ydata()) == [0.7, 0.8, 0.9]
    bars = axes.containers[0].lines[2][0].get_segments()
    intervals = [point.accuracy_interval for point in front]
    assert [(pytest.approx(bar[0][1]), pytest.approx(bar[1][1])) for bar in bars] == intervals
    axes.figure.canvas.draw()
    labels = [label.get_text() for label in axes.get_xticklabels()]
    assert any(label.endswith("KiB") or label.endswith("B") for label in labels)


@pytest.mark.parametrize(
    ("package", "extra"), [("pandas", "pandas"), ("matplotlib.pyplot", "plot")]
)
def test_a_missing_extra_is_named(
    front: Front, monkeypatch: pytest.MonkeyPatch, package: str, extra: str
) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **options: Any) -> Any:
        if name == package:
            raise ImportError(name)
        return real(name, *rest, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match=rf"pip install 'bitpareto\[{extra}\]'") as caught:
        front.to_pandas() if extra == "pandas" else front.plot()
    assert caught.value.extra == extra


class _Cells(HTMLParser):
    """Collects the text of cells, and fails on tags that are not closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.cells: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:  # type: ignore[explicit-override]
        del attrs
        self.open.append(tag)
        if tag == "td":
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:  # type: ignore[explicit-override]
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:  # type: ignore[explicit-override]
        if self.open[-1:] == ["td"]:
            self.cells[-1] += data


def test_notebooks_show_tables_in_which_names_stay_text(
    client: Client, front: Front, search_id: str
) -> None:
    read = _Cells()
    read.feed(front._repr_html_())
    assert read.open == []
    assert read.cells[1::7] == ["70.00%", "80.00%", "90.00%"]
    shown = client.searches.get(search_id)._repr_html_()
    assert "<b>" not in shown
    assert "&lt;b&gt;wide &amp; deep&lt;/b&gt;" in shown
    assert "4 completed" in shown


def test_the_terminal_draws_the_front(
    address: str, search_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["front", search_id, "--plot", "--base-url", address]) == 0
    drawn = [line for line in capsys.readouterr().out.splitlines() if "┤" in line]
    assert len(drawn) == 16
    places = [(line.index("●"), row) for row, line in enumerate(drawn) if "●" in line]
    # three points; the most accurate is the largest, so it is drawn highest and furthest right
    assert [row for _, row in sorted(places)] == [15, 7, 0]
    assert drawn[0].startswith("90.00%")


def test_an_empty_front_is_drawn_as_words(
    address: str, deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = new_search(deployment.store).id
    assert main(["front", empty, "--plot", "--base-url", address]) == 0
    assert "the front is empty" in capsys.readouterr().out


def test_bash_completes_commands_and_options(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["completion", "bash"]) == 0
    script = tmp_path / "bitpareto.bash"
    script.write_text(capsys.readouterr().out)
    (tmp_path / "search.yaml").touch()

    def completed(*words: str) -> set[str]:
        line = " ".join(("bitpareto", *words))
        asked = (
            f"source {script}; COMP_WORDS=(bitpareto {' '.join(repr(word) for word in words)}); "
            f"COMP_CWORD={len(words)}; COMP_LINE='{line}'; COMP_POINT={len(line)}; "
            "_shtab_bitpareto; printf '%s\\n' \"${COMPREPLY[@]}\""
        )
        done = subprocess.run(
            ["bash", "-c", asked], capture_output=True, text=True, check=True, cwd=tmp_path
        )
        return set(done.stdout.split())

    assert completed("fr") == {"front"}
    assert completed("front", "--pl") == {"--plot"}
    assert completed("keys", "re") == {"revoke"}
    assert completed("submit", "sea") == {"search.yaml"}
