"""Filtered lists and exports by the SDK and the command line."""

import csv
import json
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from bitpareto import Client, InvalidRequestError
from bitpareto.cli import main
from search.entities import Limits
from tests.served import BODY, Deployment
from tests.service import new_search


@pytest.fixture
def search_id(deployment: Deployment) -> str:
    """Three trials, the last one still running."""
    search = new_search(deployment.store, limits=Limits(max_trials=3, max_parallel=3))
    claims = deployment.claimed(search, 3)
    for claimed, accuracy in zip(claims, (0.75, 0.5), strict=False):
        deployment.complete(claimed, accuracy)
    return search.id


def test_sdk(client: Client, search_id: str, tmp_path: Path) -> None:
    by_accuracy = client.trials.list(search_id, sort="-accuracy", page_size=1)
    assert [trial.number for trial in by_accuracy] == [1, 2, 3]
    states = client.trials.list(search_id, state=["running", "queued"])
    assert [trial.number for trial in states] == [3]
    small = client.searches.get(search_id).trials(max_size="1 MiB", min_accuracy=0.6)
    assert [trial.number for trial in small] == [1]
    rows = client.trials.rows(search_id, ["number", "metrics.accuracy"], on_front=True, page_size=1)
    assert list(rows) == [{"number": 1, "metrics": {"accuracy": 0.75}}]
    with pytest.raises(InvalidRequestError):
        list(client.trials.rows(search_id, ["colour"]))
    path = client.trials.export(search_id, tmp_path / "a" / "trials.parquet", format="parquet")
    assert pq.read_table(path)["number"].to_pylist() == [1, 2, 3]
    assert [p.name for p in path.parent.iterdir()] == ["trials.parquet"]


def test_searches(client: Client) -> None:
    first, second = (client.searches.create(**BODY, name=name) for name in ("one", "two"))
    first.cancel()
    assert [s.id for s in client.searches.list(state="cancelled")] == [first.id]
    assert [s.id for s in client.searches.list(name="TW", dataset="digits")] == [second.id]
    assert [s.id for s in client.searches.list(sort="-name")] == [second.id, first.id]
    assert [s.id for s in client.searches.list(comparable_with=first.id)] == [second.id]
    later = second.created_at + timedelta(seconds=1)
    assert list(client.searches.list(created_after=later)) == []
    assert [s.id for s in client.searches.list(created_before=later)] == [second.id, first.id]


def test_command_line(
    address: str,
    search_id: str,
    tmp_path: Path,
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    at = ["--base-url", address]

    def printed(*command: str) -> str:
        assert main([*command, *at]) == 0
        return capsysbinary.readouterr().out.decode()

    table = printed("trials", search_id, "--front")
    assert "75.00%" in table
    assert "random  0.01 s" in table
    listed = json.loads(printed("trials", search_id, "--sort=-accuracy", "--limit", "2", "--json"))
    assert [trial["number"] for trial in listed] == [1, 2]
    text = printed("trials", search_id, "--format", "csv", "--fields", "number,state")
    rows = list(csv.reader(text.splitlines()))
    assert rows == [["number", "state"], ["1", "completed"], ["2", "completed"], ["3", "running"]]
    target = tmp_path / "trials.parquet"
    printed("trials", search_id, "--format", "parquet", "-o", str(target), "--state", "running")
    assert pq.read_table(target)["number"].to_pylist() == [3]
    assert json.loads(printed("ls", "--state", "cancelled", "--json")) == []
    found = json.loads(printed("ls", "--name", "test", "--since", "2020-01-01", "--json"))
    assert [search["id"] for search in found] == [search_id]
