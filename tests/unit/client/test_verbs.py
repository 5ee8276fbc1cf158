"""Extending, cloning and cancelling by the SDK and the command line."""

import json
from pathlib import Path

import pytest

from bitpareto import Client, InvalidRequestError, NotFoundError
from bitpareto.cli import main
from tests.served import BODY, Deployment
from tests.service import new_search


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
