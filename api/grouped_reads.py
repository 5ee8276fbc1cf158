"""Many who ask the same share one answer, and none of them gets one that was read too early."""

import asyncio
from collections.abc import Callable, Hashable
from functools import partial
from typing import Final, Generic, TypeVar

from fastapi.concurrency import run_in_threadpool

PAUSE_S: Final = 0.004

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class GroupedReads(Generic[K, V]):
    """Reads of a store, at most one at a time for each key.

    Whoever asks while a read runs waits for the next one, which all of them share: a read that has
    begun may miss what was committed since. So an answer is never older than its question.
    """

    def __init__(self) -> None:
        self._next: dict[K, asyncio.Task[V]] = {}
        self._running: dict[K, asyncio.Task[V]] = {}

    async def read(self, key: K, read: Callable[[], V]) -> V:
        """Return what ``read``, begun from now on and in a thread, returns.

        Raises:
            Exception: What ``read`` raises, to all who share it.
        """
        task = self._next.get(key)
        if task is None:
            task = asyncio.create_task(self._read(key, read, self._running.get(key)))
            task.add_done_callback(partial(self._forget, key))
            self._next[key] = task
        # whoever goes away leaves the read to the others
        return await asyncio.shield(task)

    async def _read(self, key: K, read: Callable[[], V], before: "asyncio.Task[V] | None") -> V:
        if before is not None:
            await asyncio.wait([before])
            # those who were just answered may ask at once: they all shall share this read
            await asyncio.sleep(PAUSE_S)
        self._running[key] = self._next.pop(key)
        return await run_in_threadpool(read)

    def _forget(self, key: K, task: "asyncio.Task[V]") -> None:
        for tasks in (self._next, self._running):
            if tasks.get(key) is task:
                del tasks[key]
        if not task.cancelled():
            task.exception()  # taken note of, also where nobody waits for it any more
