"""The stream of all searches, by HTTP, SDK and command line."""

import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import get_args

import httpx
import pytest

from api.app import create_app
from bitpareto import Client
from bitpareto.cli import main
from bitpareto.types import EventType
from search.access import Role, Scope
from search.entities import Limits
from search.use_cases.access import create_key, create_project, set_member
from tests.cutting_proxy import cutting_proxy
from tests.served import Deployment, served
from tests.service import new_search


@pytest.fixture
def address(deployment: Deployment) -> Iterator[str]:
    """A real server with short intervals."""
    with served(create_app(deployment.settings, poll_s=0.02, heartbeat_s=0.2)) as found:
        yield found


def _run(deployment: Deployment, n_trials: int = 2) -> str:
    limits = Limits(max_trials=n_trials, max_parallel=n_trials)
    search = new_search(deployment.store, limits=limits)
    for claimed in deployment.claimed(search, n_trials):
        deployment.complete(claimed, 0.9)
    deployment.finish(search.id)
    return search.id


def _logged(deployment: Deployment) -> list[int]:
    with deployment.store.read() as uow:
        return [event.id for _, event in uow.events.of_all(0, 10**9, 1000)]


def test_everything_is_replayed_and_then_followed(address: str, deployment: Deployment) -> None:
    first = _run(deployment)
    n_before = len(_logged(deployment))
    seen = []
    with Client(address) as client:
        stream = client.events.stream(after=0)
        seen += [next(stream) for _ in range(n_before)]
        second = _run(deployment)  # nobody has said that it would come
        seen += [next(stream) for _ in range(len(_logged(deployment)) - n_before)]
        alone = list(client.searches.get(second).stream())
    assert [event.id for event in seen] == _logged(deployment)
    assert {event.search_id for event in seen} == {first, second}
    assert [event for event in seen if event.search_id == second] == alone


def test_a_stream_without_a_place_begins_now_and_says_where(
    address: str, deployment: Deployment
) -> None:
    _run(deployment)
    newest = _logged(deployment)[-1]
    with httpx.stream("GET", f"{address}/v1/events", timeout=20) as answer:
        head = list(islice(answer.iter_lines(), 8))
    assert "event: ready" in head
    assert f"id: {newest}" in head
    assert f'data: {{"after":{newest}}}' in head


def test_filters_keep_the_rest_out_and_the_heartbeat_in(
    address: str, deployment: Deployment
) -> None:
    first, second = _run(deployment), _run(deployment)
    asked = {"after": 0, "search_id": first, "type": ["front.changed", "search.state"]}
    seen: list[dict[str, object]] = []
    stop = threading.Event()

    def others() -> None:
        while not stop.wait(0.05):
            new_search(deployment.store)

    noise = threading.Thread(target=others)
    with httpx.stream("GET", f"{address}/v1/events", params=asked, timeout=20) as answer:
        lines = answer.iter_lines()
        noise.start()
        heartbeats = 0
        for line in lines:
            if line.startswith("data: "):
                seen.append(json.loads(line[6:]))
            heartbeats += line == ": heartbeat"
            if heartbeats == 3:
                break
    stop.set()
    noise.join()
    with deployment.store.read() as uow:
        wanted = [
            event.id
            for event in uow.events.after(first, 0, 1000)
            if event.type in {"front.changed", "search.state"}
        ]
    assert [event["id"] for event in seen] == wanted
    assert second not in {event["search_id"] for event in seen}


