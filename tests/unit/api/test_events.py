"""The event stream over a real connection."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Self

import httpx
import pytest

from api import event_hub, event_logs, event_stream
from api.app import create_app
from api.event_hub import EventHub
from api.routes import events as events_routes
from search.entities import Limits
from search.store import Store, UnitOfWork
from tests.served import Deployment, served
from tests.service import new_search


@pytest.fixture
def address(deployment: Deployment) -> Iterator[str]:
    """A real server with short intervals."""
    with served(create_app(deployment.settings, poll_s=0.02, heartbeat_s=0.1)) as found:
        yield found


def _events(text: str) -> list[dict[str, str]]:
    blocks = [block.splitlines() for block in text.split("\n\n")]
    parsed = [dict(line.split(": ", 1) for line in b if not line.startswith(":")) for b in blocks]
    return [event for event in parsed if "event" in event]


def _ended_search(deployment: Deployment) -> str:
    search = new_search(deployment.store, limits=Limits(max_trials=2, max_parallel=2))
    for claimed in deployment.claimed(search, 2):
        deployment.complete(claimed, 0.9)
    deployment.finish(search.id)
    return search.id


def test_an_ended_search_is_replayed_and_done(address: str, deployment: Deployment) -> None:
    answer = httpx.get(f"{address}/v1/searches/{_ended_search(deployment)}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = _events(answer.text)
    ids = [int(event["id"]) for event in events if "id" in event]
    assert ids == sorted(set(ids))
    assert events[-1]["event"] == "done"
    assert json.loads(events[-1]["data"]) == {"state": "succeeded"}
    for event in events[:-1]:
        data = json.loads(event["data"])
        assert (data["type"], str(data["id"])) == (event["event"], event["id"])


def test_replay_continues_after_any_event(address: str, deployment: Deployment) -> None:
    url = f"{address}/v1/searches/{_ended_search(deployment)}/events"
    everything = _events(httpx.get(url).text)
    for i, event in enumerate(everything[:-1]):
        rest = everything[i + 1 :]
        assert _events(httpx.get(f"{url}?after={event['id']}").text) == rest
        # a reconnecting browser repeats the old address and adds the header, which wins
        headers = {"Last-Event-ID": event["id"]}
        assert _events(httpx.get(f"{url}?after=0", headers=headers).text) == rest


def test_what_happens_arrives_while_it_happens(address: str, deployment: Deployment) -> None:
    search = new_search(deployment.store, limits=Limits(max_trials=1, max_parallel=1))
    alive = threading.Event()

    def work() -> None:
        assert alive.wait(20)  # first nothing happens, for as long as a heartbeat takes
        deployment.complete(deployment.claimed(search, 1)[0], 0.9)
        deployment.finish(search.id)

    worker = threading.Thread(target=work)
    seen, began = [], time.monotonic()
    with httpx.stream("GET", f"{address}/v1/searches/{search.id}/events", timeout=20) as answer:
        worker.start()
        for line in answer.iter_lines():
            assert time.monotonic() - began < 20
            if line == ": heartbeat":
                alive.set()
            if line.startswith("event: "):
                seen.append(line.removeprefix("event: "))
    worker.join()
    assert alive.is_set()
    assert seen[0] == "search.state"
    assert seen.index("trial.created") < seen.index("trial.started") < seen.index("trial.finished")
    assert "front.changed" in seen
    assert seen[-1] == "done"


class CountingStore:
    """The real store, counting reads."""

    def __init__(self, store: Store) -> None:
        self.begin, self.now = store.begin, store.now
        self._read = store.read
        self.reads = 0
        self.error: Exception | None = None

    def of_project(self, _name: str) -> Self:
        """Return itself: there is one project."""
        return self

    def read(self) -> AbstractContextManager[UnitOfWork]:
        """Open a read-only transaction, and count it."""
        if self.error is not None:
            raise self.error
        self.reads += 1
        return self._read()


def test_streams_leave_the_server_answering_and_end_with_their_clients(
    deployment: Deployment,
) -> None:
    search = new_search(deployment.store)
    app = create_app(deployment.settings, poll_s=0.05, heartbeat_s=0.2)
    store = CountingStore(app.state.parts.store)
    app.state.parts = replace(app.state.parts, store=store, hub=EventHub(0.05))
    with served(app) as address, httpx.Client(timeout=20) as client:
        url = f"{address}/v1/searches/{search.id}/events"
        streams = [client.send(client.build_request("GET", url), stream=True) for _ in range(40)]
        started = time.monotonic()
        assert httpx.get(f"{address}/v1/searches/{search.id}", timeout=20).status_code == 200
        assert time.monotonic() - started < 15
        before = store.reads
        time.sleep(0.3)
        # one look serves all streams
        assert 0 < store.reads - before < 12
        for stream in streams:
            stream.close()
        deadline = time.monotonic() + 10
        reads = -1
        while reads != store.reads and time.monotonic() < deadline:
            reads = store.reads
            time.sleep(0.3)
        assert reads == store.reads


def test_who_falls_behind_the_feed_reads_on_in_the_database(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_hub, "_KEPT", 3)
    for module in (event_hub, event_logs, event_stream, events_routes):
        monkeypatch.setattr(module, "BATCH", 4)
    search = new_search(deployment.store, limits=Limits(max_trials=8, max_parallel=8))
    app = create_app(deployment.settings, poll_s=0.02)
    with (
        served(app) as address,
        httpx.stream("GET", f"{address}/v1/searches/{search.id}/events", timeout=20) as answer,
    ):
        lines = answer.iter_lines()
        next(lines)
        for claimed in deployment.claimed(search, 8):
            deployment.complete(claimed, 0.9)
        deployment.finish(search.id)
        seen = [int(line[4:]) for line in lines if line.startswith("id: ")]
    with deployment.store.read() as uow:
        assert seen == [event.id for event in uow.events.after(search.id, 0, 1000)]


def test_a_stream_ends_when_its_search_cannot_be_read_any_more(deployment: Deployment) -> None:
    """Its client connects again, and hears of what is wrong."""
    search = new_search(deployment.store)
    app = create_app(deployment.settings, poll_s=0.02)
    store = CountingStore(app.state.parts.store)
    app.state.parts = replace(app.state.parts, store=store, hub=EventHub(0.02))
    with served(app) as address:
        url = f"{address}/v1/searches/{search.id}/events"
        with httpx.stream("GET", url, timeout=20) as answer:
            lines = answer.iter_lines()
            next(line for line in lines if line.startswith("event: "))
            store.error = LookupError("gone")
            with pytest.raises(httpx.RemoteProtocolError):
                list(lines)
