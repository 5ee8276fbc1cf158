"""What waits says why: through the API, the SDK and the command line."""

import json
import re

import pytest

from bitpareto import Client
from bitpareto.cli import main
from tests.served import Deployment
from tests.service import claim, new_search, proposals, queue_trials


def test_a_queued_search_and_its_trials_say_what_they_wait_for(
    client: Client, deployment: Deployment
) -> None:
    search = new_search(deployment.store, now=deployment.store.now())
    handle = client.searches.get(search.id)
    assert handle.waiting is not None
    assert handle.waiting.code == "no_optimize_worker"
    first, second = queue_trials(deployment.store, search, proposals(2), deployment.store.now())
    assert handle.refresh().waiting is not None
    listed = {trial.id: trial.waiting for trial in handle.trials()}
    for trial_id in (first, second):
        reason = client.trials.get(trial_id).waiting
        assert reason is not None
        assert reason == listed[trial_id]
        assert reason.message == "no train worker has reported yet"
    claim(deployment.store, first, at=deployment.store.now())
    assert handle.refresh().waiting is None
    assert client.trials.get(first).waiting is None
    paused = handle.pause().waiting
    assert paused is not None
    assert paused.message == "waits to be resumed; 1 trial still to stop"
    assert handle.cancel().waiting is None


def test_the_command_line_says_it_too(
    address: str, deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    search = new_search(deployment.store, now=deployment.store.now())
    why = "no optimize worker has reported yet"
    assert main(["show", search.id, "--base-url", address]) == 0
    assert re.search(rf"waiting\s+{why}", capsys.readouterr().out)
    assert main(["ls", "--json", "--base-url", address]) == 0
    assert json.loads(capsys.readouterr().out)[0]["waiting"]["message"] == why
    assert main(["ls", "--base-url", address]) == 0
    assert why.split()[0] in capsys.readouterr().out
    # nothing happens while it watches, and it says why
    assert main(["watch", search.id, "--timeout", "1", "--base-url", address]) != 0
    assert f"waiting: {why}" in capsys.readouterr().err
