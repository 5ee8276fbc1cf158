"""Reads that are shared are never older than their question."""

import asyncio
import threading

import pytest

from api.grouped_reads import GroupedReads


class Store:
    """Counts, and answers when it is let to."""

    def __init__(self) -> None:
        self.value = 0
        self.reads = 0
        self.go = threading.Semaphore(0)

    def read(self) -> int:
        self.reads += 1
        value = self.value
        assert self.go.acquire(timeout=10)
        return value


async def _begun(store: Store, reads: int) -> None:
    while store.reads < reads:  # noqa: ASYNC110 - counted in a thread
        await asyncio.sleep(0.001)


def test_who_asks_while_a_read_runs_gets_the_next_one() -> None:
    async def use() -> None:
        store, reads = Store(), GroupedReads[str, int]()
        first = asyncio.create_task(reads.read("key", store.read))
        await _begun(store, 1)
        store.value = 1  # committed behind the first read's back
        later = [asyncio.create_task(reads.read("key", store.read)) for _ in range(50)]
        await asyncio.sleep(0.01)
        assert store.reads == 1
        store.go.release(2)
        assert await first == 0
        assert await asyncio.gather(*later) == [1] * 50
        assert store.reads == 2

    asyncio.run(use())


def test_other_keys_do_not_wait() -> None:
    async def use() -> None:
        held, free, reads = Store(), Store(), GroupedReads[str, int]()
        waiting = asyncio.create_task(reads.read("held", held.read))
        await _begun(held, 1)
        free.go.release()
        assert await reads.read("free", free.read) == 0
        held.go.release()
        assert await waiting == 0

    asyncio.run(use())


def test_who_goes_away_leaves_the_read_to_the_others() -> None:
    async def use() -> None:
        store, reads = Store(), GroupedReads[str, int]()
        first, other = (asyncio.create_task(reads.read("key", store.read)) for _ in range(2))
        await _begun(store, 1)
        first.cancel()
        store.go.release()
        assert await other == 0
        with pytest.raises(asyncio.CancelledError):
            await first

    asyncio.run(use())


def test_all_hear_of_an_error_and_the_next_read_is_a_new_one() -> None:
    def fail() -> int:
        raise LookupError("gone")

    async def use() -> None:
        reads = GroupedReads[str, int]()
        asked = [asyncio.create_task(reads.read("key", fail)) for _ in range(3)]
        answers = await asyncio.gather(*asked, return_exceptions=True)
        assert [type(answer) for answer in answers] == [LookupError] * 3
        store = Store()
        store.go.release()
        assert await reads.read("key", store.read) == 0

    asyncio.run(use())
