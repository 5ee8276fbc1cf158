"""Curves, hypervolume history and earlier fronts through SDK and command line."""

import json

import pytest

from bitpareto import Client
from bitpareto.cli import main
from search.entities import Limits, Progress
from search.use_cases.results import report_progress
from tests.served import Deployment
from tests.service import new_search


@pytest.fixture
def searched(deployment: Deployment) -> tuple[str, str]:
    """A search with two points on its front, and the id of its first trial."""
    search = new_search(deployment.store, limits=Limits(max_trials=2, max_parallel=2))
    claims = deployment.claimed(search, 2)
    report = Progress(
        phase="qat", epoch=3, n_epochs=9, train_loss=0.5, accuracy=0.75, probe_accuracy=0.625
    )
    with deployment.store.begin() as uow:
        report_progress(uow, claims[0].lease, report, deployment.store.now())
    for claimed, accuracy in zip(claims, (0.8, 0.9), strict=True):
        deployment.complete(claimed, accuracy)
    return search.id, claims[0].trial.id


def test_the_sdk_reads_the_past(client: Client, searched: tuple[str, str]) -> None:
    search = client.searches.get(searched[0])
    (point,) = client.trials.curves(searched[1]).points
    assert (point.phase, point.epoch, point.accuracy) == ("qat", 3, 0.75)
    assert point.probe_accuracy == 0.625
    first, last = search.hypervolume_history().points
    assert first.hypervolume < last.hypervolume == search.hypervolume
    assert [p.trial.number for p in search.front(as_of=first.event_id)] == [1]
    assert [p.trial.number for p in search.front(sort="-accuracy", limit=1)] == [2]


def test_the_command_line_shows_the_past(
    address: str, searched: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    search_id, trial_id = searched
    at = ["--base-url", address]
    assert main(["curves", trial_id, *at]) == 0
    table = capsys.readouterr().out
    assert "3/9" in table
    assert "62.50%" in table
    assert main(["curves", trial_id, "--json", *at]) == 0
    assert json.loads(capsys.readouterr().out)["points"][0]["train_loss"] == 0.5
    assert main(["hypervolume", search_id, "--json", *at]) == 0
    points = json.loads(capsys.readouterr().out)["points"]
    assert main(["hypervolume", search_id, *at]) == 0
    assert f"{points[-1]['hypervolume']:.4f}" in capsys.readouterr().out
    as_of = str(points[0]["event_id"])
    assert main(["front", search_id, "--as-of", as_of, "--json", *at]) == 0
    assert len(json.loads(capsys.readouterr().out)["points"]) == 1
    assert main(["front", search_id, "--sort=-accuracy", "--limit", "1", "--json", *at]) == 0
    (best,) = json.loads(capsys.readouterr().out)["points"]
    assert best["trial"]["number"] == 2
    assert main(["curves", "trl_none", *at]) == 4
