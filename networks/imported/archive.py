"""The zip around a program: what may be inside, and how much of it.

Nothing is extracted to disk, and no entry is decompressed beyond the size it announces.
"""

import io
import re
import struct
import zipfile
import zlib
from dataclasses import dataclass
from typing import Final

from networks.imported.errors import ProgramError, ProgramProblem, refusal

MOST_ENTRIES: Final = 10_000
MOST_BYTES: Final = 512 << 20
"""Of all entries together, uncompressed."""
MOST_JSON_BYTES: Final = 64 << 20
MOST_RATIO: Final = 200
"""Uncompressed over compressed; the exporter stores without compression, so this is generous."""

_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED: Final = 0x1
_SYMLINK: Final = 0o120000
_FILE_TYPE: Final = 0o170000

_ALLOWED: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"archive_format|archive_version|byteorder|version|\.data/(version|serialization_id)",
        r"models/[^/]+\.json",
        r"data/weights/weight_\d+|data/weights/[^/]+_weights_config\.json",
        r"data/constants/tensor_\d+|data/constants/[^/]+_constants_config\.json",
        r"data/sample_inputs/[^/]+\.pt",  # a pickle in every archive; it is never opened
        r"extra/.+",  # notes of the author; never opened
    )
)
_REFUSED: Final = (
    (r"data/aotinductor/.*|data/executorch/.*|data/mtia.*", "compiled_code", "compiled code"),
    (r"data/(weights|constants)/.*\.pt", "pickled", "a pickle of tensors, an older layout"),
    (r"data/constants/(custom_obj|opaque_obj)_.*", "pickled", "a pickled object"),
    (r"serialized_.*", "old_layout", "the layout before torch 2.8, with pickles"),
)
_HOW: Final = "save it anew with torch.export.save of torch 2.13"


@dataclass(frozen=True, slots=True)
class Archive:
    """The entries of a checked archive, by name below its single folder."""

    _zip: zipfile.ZipFile
    _entries: dict[str, zipfile.ZipInfo]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all entries."""
        return tuple(self._entries)

    def size(self, name: str) -> int:
        """Return an entry's length in bytes, 0 when there is no such entry."""
        return self._entries[name].file_size if name in self._entries else 0

    def read(self, name: str) -> bytes:
        """Return an entry's bytes, its checksum verified.

        Raises:
            ProgramError: If it is missing or damaged.
        """
        entry = self._entries.get(name)
        if entry is None:
            raise refusal(name, "missing", "is not in the archive")
        try:
            with self._zip.open(entry) as file:
                data = file.read(entry.file_size + 1)
        except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError) as error:
            raise refusal(name, "damaged", f"cannot be read: {error}") from error
        except (NotImplementedError, RuntimeError, ValueError) as error:
            raise refusal(name, "damaged", f"cannot be read: {error}") from error
        if len(data) != entry.file_size:
            raise refusal(name, "damaged", f"has not the {entry.file_size} bytes it announces")
        return data


def open_archive(data: bytes) -> Archive:
    """Check the table of contents of a ``.pt2`` archive.

    Raises:
        ProgramError: With every entry that may not be there.
    """
    try:
        opened = zipfile.ZipFile(io.BytesIO(data))
        entries = [entry for entry in opened.infolist() if not entry.is_dir()]
    except (zipfile.BadZipFile, struct.error, OSError, ValueError, NotImplementedError) as error:
        detail = f"is no zip archive, as torch.export.save makes them: {error}"
        raise refusal("archive", "no_archive", detail) from error
    if not entries or len(entries) > MOST_ENTRIES:
        detail = f"has {len(entries)} entries"
        raise refusal("archive", "n_entries", detail, (f"1 to {MOST_ENTRIES}",))
    _check_sizes(entries, len(data))
    _check_names([entry.filename for entry in entries])
    root = entries[0].filename.partition("/")[0]
    if any(entry.filename == f"{root}/data.pkl" for entry in entries):
        detail = (
            "is a file of torch.save: weights, or a pickled module, and no program; "
            "write torch.export.save(torch.export.export(model.eval(), (images,)), path)"
        )
        raise refusal("archive", "checkpoint", detail)
    named: dict[str, zipfile.ZipInfo] = {}
    problems: list[ProgramProblem] = []
    for entry in entries:
        folder, _, name = entry.filename.partition("/")
        if folder != root:
            detail = f"is outside the archive's folder {root!r}"
            problems.append(ProgramProblem(entry.filename, "outside", detail))
        elif name in named:
            problems.append(ProgramProblem(name, "duplicate", "is there twice"))
        else:
            named[name] = entry
            problems += _entry_problems(name, entry)
    if problems:
        raise ProgramError(problems)
    return Archive(opened, named)


def _check_sizes(entries: list[zipfile.ZipInfo], n_bytes: int) -> None:
    total = sum(entry.file_size for entry in entries)
    if total > MOST_BYTES:
        detail = f"would have {total} bytes unpacked"
        raise refusal("archive", "too_large", detail, (f"up to {MOST_BYTES}",))
    if sum(entry.compress_size for entry in entries) > n_bytes:
        raise refusal("archive", "damaged", "its entries overlap or reach over its end")
    for entry in entries:
        if entry.file_size > MOST_RATIO * max(entry.compress_size, 1):
            detail = f"unpacks to more than {MOST_RATIO} times its size"
            raise refusal(_shown(entry.filename), "too_dense", detail)


def _check_names(names: list[str]) -> None:
    for name in names:
        parts = name.split("/")
        if name.startswith("/") or "\\" in name or "\0" in name or ".." in parts or "" in parts:
            raise refusal(_shown(name), "unsafe_name", "is no plain relative path")


def _entry_problems(name: str, entry: zipfile.ZipInfo) -> list[ProgramProblem]:
    shown = _shown(name)
    for pattern, code, what in _REFUSED:
        if re.fullmatch(pattern, name):
            return [ProgramProblem(shown, code, f"is {what}, which is not loaded; {_HOW}")]
    if not any(pattern.fullmatch(name) for pattern in _ALLOWED):
        detail = (
            "is no part of an exported program: a program has an archive_format, models/, data/"
        )
        return [ProgramProblem(shown, "unknown_entry", detail)]
    if entry.flag_bits & _ENCRYPTED or entry.compress_type not in _METHODS:
        return [ProgramProblem(shown, "unreadable", "is encrypted or compressed unusually")]
    if (entry.external_attr >> 16) & _FILE_TYPE == _SYMLINK:
        return [ProgramProblem(shown, "unsafe_name", "is a link")]
    if name.endswith(".json") and entry.file_size > MOST_JSON_BYTES:
        detail = f"has {entry.file_size} bytes"
        return [ProgramProblem(shown, "too_large", detail, (f"up to {MOST_JSON_BYTES}",))]
    return []


def _shown(name: str) -> str:
    return name[:200].encode("ascii", "backslashreplace").decode()
