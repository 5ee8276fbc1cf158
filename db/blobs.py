"""Bytes under names, in a folder or in an object store: written whole or not at all."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from shutil import copyfileobj
from typing import IO, Any, Final, Protocol
from urllib.parse import unquote, urlsplit

from search.errors import BitparetoError

SCHEMES: Final = ("file", "s3")
DRAFT: Final = ".incoming-"
"""How the names of files begin that are being written."""
_PIECE: Final = 1 << 20
_CONNECT_S: Final = 5
_READ_S: Final = 60
_ATTEMPTS: Final = 3


class ArtifactStoreError(BitparetoError):
    """The store cannot be used as configured, or a file in it is damaged; do not retry."""


class ArtifactStoreUnavailableError(ArtifactStoreError):
    """The store is unreachable, full, read-only or refuses us; retry once somebody mended it."""


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """What is known of a blob without reading it; ``modified_at`` is by the store's clock, UTC."""

    name: str
    size_bytes: int
    modified_at: datetime


class Blobs(Protocol):
    """Named blobs. All methods raise ``ArtifactStoreUnavailableError``."""

    def read(self, name: str) -> bytes:
        """Return a blob; raises ``FileNotFoundError`` where there is none."""

    def write(self, name: str, content: bytes) -> None:
        """Store a blob, in place of one of this name: readers see all of it or the old one."""

    def read_range(self, name: str, start: int, stop: int) -> bytes:
        """Return some bytes of a blob, fewer at its end; raises as ``read``."""

    def write_file(self, name: str, path: Path) -> None:
        """Store the file at a path, as ``write`` does, without having it in memory."""

    def delete(self, name: str) -> None:
        """Remove a blob; nothing happens where there is none."""

    def look(self, name: str) -> StoredBlob:
        """Return what is known of a blob; raises ``FileNotFoundError`` where there is none."""

    def stored(self, prefix: str = "") -> Iterator[StoredBlob]:
        """Yield the blobs whose names begin with ``prefix``, a path that ends with ``/``."""


def open_blobs(url: str) -> Blobs:
    """Open the store at a URL.

    Args:
        url: ``file://`` folder, made when missing, or ``s3://bucket/prefix``. What S3 needs beside
            it (region, keys, ``AWS_ENDPOINT_URL``) comes from the environment, as for any other
            S3 client.

    Raises:
        ArtifactStoreError: If the URL is of another kind, or support for it is not installed.
    """
    parts = urlsplit(url)
    if parts.scheme == "file" and parts.netloc in ("", "localhost"):
        return FolderBlobs(Path(unquote(parts.path)))
    if parts.scheme == "s3" and parts.netloc:
        return S3Blobs(f"{parts.netloc}{parts.path}".rstrip("/"))
    raise ArtifactStoreError(
        f"artifact store {url!r} is neither a file:///folder nor an s3://bucket/prefix URL"
    )


