"""The artifact store: packed files by their sha256, and one checkpoint per trial in training."""

import hashlib
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from search.errors import BitparetoError, NotFoundError

_SHA256 = re.compile(r"[0-9a-f]{64}")
_TRIAL_ID = re.compile(r"trl_[0-9A-Z]{26}")


class ArtifactStoreError(BitparetoError):
    """The store cannot be used as configured, or a file in it is damaged; do not retry."""


@dataclass(frozen=True, slots=True)
class FileCheckpoints:
    """Implements ``search.ports.CheckpointStore`` for one trial."""

    path: Path

    def load(self) -> bytes | None:
        """Return the last checkpoint, or ``None``."""
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            return None

    def save(self, checkpoint: bytes) -> None:
        """Replace the checkpoint atomically."""
        _write_atomically(self.path, checkpoint)

    def discard(self) -> None:
        """Remove the checkpoint; nothing happens when there is none."""
        self.path.unlink(missing_ok=True)


class ArtifactFiles:
    """A content-addressed store in a folder.

    Args:
        url: ``file://`` URL of the folder, which is made when missing.

    Raises:
        ArtifactStoreError: If the URL's scheme is another one.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
            raise ArtifactStoreError(f"artifact store {url!r}: only file:// URLs are supported")
        self._root = Path(unquote(parts.path))

    def put(self, content: bytes) -> str:
        """Store bytes and return their sha256; storing them again mends a damaged copy."""
        sha256 = hashlib.sha256(content).hexdigest()
        try:
            self.read(sha256)
        except (NotFoundError, ArtifactStoreError):
            _write_atomically(self.path(sha256), content)
        return sha256

    def path(self, sha256: str) -> Path:
        """Return where the bytes of an address lie, whether or not they are there.

        Raises:
            NotFoundError: If it is no sha256 in lower-case hex.
        """
        if not _SHA256.fullmatch(sha256):
            raise NotFoundError("artifact file", sha256)
        return self._root / sha256[:2] / sha256

    def read(self, sha256: str) -> bytes:
        """Return the bytes of an address, verified.

        Raises:
            NotFoundError: If nothing is stored there.
            ArtifactStoreError: If what is stored there is damaged.
        """
        try:
            content = self.path(sha256).read_bytes()
        except FileNotFoundError as error:
            raise NotFoundError("artifact file", sha256) from error
        if hashlib.sha256(content).hexdigest() != sha256:
            raise ArtifactStoreError(f"artifact file {sha256} is damaged")
        return content

    def checkpoints(self, trial_id: str) -> FileCheckpoints:
        """Return the checkpoint of a trial.

        Raises:
            NotFoundError: If it is no trial's id.
        """
        if not _TRIAL_ID.fullmatch(trial_id):
            raise NotFoundError("trial", trial_id)
        return FileCheckpoints(self._root / "checkpoints" / f"{trial_id}.pt")


def _write_atomically(path: Path, content: bytes) -> None:
    """Write beside the target, flush to the disk, rename: readers see all of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".incoming-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)  # the API may run as another user than the workers
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the new name, too, must outlive a power cut
    finally:
        os.close(folder)
