"""The SDK against a real server."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from api.app import create_app
from bitpareto import (
    APIConnectionError,
    Client,
    ConflictError,
    DownloadError,
    InvalidRequestError,
    NoPointError,
    NotFoundError,
    Search,
    SearchFailedError,
    WaitTimeoutError,
)
from bitpareto._sync import waiting
from search.entities import Limits
from search.entities import Search as StoredSearch
from search.use_cases.searches import cancel_search
from tests.served import BODY, Deployment, served
from tests.service import NOW, new_search

ACCURACIES = (0.7, 0.8, 0.9, 0.85)


def _ended(deployment: Deployment) -> StoredSearch:
    """A search with four trials of rising size; three are on the front."""
    search = new_search(deployment.store, limits=Limits(max_trials=4, max_parallel=4))
    for claimed, accuracy in zip(deployment.claimed(search, 4), ACCURACIES, strict=True):
        deployment.complete(claimed, accuracy)
    deployment.finish(search.id)
    return search


def _later(seconds: float, do: Callable[[], object]) -> threading.Timer:
    timer = threading.Timer(seconds, do)
    timer.start()
    return timer


def test_create_get_list_cancel(client: Client) -> None:
    made = [client.searches.create(**BODY, name=f"search {i}") for i in range(3)]
    assert client.searches.get(made[0].id).name == "search 0"
    listed = list(client.searches.list(page_size=2))
    assert [search.id for search in listed] == [search.id for search in made[::-1]]
    assert made[1].cancel().state == "cancelled"
    assert client.searches.cancel(made[1].id).state == "cancelled"
    assert client.searches.get(made[1].id).state == "cancelled"
    assert made[0].refresh().state == "queued"


def test_pause_and_resume(client: Client, deployment: Deployment) -> None:
    search = client.searches.create(**BODY)
    assert search.pause().state == "paused"
    assert client.searches.pause(search.id).state == "paused"
    assert search.refresh().data.state_reason.code == "paused_by_user"
    assert search.resume().state == "running"
    assert client.searches.resume(search.id).state == "running"
    search.cancel()
    with pytest.raises(ConflictError, match="cancelled"):
        search.pause()
    with pytest.raises(ConflictError, match="cancelled"):
        client.searches.resume(search.id)


def test_a_wrong_request_names_field_and_allowed_values(client: Client) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        client.searches.create(dataset="digits", space={"family": "resnet", "weight_bits": [9]})
    (error,) = caught.value.errors
    assert error.pointer == "/space/weight_bits/0"
    assert "8" in error.allowed
    assert caught.value.request_id
    assert list(client.searches.list()) == []


def test_what_does_not_exist_is_not_found(client: Client) -> None:
    for ask in (client.searches.get, client.trials.get, client.searches.cancel):
        with pytest.raises(NotFoundError):
            ask("no/such?thing")


def test_trials_are_paged_through(client: Client, deployment: Deployment) -> None:
    search = client.searches.get(_ended(deployment).id)
    assert [trial.number for trial in search.trials()] == [1, 2, 3, 4]
    assert [t.number for t in client.trials.list(search.id, page_size=3)] == [1, 2, 3, 4]
    assert list(search.trials(state="failed")) == []
    assert client.trials.get(next(search.trials()).id).layers


def test_the_best_point_is_the_most_accurate_that_fits(
    client: Client, deployment: Deployment
) -> None:
    front = client.searches.get(_ended(deployment).id).front()
    assert [point.accuracy for point in front] == [0.7, 0.8, 0.9]
    assert front.best().accuracy == 0.9
    middle = front.points[1]
    assert front.best(max_size=middle.size_bytes).trial.id == middle.trial.id
    assert front.best(max_size=f"{middle.size_bytes} B").trial.id == middle.trial.id
    with pytest.raises(NoPointError, match=str(front.points[0].size_bytes)):
        front.best(max_size=front.points[0].size_bytes - 1)
    cut = client.searches.get(front.data.search_id).front(max_size=middle.size_bytes)
    assert [point.accuracy for point in cut] == [0.7, 0.8]


def test_a_download_is_the_file_or_nothing(
    client: Client, deployment: Deployment, tmp_path: Path
) -> None:
    point = client.searches.get(_ended(deployment).id).front().best()
    target = tmp_path / "new" / "net.bpar"
    assert point.artifact.download(target) == target
    assert len(target.read_bytes()) == point.artifact.size_bytes
    into_folder = point.artifact.download(tmp_path)
    assert into_folder.read_bytes() == target.read_bytes()
    assert into_folder.parent == tmp_path

    wrong = point.artifact
    wrong.data = wrong.data.model_copy(update={"sha256": "0" * 64})
    before = target.read_bytes()
    with pytest.raises(DownloadError):
        wrong.download(target)
    assert target.read_bytes() == before
    assert [path.name for path in target.parent.iterdir()] == ["net.bpar"]


def test_wait_returns_the_ended_search(
    client: Client,
    deployment: Deployment,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    search = new_search(deployment.store, limits=Limits(max_trials=2, max_parallel=2))
    claims = deployment.claimed(search, 2)
    watching, watch = threading.Event(), waiting._watch

    def watch_from_here(*arguments: Any) -> Any:
        watching.set()
        return watch(*arguments)

    def work() -> None:
        watching.wait(30)
        deployment.complete(claims[0], 0.7)
        deployment.complete(claims[1], 0.9)
        deployment.finish(search.id)

    monkeypatch.setattr(waiting, "_watch", watch_from_here)
    step = _later(0, work)
    handle = client.searches.get(search.id)
    assert handle.wait(timeout=30) is handle
    step.join()
    assert handle.state == "succeeded"
    assert handle.trial_counts == {"completed": 2}
    shown = capsys.readouterr()
    assert shown.out == ""
    for part in (handle.url, "trial 1: 70.00%", "trial 2: 90.00%", "succeeded"):
        assert part in shown.err


def test_wait_keeps_to_its_timeout_and_leaves_the_search_alone(
    client: Client, deployment: Deployment
) -> None:
    handle = client.searches.get(new_search(deployment.store).id)
    for timeout_s in (0.0, 0.05, 1.0):
        began = time.monotonic()
        with pytest.raises(WaitTimeoutError):
            handle.wait(timeout_s, progress=False)
        assert timeout_s <= time.monotonic() - began < timeout_s + 10
    assert handle.refresh().state == "queued"


def test_wait_raises_on_failure_only_when_asked(client: Client, deployment: Deployment) -> None:
    handle = client.searches.get(new_search(deployment.store).id)

    def cancel() -> None:
        with deployment.store.begin() as uow:
            cancel_search(uow, handle.id, NOW)

    step = _later(0.2, cancel)
    with pytest.raises(SearchFailedError) as caught:
        handle.wait(30, progress=False)
    step.join()
    assert caught.value.search.state == "cancelled"
    assert handle.wait(raise_on_failure=False).state == "cancelled"


def test_ctrl_c_detaches_and_says_how_to_come_back(
    client: Client,
    deployment: Deployment,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    handle = client.searches.get(new_search(deployment.store).id)
    monkeypatch.setattr("bitpareto._sync.waiting.follow_closely", interrupted)
    with pytest.raises(KeyboardInterrupt):
        handle.wait()
    assert f"bitpareto watch {handle.id}" in capsys.readouterr().err
    assert handle.refresh().state == "queued"


def test_a_stream_survives_the_death_of_its_server(deployment: Deployment) -> None:
    """No event is lost and none comes twice, although the server goes away in between."""
    search = new_search(deployment.store, limits=Limits(max_trials=3, max_parallel=3))
    claims = deployment.claimed(search, 3)
    seen: list[int] = []

    def read(handle: Search) -> None:
        seen.extend(event.id for event in handle.stream())

    with served(create_app(deployment.settings, poll_s=0.02)) as address:
        client = Client(address)
        reader = threading.Thread(target=read, args=(client.searches.get(search.id),))
        reader.start()
        deployment.complete(claims[0], 0.7)
        deadline = time.monotonic() + 20
        while not seen and time.monotonic() < deadline:
            time.sleep(0.05)
        assert seen
    deployment.complete(claims[1], 0.8)
    port = int(address.rpartition(":")[2])
    with served(create_app(deployment.settings, poll_s=0.02), port=port):
        deployment.complete(claims[2], 0.9)
        deployment.finish(search.id)
        reader.join(30)
        assert not reader.is_alive()
    client.close()
    with deployment.store.read() as uow:
        assert seen == [event.id for event in uow.events.after(search.id, 0, 1000)]


def test_without_a_stream_wait_asks(
    client: Client, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_stream(*_: object) -> None:
        raise APIConnectionError("streams do not pass")

    monkeypatch.setattr("bitpareto._sync.waiting.follow_closely", no_stream)
    monkeypatch.setattr("bitpareto._sync.waiting.POLL_S", 0.05)
    search = new_search(deployment.store, limits=Limits(max_trials=1, max_parallel=1))
    deployment.complete(deployment.claimed(search, 1)[0], 0.9)
    step = _later(0.3, lambda: deployment.finish(search.id))
    assert client.searches.get(search.id).wait(30).state == "succeeded"
    step.join()
