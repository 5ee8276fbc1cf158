"""A trial's log and attempts from the SDK and the command line."""

import json
import threading
import time

import httpx
import pytest

from bitpareto import Client, NotFoundError
from bitpareto.cli import main
from search.entities import Limits
from search.use_cases.leases import release_trial
from search.use_cases.results import fail_trial
from tests.served import Deployment
from tests.service import claim, new_search, proposals, queue_trials


@pytest.fixture
def trial_id(deployment: Deployment) -> str:
    now = deployment.store.now()
    limits = Limits(max_trials=1, max_parallel=1)
    search = new_search(deployment.store, now=now, limits=limits)
    (found,) = queue_trials(deployment.store, search, proposals(1), now)
    return found


def printed(deployment: Deployment, trial_id: str, attempt: int, text: str) -> None:
    with deployment.store.begin() as uow:
        uow.logs.append(trial_id, attempt, text)


def test_the_log_is_read_whole_by_tail_and_by_attempt(
    client: Client,
    address: str,
    deployment: Deployment,
    trial_id: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert client.trials.log(trial_id) == ""
    printed(deployment, trial_id, 1, "one [bold]\n")
    printed(deployment, trial_id, 2, "two\nthree\n")
    assert client.trials.log(trial_id) == "one [bold]\ntwo\nthree\n"
    assert client.trials.log(trial_id, tail=2) == "two\nthree\n"
    assert client.trials.log(trial_id, attempt=1) == "one [bold]\n"
    capsys.readouterr()
    assert main(["log", trial_id, "--base-url", address]) == 0
    assert capsys.readouterr().out == "one [bold]\ntwo\nthree\n"
    assert main(["log", trial_id, "--tail", "1", "--json", "--base-url", address]) == 0
    assert json.loads(capsys.readouterr().out) == {"trial_id": trial_id, "log": "three\n"}
    for ask in (client.trials.log, client.trials.attempts):
        with pytest.raises(NotFoundError):
            ask("trl_none")
    assert main(["log", "trl_none", "--follow", "--base-url", address]) == 4


@pytest.mark.parametrize(
    "path", ["log?attempt=36893488147419103232", "log?tail=9999999999", f"log/pieces?after={2**63}"]
)
def test_numbers_that_no_database_holds_are_refused(address: str, trial_id: str, path: str) -> None:
    answer = httpx.get(f"{address}/v1/trials/{trial_id}/{path}")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


def test_following_ends_with_the_trial_and_misses_nothing(
    client: Client, deployment: Deployment, trial_id: str
) -> None:
    held = claim(deployment.store, trial_id, at=deployment.store.now())
    printed(deployment, trial_id, 1, "before\n")

    def work() -> None:
        for i in range(5):
            time.sleep(0.05)
            printed(deployment, trial_id, 1, f"{i}\n")
        with deployment.store.begin() as uow:
            uow.logs.append(trial_id, 1, "last words\n")
            fail_trial(uow, held.lease, "diverged", "nan", deployment.store.now())

    worker = threading.Thread(target=work)
    worker.start()
    seen = "".join(client.trials.follow_log(trial_id, poll_s=0.02))
    worker.join()
    assert seen == "before\n0\n1\n2\n3\n4\nlast words\n"
    reason = client.trials.get(trial_id).state_reason
    assert reason is not None
    assert reason.log_tail == seen.rstrip()


def test_attempts_are_listed_with_how_they_ended(
    client: Client,
    address: str,
    deployment: Deployment,
    trial_id: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert client.trials.attempts(trial_id) == []
    held = claim(deployment.store, trial_id, at=deployment.store.now())
    with deployment.store.begin() as uow:
        release_trial(uow, held.lease, deployment.store.now())
    claim(deployment.store, trial_id, "worker-2", at=deployment.store.now())
    first, second = client.trials.attempts(trial_id)
    assert (first.number, first.worker_id, first.ended_as) == (1, "worker-1", "requeued")
    assert first.reason is not None
    assert first.reason.code == "worker_drained"
    assert (second.worker_id, second.ended_at, second.ended_as) == ("worker-2", None, None)
    capsys.readouterr()
    assert main(["attempts", trial_id, "--base-url", address]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "requeued: its worker was shut down" in lines[1]
    assert lines[2].split()[-2:] == ["in", "work"]
    assert main(["attempts", trial_id, "--json", "--base-url", address]) == 0
    assert [row["number"] for row in json.loads(capsys.readouterr().out)] == [1, 2]
