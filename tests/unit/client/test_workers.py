"""Worker processes from the SDK and the command line."""

import json
from datetime import timedelta

import pytest

from bitpareto import Client
from bitpareto.cli import main
from search.entities import Worker
from tests.served import Deployment
from tests.service import new_search, proposals, queue_trials


def test_nobody_works_at_first(client: Client) -> None:
    assert client.workers.list() == []


def test_every_worker_is_listed_by_api_sdk_and_command_line(
    client: Client, address: str, deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    now = deployment.store.now()
    (trial_id,) = queue_trials(deployment.store, new_search(deployment.store), proposals(1))
    busy = Worker(
        id="wrk_1",
        kind="train",
        host="box",
        pid=7,
        device="cuda:0",
        trial_id=trial_id,
        started_at=now - timedelta(hours=1),
        last_seen_at=now - timedelta(seconds=40),
    )
    with deployment.store.begin() as uow:
        uow.workers.seen(busy)
    (found,) = client.workers.list()
    assert (found.id, found.queue, found.host, found.pid) == ("wrk_1", "train", "box", 7)
    assert (found.device, found.trial_id) == ("cuda:0", trial_id)
    assert (found.started_at, found.last_seen_at) == (busy.started_at, busy.last_seen_at)
    assert 40 <= found.silent_s < 70
    capsys.readouterr()
    assert main(["workers", "--base-url", address]) == 0
    line = capsys.readouterr().out.splitlines()[1]
    assert line.split()[:6] == ["wrk_1", "train", "box", "7", "cuda:0", trial_id]
    assert main(["workers", "--json", "--base-url", address]) == 0
    assert json.loads(capsys.readouterr().out)[0]["device"] == "cuda:0"
