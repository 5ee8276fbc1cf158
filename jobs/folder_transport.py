"""Celery's embedded transport: a folder per queue, a file per waiting message.

kombu ships a ``filesystem://`` transport. It is not used, because two processes that share its
folders can crash each other: a reader may take a message file between its creation and its
writing, and a bindings file likewise (measured in ``docs/adr/0001-embedded-celery-transport.md``).
Here every change is one atomic rename:

- put: write beside the queue, then rename into it. The file is named after the header ``ring``
  where there is one, so a ring that already waits is replaced, not doubled.
- get: rename out of the queue; of several consumers exactly one succeeds.

Messages wait in order of their names. A message whose consumer is killed is gone: the database is
the truth and the sweeper sends it again.
"""

import json
import logging
import os
import re
from contextlib import suppress
from pathlib import Path
from queue import Empty
from typing import Any, ClassVar
from uuid import uuid4

from kombu.transport import virtual
from typing_extensions import override

from jobs.messages import RING_HEADER

logger = logging.getLogger(__name__)

_SAFE_NAME = re.compile(r"[A-Za-z0-9._-]{1,120}")
_SHUTDOWN_CHECK_S = 0.5


class Channel(virtual.Channel):
    """Puts and gets message files; queues are reached by name, without exchanges."""

    supports_fanout = False

    def _queue_folder(self, queue: str) -> Path:
        folder: Path = self._root / "queues" / _checked_name(queue)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def _root(self) -> Path:
        return Path(self.connection.client.transport_options["folder"])

    def _moving_folder(self) -> Path:
        folder = self._root / "moving"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @override
    def _put(self, queue: str, message: dict[str, Any], **_: object) -> None:
        name = str(message.get("headers", {}).get(RING_HEADER) or uuid4())
        target = self._queue_folder(queue) / _checked_name(name)
        draft = self._moving_folder() / uuid4().hex
        draft.write_text(json.dumps(message), encoding="utf-8")
        draft.replace(target)

    @override
    def _get(self, queue: str, timeout: float | None = None) -> Any:
        for name in self._waiting(queue):
            taken = self._moving_folder() / uuid4().hex
            try:
                (self._queue_folder(queue) / name).rename(taken)
            except FileNotFoundError:
                continue  # another consumer was faster
            try:
                return json.loads(taken.read_text(encoding="utf-8"))
            except ValueError:
                logger.warning("dropped an unreadable message %s from queue %s", name, queue)
            finally:
                taken.unlink()
        raise Empty

    def _waiting(self, queue: str) -> list[str]:
        return sorted(os.listdir(self._queue_folder(queue)))  # noqa: PTH208 - names alone, polled

    @override
    def _size(self, queue: str) -> int:
        return len(self._waiting(queue))

    @override
    def _purge(self, queue: str) -> int:
        names = self._waiting(queue)
        for name in names:
            with suppress(FileNotFoundError):
                (self._queue_folder(queue) / name).unlink()
        return len(names)


class Transport(virtual.Transport):
    """Polls the queue folders every ``polling_interval`` seconds."""

    Channel = Channel
    implements = virtual.Transport.implements.extend(
        asynchronous=False, exchange_type=frozenset({"direct"})
    )
    default_connection_params: ClassVar[dict[str, Any]] = {}
    connection_errors = (OSError,)  # a full or vanished disk: senders warn, workers try again
    driver_type = "folder"
    driver_name = "folder"

    @override
    def driver_version(self) -> str:
        """Return the version of the folder layout."""
        return "1"

    @override
    def drain_events(self, connection: Any, timeout: float | None = None, **_: object) -> None:
        """Deliver one message; time out early enough for a worker to notice SIGTERM at once."""
        short = _SHUTDOWN_CHECK_S if timeout is None else min(timeout, _SHUTDOWN_CHECK_S)
        super().drain_events(connection, short)  # type: ignore[no-untyped-call]  # kombu is untyped


def _checked_name(name: str) -> str:
    if not _SAFE_NAME.fullmatch(name) or not name.strip("."):
        raise ValueError(f"{name!r} is no name of a queue or message")
    return name