class FolderBlobs:
    """Blobs as files of a folder; several machines may mount it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def read(self, name: str) -> bytes:
        """See ``Blobs``."""
        with _folder_errors(self.root):
            return (self.root / name).read_bytes()

    def write(self, name: str, content: bytes) -> None:
        """See ``Blobs``."""
        with _folder_errors(self.root):
            _write_atomically(self.root / name, lambda file: file.write(content))

    def read_range(self, name: str, start: int, stop: int) -> bytes:
        """See ``Blobs``."""
        with _folder_errors(self.root), (self.root / name).open("rb") as file:
            file.seek(start)
            return file.read(stop - start)

    def write_file(self, name: str, path: Path) -> None:
        """See ``Blobs``."""
        with _folder_errors(self.root), path.open("rb") as source:
            _write_atomically(self.root / name, lambda file: copyfileobj(source, file, _PIECE))

    def delete(self, name: str) -> None:
        """See ``Blobs``."""
        with _folder_errors(self.root):
            (self.root / name).unlink(missing_ok=True)

    def look(self, name: str) -> StoredBlob:
        """See ``Blobs``."""
        with _folder_errors(self.root):
            status = (self.root / name).stat()
        modified_at = datetime.fromtimestamp(status.st_mtime, UTC)
        return StoredBlob(name, status.st_size, modified_at)

    def stored(self, prefix: str = "") -> Iterator[StoredBlob]:
        """See ``Blobs``; what a killed process left half written is among them."""
        with _folder_errors(self.root):
            found = sorted(path for path in (self.root / prefix).rglob("*") if path.is_file())
        for path in found:
            with suppress(FileNotFoundError):  # somebody removed it meanwhile
                yield self.look(path.relative_to(self.root).as_posix())


@contextmanager
def _folder_errors(root: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        detail = f"artifact store {root}: {error.strerror or error}"
        raise ArtifactStoreUnavailableError(detail) from error


def _write_atomically(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Write beside the target, flush to the disk, rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=DRAFT)
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
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


class S3Blobs:
    """Blobs as objects below a prefix of an S3-compatible store; its writes are atomic."""

    def __init__(self, root: str) -> None:
        try:
            s3fs = import_module("s3fs")
            botocore = import_module("botocore.exceptions")
        except ImportError as error:
            raise ArtifactStoreError(
                "an s3:// artifact store needs the extra 'distributed': "
                "pip install 'bitpareto-server[distributed]'"
            ) from error
        self._root = root
        self._errors = (OSError, botocore.BotoCoreError, botocore.ClientError)
        retries = {"max_attempts": _ATTEMPTS}
        self._files: Any = s3fs.S3FileSystem(
            skip_instance_cache=True,  # a cached one belongs to other settings
            # another process may have written or removed an object since we looked
            use_listings_cache=False,
            config_kwargs={
                "connect_timeout": _CONNECT_S,
                "read_timeout": _READ_S,
                "retries": retries,
            },
        )

    def read(self, name: str) -> bytes:
        """See ``Blobs``."""
        with self._translated():
            content: bytes = self._files.cat_file(f"{self._root}/{name}")
        return content

    def write(self, name: str, content: bytes) -> None:
        """See ``Blobs``."""
        with self._translated():
            self._files.pipe_file(f"{self._root}/{name}", content)

    def read_range(self, name: str, start: int, stop: int) -> bytes:
        """See ``Blobs``."""
        if start == stop:  # HTTP has no empty range; asked for one, a server sends everything
            self.look(name)
            return b""
        with self._translated():
            part: bytes = self._files.cat_file(f"{self._root}/{name}", start=start, end=stop)
        return part

    def write_file(self, name: str, path: Path) -> None:
        """See ``Blobs``."""
        with self._translated():
            self._files.put_file(str(path), f"{self._root}/{name}")

    def delete(self, name: str) -> None:
        """See ``Blobs``."""
        try:
            with self._translated():
                self._files.rm_file(f"{self._root}/{name}")
        except FileNotFoundError:
            return

    def look(self, name: str) -> StoredBlob:
        """See ``Blobs``."""
        with self._translated():
            facts: dict[str, Any] = self._files.info(f"{self._root}/{name}", refresh=True)
        return StoredBlob(name, int(facts["size"]), facts["LastModified"].astimezone(UTC))

    def stored(self, prefix: str = "") -> Iterator[StoredBlob]:
        """See ``Blobs``."""
        with self._translated():
            found: dict[str, Any] = self._files.find(f"{self._root}/{prefix}", detail=True)
        for path, facts in found.items():
            name = path.removeprefix(f"{self._root}/")
            yield StoredBlob(name, int(facts["size"]), facts["LastModified"].astimezone(UTC))

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            if "bucket" in str(error).lower():
                raise ArtifactStoreUnavailableError(
                    f"artifact store s3://{self._root}: {error}"
                ) from error
            raise
        except self._errors as error:
            detail = f"artifact store s3://{self._root}: {error or type(error).__name__}"
            raise ArtifactStoreUnavailableError(detail) from error
