"""The SDK while the server is killed and started again, as for an update or after a crash."""

import asyncio
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from bitpareto import Artifact, AsyncArtifact, AsyncClient, Client
from search.entities import Limits
from tests.cutting_proxy import cutting_proxy
from tests.e2e.service_process import SERVER, environment
from tests.served import Deployment, packed_file
from tests.service import SPACE, new_search

START_S = 60.0


class ApiProcess:
    """``bitpareto-server api`` on a port that stays the same."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.address = f"http://127.0.0.1:{self.port}"
        self._environment = environment(folder)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        command = [SERVER, "api", "--port", str(self.port)]
        self._process = subprocess.Popen(command, env=self._environment, stderr=subprocess.DEVNULL)
        _until(self._answers, START_S)

    def kill(self) -> None:
        """End it as the kernel does."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.address}/readyz").is_success
        except httpx.TransportError:
            return False


def _until(holds: Callable[[], bool], within_s: float = 30.0) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def server(deployment: Deployment, tmp_path: Path) -> Iterator[ApiProcess]:
    process = ApiProcess(tmp_path / "server")
    process.start()
    yield process
    process.kill()


@pytest.fixture(autouse=True)
def _short_naps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bitpareto._retries.LONGEST_DELAY_S", 0.5)


def test_nothing_is_lost_and_nothing_comes_twice(
    server: ApiProcess, deployment: Deployment, tmp_path: Path
) -> None:
    search = new_search(deployment.store, limits=Limits(max_trials=4, max_parallel=4))
    claims = deployment.claimed(search, 4)
    deployment.complete(claims[0], 0.5)
    content = packed_file(claims[0])
    with Client(server.address) as client:
        record = client.searches.get(search.id).front().best().artifact.data
    seen: dict[str, list[int]] = {"sync": [], "async": []}

    def use_sync() -> str:
        with Client(server.address) as client, ThreadPoolExecutor() as beside:
            handle = client.searches.get(search.id)
            state = beside.submit(lambda: client.searches.get(search.id).wait(120).state)
            for event in handle.stream():
                seen["sync"].append(event.id)
            return state.result()

    async def use_async() -> str:
        async with AsyncClient(server.address) as client:
            handle = await client.searches.get(search.id)
            waiting = asyncio.create_task((await client.searches.get(search.id)).wait(120))
            async for event in handle.stream():
                seen["async"].append(event.id)
            return (await waiting).state

    def fetch_sync(url: str) -> bytes:
        with Client(url) as client:
            artifact = Artifact(client._transport, record)
            return artifact.download(tmp_path / "sync.bpar").read_bytes()

    async def fetch_async(url: str) -> bytes:
        async with AsyncClient(url) as client:
            artifact = AsyncArtifact(client._transport, record)
            return (await artifact.download(tmp_path / "async.bpar")).read_bytes()

    def create_sync(url: str) -> str:
        with Client(url, max_retries=200) as client:
            return client.searches.create(dataset="digits", space=SPACE, name="once, sync").id

    async def create_async(url: str) -> str:
        async with AsyncClient(url, max_retries=200) as client:
            return (
                await client.searches.create(dataset="digits", space=SPACE, name="once, async")
            ).id

    with ThreadPoolExecutor(8) as pool:
        states = [pool.submit(use_sync), pool.submit(lambda: asyncio.run(use_async()))]
        _until(lambda: all(seen.values()))
        # each download has a part of its file, each answer to a create is cut, then the server goes
        with (
            cutting_proxy(server.address, [len(content) // 2 + 900] * 2) as files,
            cutting_proxy(server.address, [10] * 2) as creates,
        ):
            urls = [f"http://127.0.0.1:{proxy.port}" for proxy in (files, creates)]
            fetched = [
                pool.submit(fetch_sync, urls[0]),
                pool.submit(lambda: asyncio.run(fetch_async(urls[0]))),
            ]
            created = [
                pool.submit(create_sync, urls[1]),
                pool.submit(lambda: asyncio.run(create_async(urls[1]))),
            ]
            _until(lambda: files.cuts + creates.cuts == 4)
            server.kill()
            deployment.complete(claims[1], 0.6)
            time.sleep(1)
            server.start()
            deployment.complete(claims[2], 0.7)
            assert [each.result(60) for each in fetched] == [content, content]
            ids = [each.result(60) for each in created]
        server.kill()
        deployment.complete(claims[3], 0.8)
        deployment.finish(search.id)
        server.start()
        assert [each.result(60) for each in states] == ["succeeded", "succeeded"]
    with deployment.store.read() as uow:
        wanted = [event.id for event in uow.events.after(search.id, 0, 1000)]
        assert {each.id for each in uow.searches.page(10)} == {search.id, *ids}
    assert seen == {"sync": wanted, "async": wanted}
