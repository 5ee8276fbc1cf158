"""Keeps what an attempt prints and logs, where every machine can read it."""

import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from io import TextIOBase
from types import TracebackType
from typing import Final, Self, TextIO

from typing_extensions import override

from search.entities import Lease
from search.errors import StoreBusyError
from search.store import Store, UnitOfWork
from search.trial_logs import LOG_BYTES

logger = logging.getLogger(__name__)

_SAVE_EVERY_S: Final = 1.0
"""What was printed in the last second before a process is killed is lost."""
_FORMAT: Final = "%(asctime)s %(levelname)s %(message)s"


class TrialLog:
    """Everything the process prints or logs while it is open, as a context manager.

    A thread saves what has come, so that it outlives the process; what comes last is saved with
    the result, by ``unsaved`` and ``save_in``.
    """

    def __init__(self, store: Store, lease: Lease) -> None:
        self._store = store
        self._lease = lease
        self._parts: list[str] = []
        self._n_characters = 0
        self._adding = threading.Lock()
        self._saving = threading.Lock()
        self._over = threading.Event()
        self._opened = ExitStack()
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)

    def __enter__(self) -> Self:
        """Begin to listen."""
        handler = logging.StreamHandler(_Listener(self))
        handler.setLevel(logging.INFO)
        handler.setFormatter(logging.Formatter(_FORMAT, "%H:%M:%S"))
        root = logging.getLogger()
        root.addHandler(handler)
        self._opened.callback(root.removeHandler, handler)
        self._opened.enter_context(redirect_stdout(_Tee(self, sys.stdout)))
        self._opened.enter_context(redirect_stderr(_Tee(self, sys.stderr)))
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop listening and save the rest."""
        self._opened.close()
        self._over.set()
        self._thread.join()
        self._save()

    def add(self, text: str) -> None:
        """Take what was printed; of very much, the end."""
        with self._adding:
            self._parts.append(text)
            self._n_characters += len(text)
            if self._n_characters > 2 * LOG_BYTES:
                self._parts = ["".join(self._parts)[-LOG_BYTES:]]
                self._n_characters = len(self._parts[0])

    @contextmanager
    def unsaved(self) -> Iterator[str]:
        """Hand over what is not saved yet; a clean exit says that it is now."""
        with self._saving:
            with self._adding:
                parts, self._parts, self._n_characters = self._parts, [], 0
            text = "".join(parts)
            try:
                yield text
            except BaseException:
                with self._adding:
                    self._parts.insert(0, text)
                    self._n_characters += len(text)
                raise

    def save_in(self, uow: UnitOfWork, text: str) -> None:
        """Save text within a transaction."""
        if text:
            uow.logs.append(self._lease.trial_id, self._lease.token, text)

    def _save(self) -> None:
        try:
            with self.unsaved() as text:
                if text:
                    with self._store.begin() as uow:
                        self.save_in(uow, text)
        except StoreBusyError as error:
            # a piece of log is worth less than the training; it stays for the next time
            logger.warning("the log was not saved: %s", error)

    def _run(self) -> None:
        while not self._over.wait(_SAVE_EVERY_S):
            self._save()


class _Listener(TextIOBase):
    """A stream that ends in the log."""

    def __init__(self, log: TrialLog) -> None:
        self._log = log

    @override
    def write(self, text: str) -> int:
        self._log.add(text)
        return len(text)


class _Tee(_Listener):
    """A stream that passes on what it takes."""

    def __init__(self, log: TrialLog, beyond: TextIO) -> None:
        super().__init__(log)
        self._beyond = beyond

    @override
    def write(self, text: str) -> int:
        self._beyond.write(text)
        return super().write(text)

    @override
    def flush(self) -> None:
        self._beyond.flush()
