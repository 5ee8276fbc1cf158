"""The artifact store: packed files by their sha256, and one checkpoint per trial in training."""

import hashlib
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from db.blobs import (
    DRAFT,
    ArtifactStoreError,
    ArtifactStoreUnavailableError,
    Blobs,
    StoredBlob,
    open_blobs,
)
from search.errors import NotFoundError

_PIECE_BYTES = 16 << 20
_SHA256 = re.compile(r"[0-9a-f]{64}")
_CHECKPOINTS = "checkpoints"
_TRIAL_ID = re.compile(r"trl_[0-9A-Z]{26}")


@dataclass(frozen=True, slots=True)
class StoredCheckpoint:
    """Implements ``search.ports.CheckpointStore`` for one trial; any machine may resume it."""

    blobs: Blobs
    name: str

    def load(self) -> bytes | None:
        """Return the last checkpoint, or ``None``."""
        try:
            return self.blobs.read(self.name)
        except FileNotFoundError:
            return None

    def save(self, checkpoint: bytes) -> None:
        """Replace the checkpoint atomically."""
        self.blobs.write(self.name, checkpoint)

    def discard(self) -> None:
        """Remove the checkpoint; nothing happens when there is none."""
        self.blobs.delete(self.name)


class FileKind(StrEnum):
    """What a file in the store is."""

    CONTENT = "content"
    CHECKPOINT = "checkpoint"
    LEFT_OVER = "left over"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file in the store; ``key`` is its sha256, its trial's id, or empty for what was left."""

    kind: FileKind
    key: str
    blob: StoredBlob


class ArtifactFiles:
    """A content-addressed store.

    Args:
        url: See ``db.blobs.open_blobs``, whose errors every method may raise.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._blobs = open_blobs(url)

    def check(self) -> None:
        """Show at once, by writing and removing a blob, that the store can be used.

        Raises:
            ArtifactStoreUnavailableError: If it cannot.
        """
        name = f"probes/{uuid.uuid4().hex}"
        try:
            self._blobs.write(name, b"probe")
            self._blobs.read(name)
        except FileNotFoundError as error:
            message = f"artifact store {self._url} does not keep what is written: {error}"
            raise ArtifactStoreUnavailableError(message) from error
        self._blobs.delete(name)

    def put(self, content: bytes) -> str:
        """Store bytes and return their sha256; storing them again mends a damaged copy.

        They are written whether they are there or not. So nobody can tell by the time it takes what
        other projects have stored; and a copy is always young enough not to be removed before a row
        refers to it.
        """
        sha256 = hashlib.sha256(content).hexdigest()
        self._blobs.write(_name(sha256), content)
        return sha256

    def put_file(self, path: Path, sha256: str) -> None:
        """Store the file at a path, which has this hash; one that is there is written anew.

        So it is as young as a new one, and what it takes says nothing of what was there.
        """
        self._blobs.write_file(_name(sha256), path)

    def read_range(self, sha256: str, start: int, stop: int) -> bytes:
        """Return some bytes of an address, not verified.

        Raises:
            NotFoundError: If nothing is stored there.
        """
        try:
            return self._blobs.read_range(_name(sha256), start, stop)
        except FileNotFoundError as error:
            raise NotFoundError("artifact file", sha256) from error

    def fetch(self, sha256: str, path: Path) -> None:
        """Write the bytes of an address to a file, piece by piece, and verify them.

        Raises:
            NotFoundError: If nothing is stored there.
            ArtifactStoreError: If what is stored there is damaged.
            OSError: If the file cannot be written.
        """
        try:
            size = self._blobs.look(_name(sha256)).size_bytes
        except FileNotFoundError as error:
            raise NotFoundError("artifact file", sha256) from error
        digest = hashlib.sha256()
        with path.open("wb") as file:
            for start in range(0, size, _PIECE_BYTES):
                piece = self.read_range(sha256, start, min(start + _PIECE_BYTES, size))
                digest.update(piece)
                file.write(piece)
        if digest.hexdigest() != sha256:
            raise ArtifactStoreError(f"artifact file {sha256} is damaged")

    def read(self, sha256: str) -> bytes:
        """Return the bytes of an address, verified.

        Raises:
            NotFoundError: If nothing is stored there, or it is no sha256 in lower-case hex.
            ArtifactStoreError: If what is stored there is damaged.
        """
        try:
            content = self._blobs.read(_name(sha256))
        except FileNotFoundError as error:
            raise NotFoundError("artifact file", sha256) from error
        if hashlib.sha256(content).hexdigest() != sha256:
            raise ArtifactStoreError(f"artifact file {sha256} is damaged")
        return content

    def stored(self) -> Iterator[StoredFile]:
        """Yield everything of ours in the store; what somebody else put there is left out."""
        for blob in self._blobs.stored():
            kind, key = _kind(blob.name)
            if kind is not None:
                yield StoredFile(kind=kind, key=key, blob=blob)

    def remove(self, file: StoredFile, unless_after: datetime) -> bool:
        """Remove a file unless it was written after a time; returns whether it was removed."""
        try:
            if self._blobs.look(file.blob.name).modified_at > unless_after:
                return False
        except FileNotFoundError:
            return False
        self._blobs.delete(file.blob.name)
        return True

    def checkpoints(self, trial_id: str) -> StoredCheckpoint:
        """Return the checkpoint of a trial.

        Raises:
            NotFoundError: If it is no trial's id.
        """
        if not _TRIAL_ID.fullmatch(trial_id):
            raise NotFoundError("trial", trial_id)
        return StoredCheckpoint(self._blobs, f"{_CHECKPOINTS}/{trial_id}.pt")


def _kind(name: str) -> tuple[FileKind | None, str]:
    folder, _, last = name.rpartition("/")
    if last.startswith(DRAFT) or folder == "probes":
        return FileKind.LEFT_OVER, ""
    if folder == _CHECKPOINTS and _TRIAL_ID.fullmatch(last.removesuffix(".pt")):
        return FileKind.CHECKPOINT, last.removesuffix(".pt")
    if folder == last[:2] and _SHA256.fullmatch(last):
        return FileKind.CONTENT, last
    return None, ""


def _name(sha256: str) -> str:
    if not _SHA256.fullmatch(sha256):
        raise NotFoundError("artifact file", sha256)
    return f"{sha256[:2]}/{sha256}"