@pytest.mark.parametrize("after", ["?after=0", ""])
def test_nothing_of_another_project_comes_through(
    address: str, deployment: Deployment, after: str
) -> None:
    now = deployment.store.now()
    with deployment.store.begin() as uow:
        create_project(uow, "second", now)
        set_member(uow, "second", "bob", Role.ADMIN, now)
        _, key = create_key(
            uow,
            project_id="second",
            user="bob",
            name="",
            scope=Scope.READ,
            expires_at=None,
            now=now,
        )
    theirs = new_search(deployment.store.of_project("second"))
    mine = _run(deployment)
    with httpx.stream(
        "GET",
        f"{address}/v1/events{after}",
        headers={"Authorization": f"Bearer {key}"},
        timeout=20,
    ) as answer:
        lines = answer.iter_lines()
        next(lines)
        others = _run(deployment)
        last = new_search(deployment.store.of_project("second"))
        seen = []
        for line in lines:
            if line.startswith("data: ") and "search_id" in line:
                seen.append(json.loads(line[6:])["search_id"])
                if seen[-1] == last.id:
                    break
    assert not {mine, others} & set(seen)
    assert theirs.id in seen or not after
    named = httpx.get(
        f"{address}/v1/events?search_id={mine}", headers={"Authorization": f"Bearer {key}"}
    )
    assert named.status_code == 404


def test_what_cannot_be_asked_for_is_refused(address: str) -> None:
    unknown = httpx.get(f"{address}/v1/events?search_id=sea_00000000000000000000000000")
    assert unknown.status_code == 404
    wrong = httpx.get(f"{address}/v1/events?type=trial.exploded")
    assert wrong.status_code == 422
    assert "front.changed" in wrong.text


@pytest.mark.parametrize("seed", range(3))
def test_a_cut_stream_goes_on_where_it_was(
    address: str, deployment: Deployment, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr("bitpareto._retries.FIRST_DELAY_S", 0.01)
    _run(deployment, 4)
    wanted = _logged(deployment)
    cuts = [700 + 431 * seed, 1200, 1900, 900]
    with cutting_proxy(address, cuts) as proxy:
        with Client(f"http://127.0.0.1:{proxy.port}") as client:
            stream = client.events.stream(after=0)
            seen = [next(stream).id for _ in wanted]
        assert proxy.cuts >= 3
    assert seen == wanted


def test_a_stream_that_begins_now_is_cut_before_anything_happens(
    address: str, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What happens while the connection is down is not lost: ``ready`` said from where to go on."""
    monkeypatch.setattr("bitpareto._retries.FIRST_DELAY_S", 0.3)
    _run(deployment)
    before = _logged(deployment)
    with cutting_proxy(address, [_length_until_ready(address) + 3]) as proxy:

        def work() -> None:
            while not proxy.cuts:
                time.sleep(0.005)
            _run(deployment)

        worker = threading.Thread(target=work)
        worker.start()
        with Client(f"http://127.0.0.1:{proxy.port}") as client:
            first = next(client.events.stream())
        worker.join()
    assert first.id == _logged(deployment)[len(before)]


def _length_until_ready(address: str) -> int:
    """Return how many bytes of an answer go over the wire until it has said where it begins."""
    host, port = address.removeprefix("http://").split(":")
    found = b""
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(b"GET /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        while b"event: ready" not in found or not found.endswith(b"\n\n\r\n"):
            found += connection.recv(4096)
    return len(found)


def test_the_command_prints_lines(
    address: str, deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    search_id = _run(deployment)
    other = _run(deployment)
    options = ["--base-url", address, "--after", "0", "--type", "front.changed", "--limit", "1"]
    # an option named it before it was said as to the other commands
    for asked in (["events", search_id, *options], ["events", *options, "--search", search_id]):
        assert main(asked) == 0
        shown = capsys.readouterr().out
        assert search_id in shown
        assert "front.changed" in shown
        assert shown.count("\n") == 1
        assert main([*asked, "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["search_id"] == search_id
    for both in ([search_id, other], [search_id, "--search", other]):
        assert main(["events", *both, *options[:-1], "2"]) == 0
        assert {search_id, other} <= set(capsys.readouterr().out.split())


def test_the_types_are_those_that_the_dashboard_listens_to() -> None:
    text = (Path(__file__).parents[3] / "dashboard" / "stream.js").read_text(encoding="utf-8")
    found = set(re.findall(r"\"((?:search|trial|front)\.[a-z]+)\"", text))
    assert set(get_args(EventType)) == found
