"""Extending, cloning and cancelling by the SDK and the command line."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bitpareto import Client, InvalidRequestError, NotFoundError
from bitpareto.cli import main
from tests.served import BODY, Deployment
from tests.service import claim, new_search
from tests.unit.client.ended import ended_search


def test_sdk(client: Client, deployment: Deployment) -> None:
    search = client.searches.create(
        **BODY, limits={"max_trials": 2, "wall_time_s": 60, "compute_s": 40}
    )
    assert search.extend(trials=3).data.limits.max_trials == 5
    again = client.searches.extend(search.id, wall_time_s=30)
    assert (again.data.limits.max_trials, again.data.limits.wall_time_s) == (5, 90)
    assert search.extend(compute_s=20).data.limits.compute_s == 60
    cloned = search.clone(name="other", limits={"max_trials": 1})
    assert (cloned.name, cloned.data.limits.max_trials) == ("other", 1)
    assert cloned.data.limits.wall_time_s == 90
    assert client.searches.clone(search.id).id not in {search.id, cloned.id}
    with pytest.raises(InvalidRequestError):
        search.extend()
    with pytest.raises(NotFoundError):
        client.trials.cancel("trl_none")
    (claimed,) = deployment.claimed(new_search(deployment.store), 1)
    again = client.trials.replicate(claimed.trial.id, seed=3)
    assert (again.replicate_of, again.seed) == (claimed.trial.id, 3)
    assert client.trials.cancel(claimed.trial.id).state == "cancelled"


def test_command_line(
    address: str,
    client: Client,
    deployment: Deployment,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    at = ["--base-url", address]
    search = client.searches.create(**BODY)
    assert main(["extend", search.id, "--trials", "4", "--json", *at]) == 0
    assert json.loads(capsys.readouterr().out)["limits"]["max_trials"] == 20
    assert main(["extend", search.id, *at]) == 2
    file = tmp_path / "larger.yaml"
    file.write_text("limits: {max_trials: 99}\n")
    assert main(["clone", search.id, str(file), "--name", "larger", *at]) == 0
    cloned = client.searches.get(capsys.readouterr().out.strip())
    assert (cloned.name, cloned.data.limits.max_trials) == ("larger", 99)
    (claimed,) = deployment.claimed(new_search(deployment.store), 1)
    assert main(["replicate", claimed.trial.id, "--seed", "9", *at]) == 0
    assert client.trials.get(capsys.readouterr().out.strip()).seed == 9
    assert main(["cancel", claimed.trial.id, *at]) == 0
    assert capsys.readouterr().out.split() == [claimed.trial.id, "cancelled"]
    assert main(["cancel", "trl_none", *at]) == 4


def test_the_best_networks_are_trained_again(
    address: str,
    client: Client,
    deployment: Deployment,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    at = ["--base-url", address]
    empty = client.searches.create(**BODY)
    assert main(["clone", empty.id, "--best", "1", *at]) == 4
    search_id = ended_search(deployment)
    best = client.searches.get(search_id).front().best().trial
    file = tmp_path / "long.yaml"
    file.write_text("recipe: {float_epochs: 9}\n")
    capsys.readouterr()
    assert main(["clone", search_id, str(file), "--best", "1", *at]) == 0
    cloned = client.searches.get(capsys.readouterr().out.strip()).data
    assert cloned.strategy.warm_start is not None
    assert cloned.strategy.warm_start.candidates == [best.genes]
    assert (cloned.limits.max_trials, cloned.recipe.float_epochs) == (1, 9)
    file.write_text("limits: {max_trials: 7}\nstrategy: {warm_start: {allocate: 2}}\n")
    assert main(["clone", search_id, str(file), "--best", "2", *at]) == 0
    cloned = client.searches.get(capsys.readouterr().out.strip()).data
    assert cloned.strategy.warm_start is not None
    assert len(cloned.strategy.warm_start.candidates) == 2
    assert (cloned.limits.max_trials, cloned.strategy.warm_start.allocate) == (7, 2)


def test_one_trial_is_shown_with_its_layers(
    address: str, client: Client, deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    trial = client.searches.get(ended_search(deployment)).front().best().trial
    assert main(["show", trial.id, "--base-url", address]) == 0
    shown = capsys.readouterr().out
    layers = client.trials.get(trial.id).layers
    assert layers
    sizes = (f"{trial.costs['size_bytes']} bytes", *(layer.name for layer in layers))
    for part in (trial.id, trial.search_id, "90.00%", *sizes):
        assert part in shown
    assert main(["show", trial.id, "--json", "--base-url", address]) == 0
    assert json.loads(capsys.readouterr().out)["id"] == trial.id
    assert main(["show", "trl_none", "--base-url", address]) == 4


def test_fronts_say_how_accuracy_spreads_over_seeds(
    address: str, client: Client, deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    search_id = ended_search(deployment)
    at = ["--base-url", address]
    assert main(["front", search_id, *at]) == 0
    assert "seeds" not in capsys.readouterr().out
    search = client.searches.get(search_id)
    again = client.trials.replicate(search.front().best().trial.id)
    deployment.complete(claim(deployment.store, again.id, at=datetime.now(UTC)), 0.88)
    assert main(["front", search_id, *at]) == 0
    shown = capsys.readouterr().out
    assert "over seeds" in shown
    assert "89.00% ± 1.41%, 2 seeds" in shown  # the sample's spread of 0.90 and 0.88
    assert "89.00% ± 1.41%, 2 seeds" in search.front()._repr_html_()
