"""Many who ask the same share one answer, and none of them gets one that was read too early."""

import asyncio
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from fastapi.concurrency import run_in_threadpool

PAUSE_S: Final = 0.004

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(slots=True)
class _Group(Generic[V]):
    """Those who share a read that has not begun."""

    read: Callable[[], V]
    waiting: "list[asyncio.Future[V]]" = field(default_factory=list)


class GroupedReads(Generic[K, V]):
    """Reads of a store, at most one at a time for each key.

    Whoever asks while a read runs waits for the next one, which all of them share: a read that has
    begun may miss what was committed since. So an answer is never older than its question.
    """

    def __init__(self) -> None:
        self._next: dict[K, _Group[V]] = {}
        self._readers: dict[K, asyncio.Task[None]] = {}

    async def read(self, key: K, read: Callable[[], V]) -> V:
        """Return what ``read``, begun from now on and in a thread, returns.

        Raises:
            Exception: What ``read`` raises, to all who share it.
        """
        group = self._next.get(key)
        if group is None:
            group = self._next[key] = _Group(read)
            if key not in self._readers:
                self._readers[key] = asyncio.create_task(self._serve(key))
        # a future of its own: whoever goes away leaves the read to the others
        answer: asyncio.Future[V] = asyncio.get_running_loop().create_future()
        group.waiting.append(answer)
        return await answer

    async def _serve(self, key: K) -> None:
        """Read for one group after another, until nobody asks."""
        try:
            while True:
                await self._answer(self._next.pop(key))
                # those who were just answered may ask at once: they all shall share the next read
                if key in self._next:
                    await asyncio.sleep(PAUSE_S)
                else:
                    return
        finally:
            del self._readers[key]

    async def _answer(self, group: _Group[V]) -> None:
        try:
            value = await run_in_threadpool(group.read)
        except Exception as error:  # noqa: BLE001 - goes to all who wait
            for answer in group.waiting:
                if not answer.done():
                    answer.set_exception(error)
                    answer.exception()  # taken note of, also where nobody waits for it any more
        else:
            for answer in group.waiting:
                if not answer.done():
                    answer.set_result(value)
