"""As many requests as a server answers, over connections that stay open."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Load:
    """What a server answered.

    Attributes:
        seconds: Of each request, in no order.
        wall_s: Of all together.
        answers: Number by status.
    """

    seconds: tuple[float, ...]
    wall_s: float
    answers: Mapping[int, int]

    @property
    def per_second(self) -> float:
        """Requests per second."""
        return len(self.seconds) / self.wall_s

    def quantile_ms(self, q: float) -> float:
        """Return a quantile of the time of a request, in milliseconds."""
        return float(np.quantile(self.seconds, q)) * 1e3


def saturate(port: int, path: str, *, connections: int, seconds: float) -> Load:
    """Ask for a path of this machine again and again, one request at a time per connection."""
    return asyncio.run(_saturate(port, path, connections, seconds))


async def _saturate(port: int, path: str, connections: int, seconds: float) -> Load:
    began = time.perf_counter()
    asked = [_ask(port, path, began + seconds) for _ in range(connections)]
    found = [row for rows in await asyncio.gather(*asked) for row in rows]
    wall_s = time.perf_counter() - began
    answers: dict[int, int] = {}
    for status, _ in found:
        answers[status] = answers.get(status, 0) + 1
    return Load(tuple(each for _, each in found), wall_s, answers)


async def _ask(port: int, path: str, until: float) -> list[tuple[int, float]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
    found = []
    while (began := time.perf_counter()) < until:
        writer.write(request)
        status = await read_answer(reader)
        found.append((status, time.perf_counter() - began))
    writer.close()
    return found


async def read_answer(reader: asyncio.StreamReader) -> int:
    """Read an answer whose length is announced; returns its status."""
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
    await reader.readexactly(length)
    return int(lines[0].split()[1])
