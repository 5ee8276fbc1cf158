"""Clients of the load benchmark: some follow a search's events, others ask for it again and again.

``python -m benchmarks.service_clients PORT SEARCH AFTER FOLLOWERS POLLERS UNTIL``, a process of its
own. Pollers end at the moment ``UNTIL``, in seconds since the epoch. Followers end when they have
seen the event whose id is then read from standard input, or a minute later. What all have seen goes
to standard output as JSON.
"""

import asyncio
import json
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from benchmarks.http_load import read_answer

PAUSE_S: Final = 1.0
"""Between two questions of one poller."""
GRACE_S: Final = 60.0
TICK_S: Final = 0.1
_LIMIT: Final = 1 << 22
"""Bytes of the longest line; a page of trials is one."""


@dataclass(slots=True)
class Follower:
    """One event stream.

    Attributes:
        seen: Ids of events, as they came.
    """

    seen: list[int] = field(default_factory=list)

    async def follow(self, port: int, path: str) -> None:
        """Read until the connection ends."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=_LIMIT)
        writer.write(_request(port, path))
        async for line in reader:
            if line.startswith(b"id: "):
                self.seen.append(int(line[4:]))
        writer.close()


async def _poll(port: int, path: str, until: float, offset_s: float) -> list[float]:
    """Return the seconds of each question."""
    await asyncio.sleep(offset_s)
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=_LIMIT)
    seconds = []
    while time.time() < until:
        began = time.perf_counter()
        writer.write(_request(port, path))
        status = await read_answer(reader)
        if status != 200:
            raise RuntimeError(f"{path} answered {status}")
        seconds.append(time.perf_counter() - began)
        await asyncio.sleep(PAUSE_S)
    writer.close()
    return seconds


def _request(port: int, path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()


async def _run(port: int, search: str, after: int, n_followers: int, n: int, until: float) -> None:
    followers = [Follower() for _ in range(n_followers)]
    events = f"/v1/searches/{search}/events?after={after}"
    streams = [asyncio.create_task(each.follow(port, events)) for each in followers]
    reads = {
        "front": f"/v1/searches/{search}/front",
        "trials": f"/v1/searches/{search}/trials?limit=50&sort=-number",
    }
    polls = {
        name: asyncio.gather(*(_poll(port, path, until, i / n) for i in range(n // 2)))
        for name, path in reads.items()
    }
    seconds = {name: [s for each in await poll for s in each] for name, poll in polls.items()}
    last = int(await asyncio.to_thread(sys.stdin.readline))
    for _ in range(int(GRACE_S / TICK_S)):
        if all(each.seen and each.seen[-1] >= last for each in followers):
            break
        await asyncio.sleep(TICK_S)
    for stream in streams:
        stream.cancel()
        with suppress(asyncio.CancelledError):
            await stream
    print(json.dumps({"seen": [f.seen for f in followers], "seconds": seconds}))


if __name__ == "__main__":
    _port, _search, _after, _followers, _pollers, _until = sys.argv[1:]
    asyncio.run(
        _run(int(_port), _search, int(_after), int(_followers), int(_pollers), float(_until))
    )
