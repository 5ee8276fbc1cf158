"""``client.workers``: the processes that do the work."""

from bitpareto import _calls as calls
from bitpareto._async.transport import AsyncTransport
from bitpareto.types import Worker


class AsyncWorkers:
    """List worker processes."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def list(self) -> list[Worker]:
        """Return every worker that reports, by start."""
        return (await self._transport.send(calls.list_workers())).data
