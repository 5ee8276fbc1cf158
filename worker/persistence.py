"""Writes that must not be lost to a database or a file store that is away for a moment."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from db.artifact_files import ArtifactFiles, StoredCheckpoint
from db.blobs import ArtifactStoreUnavailableError
from search.errors import StoreBusyError
from search.store import Store, UnitOfWork

logger = logging.getLogger(__name__)

T = TypeVar("T")

_PAUSES_S: Final = (0.5, 1.0, 2.0, 4.0)


_FILE_PAUSES_S: Final = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)


def put_file(artifacts: ArtifactFiles, content: bytes) -> str:
    """Store a file and return its sha256, again while the artifact store is unavailable.

    Raises:
        ArtifactStoreUnavailableError: After a minute of trying.
    """
    for pause_s in _FILE_PAUSES_S:
        try:
            return artifacts.put(content)
        except ArtifactStoreUnavailableError as error:
            logger.warning("the file is not stored yet, trying again: %s", error)
            time.sleep(pause_s)
    return artifacts.put(content)


@dataclass(frozen=True, slots=True)
class ForgivingCheckpoints:
    """Checkpoints that may be lost: one is worth less than the training it belongs to."""

    stored: StoredCheckpoint

    def load(self) -> bytes | None:
        """Return the last checkpoint, or ``None``."""
        return self.stored.load()

    def save(self, checkpoint: bytes) -> None:
        """Replace the checkpoint, if that is possible now."""
        try:
            self.stored.save(checkpoint)
        except ArtifactStoreUnavailableError as error:
            logger.warning("no checkpoint of this epoch: %s", error)

    def discard(self) -> None:
        """Remove the checkpoint, if that is possible now."""
        try:
            self.stored.discard()
        except ArtifactStoreUnavailableError as error:
            logger.warning("the checkpoint stays: %s", error)


def persist(store: Store, change: Callable[[UnitOfWork], T]) -> T:
    """Run a change in a write transaction of its own, again while the store is busy.

    The last ``StoreBusyError`` is raised; the lease then expires and the trial runs once more,
    from its last checkpoint.
    """
    for pause_s in _PAUSES_S:
        try:
            with store.begin() as uow:
                return change(uow)
        except StoreBusyError as error:
            logger.warning("the store is busy, trying again: %s", error)
            time.sleep(pause_s)
    with store.begin() as uow:
        return change(uow)
