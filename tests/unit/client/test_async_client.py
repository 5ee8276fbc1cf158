"""The async client: the same surface as the sync one, and the same server behind it."""

import asyncio
import importlib
import inspect
import pkgutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

import bitpareto
from bitpareto import (
    AsyncClient,
    AsyncSearch,
    InvalidRequestError,
    NotFoundError,
    SearchFailedError,
    WaitTimeoutError,
    _async,
    _sync,
)
from search.entities import Limits
from search.entities import Search as StoredSearch
from search.use_cases.searches import cancel_search
from tests.cutting_proxy import cutting_proxy
from tests.served import BODY, Deployment
from tests.service import NOW, new_search

ROOT = Path(__file__).parents[3]


def _modules(package: ModuleType) -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        yield importlib.import_module(found.name)


def _classes(package: ModuleType) -> dict[str, type]:
    """Public classes of a package, by their name without ``Async``."""
    return {
        name.removeprefix("Async"): each
        for module in _modules(package)
        for name, each in inspect.getmembers(module, inspect.isclass)
        if each.__module__ == module.__name__ and not name.startswith("_")
    }


def _surface(cls: type) -> dict[str, Any]:
    """What users can call of a class: names, and the parameters each takes."""
    twins = {"aclose": "close", "__aenter__": "__enter__", "__aexit__": "__exit__"}
    surface: dict[str, Any] = {}
    for name, member in vars(cls).items():
        if name.startswith("_") and not name.startswith("__"):
            continue
        if isinstance(member, property):
            surface[name] = property
        elif inspect.isfunction(member):
            parameters = inspect.signature(member).parameters.values()
            surface[twins.get(name, name)] = [(p.name, p.kind, p.default) for p in parameters]
    return surface


def test_both_clients_have_the_same_surface() -> None:
    asynchronous, synchronous = _classes(_async), _classes(_sync)
    assert set(asynchronous) == set(synchronous) >= {"Client", "Search", "Front", "Artifact"}
    for name, cls in asynchronous.items():
        assert _surface(cls) == _surface(synchronous[name]), name
    exported = {name for name in bitpareto.__all__ if name.startswith("Async")}
    assert {name.removeprefix("Async") for name in exported} <= set(bitpareto.__all__)


def test_the_sync_client_is_the_one_made_of_the_async_one(tmp_path: Path) -> None:
    script = ROOT / "scripts" / "make_sync_client.py"
    command = [sys.executable, str(script), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _ended(deployment: Deployment) -> StoredSearch:
    search = new_search(deployment.store, limits=Limits(max_trials=3, max_parallel=3))
    for claimed, accuracy in zip(deployment.claimed(search, 3), (0.7, 0.9, 0.8), strict=True):
        deployment.complete(claimed, accuracy)
    deployment.finish(search.id)
    return search


async def _all(items: AsyncIterator[Any]) -> list[Any]:
    return [item async for item in items]


def test_create_list_change_and_refuse(address: str) -> None:
    async def use() -> None:
        async with AsyncClient(address) as client:
            made = [await client.searches.create(**BODY, name=f"search {i}") for i in range(3)]
            listed = await _all(client.searches.list(page_size=2))
            assert [search.id for search in listed] == [search.id for search in made[::-1]]
            assert (await made[0].pause()).state == "paused"
            assert (await made[0].resume()).state == "running"
            assert (await made[0].cancel()).state == "cancelled"
            assert (await client.searches.get(made[1].id)).name == "search 1"
            assert (await client.meta()).families
            with pytest.raises(NotFoundError):
                await client.trials.get("nothing")
            with pytest.raises(InvalidRequestError) as caught:
                await client.searches.create(dataset="digits", space={"family": "none"})
            assert caught.value.errors[0].pointer == "/space/family"

    asyncio.run(use())


def test_front_trials_and_files(address: str, deployment: Deployment, tmp_path: Path) -> None:
    search_id = _ended(deployment).id

    async def use() -> None:
        async with AsyncClient(address) as client:
            search = await client.searches.get(search_id)
            assert [t.number for t in await _all(search.trials())] == [1, 2, 3]
            rows = await _all(client.trials.rows(search_id, ["number"], page_size=2))
            assert [row["number"] for row in rows] == [1, 2, 3]
            best = (await search.front()).best()
            assert best.accuracy == 0.9
            target = await best.artifact.download(tmp_path / "net.bpar")
            assert len(target.read_bytes()) == best.size_bytes
            exported = await client.trials.export(search_id, tmp_path / "trials.csv")
            assert len(exported.read_text().splitlines()) == 4

    asyncio.run(use())


def test_many_tasks_share_one_client(address: str, deployment: Deployment) -> None:
    search_id = _ended(deployment).id

    async def use() -> None:
        async with AsyncClient(address) as client:
            searches = await asyncio.gather(*(client.searches.get(search_id) for _ in range(30)))
            fronts = await asyncio.gather(*(search.front() for search in searches))
            assert {len(front) for front in fronts} == {2}

    asyncio.run(use())


def test_wait_and_stream_over_cut_connections(address: str, deployment: Deployment) -> None:
    search = new_search(deployment.store, limits=Limits(max_trials=4, max_parallel=4))
    claims = deployment.claimed(search, 4)

    async def read(handle: AsyncSearch) -> list[int]:
        return [event.id async for event in handle.stream()]

    async def use(url: str) -> list[int]:
        async with AsyncClient(url, max_retries=10) as client:
            handle = await client.searches.get(search.id)
            reading = asyncio.create_task(read(handle))
            waiting = asyncio.create_task(handle.wait(30, progress=False))
            for i, claimed in enumerate(claims):
                await asyncio.to_thread(deployment.complete, claimed, 0.7 + i / 20)
            await asyncio.to_thread(deployment.finish, search.id)
            assert (await waiting).state == "succeeded"
            return await reading

    with cutting_proxy(address, [2000, 4000, 1500, 3000]) as proxy:
        seen = asyncio.run(use(f"http://127.0.0.1:{proxy.port}"))
        assert proxy.cuts
    with deployment.store.read() as uow:
        assert seen == [event.id for event in uow.events.after(search.id, 0, 1000)]


def test_wait_ends_by_time_by_failure_and_by_cancelling_the_task(
    address: str, deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    search_id = new_search(deployment.store).id

    async def use() -> None:
        async with AsyncClient(address) as client:
            search = await client.searches.get(search_id)
            with pytest.raises(WaitTimeoutError):
                await search.wait(0.2, progress=False)
            waiting = asyncio.create_task(search.wait())
            await asyncio.sleep(0.5)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            assert (await search.refresh()).state == "queued"
            with deployment.store.begin() as uow:
                cancel_search(uow, search_id, NOW)
            with pytest.raises(SearchFailedError):
                await search.wait(progress=False)

    asyncio.run(use())
    assert f"bitpareto watch {search_id}" in capsys.readouterr().err


def test_the_callers_own_httpx_client_stays_open(address: str) -> None:
    async def use() -> None:
        async with httpx.AsyncClient() as http:
            async with AsyncClient(address, http_client=http) as client:
                await client.meta()
            assert not http.is_closed
        closed = AsyncClient(address)
        await closed.aclose()
        with pytest.raises(RuntimeError, match="closed"):
            await closed.meta()

    asyncio.run(use())
