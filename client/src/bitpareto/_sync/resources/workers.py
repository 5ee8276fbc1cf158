# Made by scripts/make_sync_client.py; change bitpareto/_async instead.
"""``client.workers``: the processes that do the work."""

from bitpareto import _calls as calls
from bitpareto._sync.transport import Transport
from bitpareto.types import Worker


class Workers:
    """List worker processes."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self) -> list[Worker]:
        """Return every worker that reports, by start."""
        return (self._transport.send(calls.list_workers())).data
