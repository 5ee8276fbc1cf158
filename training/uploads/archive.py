"""The zip around arrays, parquet files or class folders: what may be inside, and how much of it.

Names are never used as paths, and no entry is decompressed beyond the size it announces.
"""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Final

from search.errors import InvalidRequestError
from training.uploads.options import refusal, shown

MOST_ENTRIES: Final = 300_000
MOST_BYTES: Final = 4 << 30
"""Of all entries together, uncompressed."""
MOST_RATIO: Final = 200
"""Uncompressed over compressed, of entries of more than ``FREE_BYTES``: DEFLATE reaches 1032."""
FREE_BYTES: Final = 1 << 20

_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED: Final = 0x1
_FILE_TYPE: Final = 0o170000
_REGULAR: Final = (0, 0o100000)
_JUNK: Final = (".DS_Store", "Thumbs.db", "desktop.ini")
_NESTED: Final = (
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ\x00",
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!\x1a\x07",
    b"\x28\xb5\x2f\xfd",
)
_ERRORS: Final = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)


class Archive:
    """A checked zip; entries by name, in the order of their names."""

    def __init__(self, opened: zipfile.ZipFile, entries: dict[str, zipfile.ZipInfo]) -> None:
        self._zip = opened
        self._entries = entries

    @property
    def names(self) -> list[str]:
        """Names of all files, sorted; what file managers leave behind is not among them."""
        return sorted(self._entries)

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """Open an entry; what is damaged in it is refused.

        Raises:
            InvalidRequestError: If it cannot be read.
        """
        try:
            with self._zip.open(self._entries[name]) as file:
                yield file
        except InvalidRequestError:
            raise
        except _ERRORS as error:
            raise refusal(name, "damaged", f"cannot be read: {shown(str(error))}") from error

    def read(self, name: str, most: int) -> bytes:
        """Return an entry's bytes, its checksum verified.

        Raises:
            InvalidRequestError: If it has more than ``most`` bytes, is damaged or an archive.
        """
        size = self._entries[name].file_size
        if size > most:
            raise refusal(name, "too_large", f"has {size} bytes", (f"up to {most}",))
        with self.open(name) as file:
            content = file.read(size + 1)
        if len(content) != size:
            raise refusal(name, "damaged", f"has not the {size} bytes it announces")
        if content.startswith(_NESTED):
            raise refusal(name, "nested_archive", "is an archive inside the archive")
        return content


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Open a zip whose table of contents is as it should be.

    Raises:
        InvalidRequestError: If anything in it may not be there.
    """
    try:
        opened = zipfile.ZipFile(path)
    except _ERRORS as error:
        raise refusal("archive", "damaged", f"is no sound zip archive: {error}") from error
    with opened:
        yield _checked(opened, path.stat().st_size)


def _checked(opened: zipfile.ZipFile, n_bytes: int) -> Archive:
    entries = [each for each in opened.infolist() if not each.is_dir()]
    if len(entries) > MOST_ENTRIES:
        detail = f"has {len(entries)} entries"
        raise refusal("archive", "n_entries", detail, (f"up to {MOST_ENTRIES}",))
    named: dict[str, zipfile.ZipInfo] = {}
    for entry in entries:
        _check_entry(entry)
        if entry.filename in named:
            raise refusal(entry.filename, "duplicate", "is there twice")
        named[entry.filename] = entry
    _check_sizes(entries, n_bytes)
    kept = {name: entry for name, entry in named.items() if not _is_junk(name)}
    if not kept:
        raise refusal("archive", "n_entries", "holds no file")
    return Archive(opened, kept)


def _check_sizes(entries: list[zipfile.ZipInfo], n_bytes: int) -> None:
    total = sum(entry.file_size for entry in entries)
    if total > MOST_BYTES:
        detail = f"would have {total} bytes unpacked"
        raise refusal("archive", "too_large", detail, (f"up to {MOST_BYTES}",))
    if sum(entry.compress_size for entry in entries) > n_bytes:
        raise refusal("archive", "damaged", "its entries overlap or reach over its end")
    for entry in entries:
        most = max(FREE_BYTES, MOST_RATIO * entry.compress_size)
        if entry.file_size > most:
            detail = f"unpacks to more than {MOST_RATIO} times its size"
            raise refusal(entry.filename, "too_dense", detail)


def _check_entry(entry: zipfile.ZipInfo) -> None:
    name = entry.filename
    parts = name.split("/")
    # a zip made on Windows may have drives and backslashes; zipfile cuts names at NUL
    unsafe = name.startswith("/") or "\\" in name or "\0" in entry.orig_filename or ":" in parts[0]
    if unsafe or {"", ".", ".."} & {*parts}:
        raise refusal(entry.orig_filename, "unsafe_name", "is no plain relative path")
    if (entry.external_attr >> 16) & _FILE_TYPE not in _REGULAR:
        raise refusal(name, "unsafe_name", "is a link or a device")
    if entry.flag_bits & _ENCRYPTED or entry.compress_type not in _METHODS:
        raise refusal(name, "unreadable", "is encrypted or compressed unusually")


def _is_junk(name: str) -> bool:
    path = PurePosixPath(name)
    return path.parts[0] == "__MACOSX" or path.name in _JUNK or path.name.startswith("._")
