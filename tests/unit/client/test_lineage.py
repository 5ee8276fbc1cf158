"""Where a trial's network comes from, through SDK and command line."""

import json

import pytest

from bitpareto import Client
from bitpareto.cli import main
from search.entities import Limits
from tests.served import Deployment
from tests.service import claim, new_search, proposals, queue_trials


@pytest.fixture
def second(deployment: Deployment) -> str:
    """The id of a completed trial that was proposed after another one had completed."""
    store = deployment.store
    search = new_search(store, limits=Limits(max_trials=3, max_parallel=1))
    for proposal, accuracy in zip(proposals(2), (0.75, 0.8125), strict=True):
        (trial_id,) = queue_trials(store, search, [proposal], store.now())
        deployment.complete(claim(store, trial_id, at=store.now()), accuracy)
    return trial_id


def test_the_sdk_reads_where_a_network_comes_from(client: Client, second: str) -> None:
    (near,) = client.trials.lineage(second).closest
    assert (near.number, near.accuracy, near.accuracy_change) == (1, 0.75, 0.0625)
    own, other = client.trials.get(second), client.trials.get(near.trial_id)
    for change in near.changes:
        assert (other.genes.get(change.gene), own.genes.get(change.gene)) == (
            change.before,
            change.after,
        )
    assert client.trials.lineage(second, limit=0).closest == []


def test_the_command_line_says_it_in_words(
    address: str, client: Client, second: str, capsys: pytest.CaptureFixture[str]
) -> None:
    again = client.trials.replicate(second, seed=7)
    at = ["--base-url", address]
    assert main(["lineage", second, *at]) == 0
    text = capsys.readouterr().out
    (near,) = client.trials.lineage(second).closest
    assert f"{near.n_differing} of {near.n_genes} choices differ" in " ".join(text.split())
    assert "accuracy +6.25 points" in " ".join(text.split())
    change = near.changes[0]
    assert f"{change.gene}" in text
    assert f"{change.before} -> {change.after}" in text
    assert again.id in text
    assert main(["lineage", second, "--json", *at]) == 0
    assert json.loads(capsys.readouterr().out)["closest"][0]["number"] == 1
    assert main(["lineage", near.trial_id, *at]) == 0
    assert "nothing had completed" in capsys.readouterr().out
    assert main(["lineage", "trl_none", *at]) == 4
