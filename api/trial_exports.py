"""Trials as files: NDJSON, CSV and parquet, every trial that a query means, of one moment.

The rows are read in one short transaction into a file on the disk, and sent from there: a slow
client holds no connection to the database, and what cannot be written is an error, not half a file.
"""

import csv
import io
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from types import MappingProxyType
from typing import IO, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send
from typing_extensions import override

from api.sparse import sparse

IN_MEMORY_BYTES: Final = 4 << 20
BATCH: Final = 500
"""Rows of a read from the database, and of a row group in parquet."""
_CHUNK: Final = 1 << 16
_LEFT_OUT: Final = frozenset({"layers", "size_breakdown"})
"""Of single trials alone."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFormat:
    """How trials are written."""

    media_type: str
    suffix: str
    write: Callable[["Table", IO[bytes]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Flat rows and what is known of their columns.

    Attributes:
        columns: Types of the values seen in each, by name, in the order they were seen.
        rows: Gives the rows out, from the start at every call.
    """

    columns: Mapping[str, frozenset[type]]
    rows: Callable[[], Iterator[dict[str, Any]]]


def flat(item: Row, prefix: str = "") -> dict[str, Any]:
    """Return an item with the fields of its objects beside its own.

    Example:
        >>> flat({"id": "a", "costs": {"macs": 2}, "shape": [1, 2]})
        {'id': 'a', 'costs.macs': 2, 'shape': '[1, 2]'}
    """
    found: dict[str, Any] = {}
    for name, value in item.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{name}.")
        elif not (prefix == "" and name in _LEFT_OUT):
            found[prefix + name] = json.dumps(value) if isinstance(value, list) else value
    return found


def write_ndjson(items: Iterable[Row]) -> IO[bytes]:
    """Return a file with one JSON object per line, at its start."""
    file = _spool()
    for item in items:
        kept = {name: value for name, value in item.items() if name not in _LEFT_OUT}
        file.write(json.dumps(kept, separators=(",", ":")).encode() + b"\n")
    file.seek(0)
    return file


def write_table(items: Iterable[Row], form: ExportFormat) -> IO[bytes]:
    """Return a file of flat rows in a format, at its start."""
    columns: dict[str, set[type]] = {}
    with _spool() as kept:
        for item in items:
            row = flat(item)
            for name, value in row.items():
                columns.setdefault(name, set()).update(() if value is None else (type(value),))
            kept.write(json.dumps(row).encode() + b"\n")

        def rows() -> Iterator[dict[str, Any]]:
            kept.seek(0)
            return map(json.loads, kept)

        file = _spool()
        known = {name: frozenset(types) for name, types in columns.items()}
        form.write(Table(columns=known, rows=rows), file)
    file.seek(0)
    return file


def chunks(file: IO[bytes]) -> Iterator[bytes]:
    """Yield a file's content and close it."""
    with file:
        while chunk := file.read(_CHUNK):
            yield chunk


def length_of(file: IO[bytes]) -> int:
    """Return the length of a file that is at its start."""
    length = file.seek(0, io.SEEK_END)
    file.seek(0)
    return length


def _spool() -> IO[bytes]:
    return tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES)


def _write_csv(table: Table, file: IO[bytes]) -> None:
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    writer = csv.DictWriter(text, list(table.columns), restval="")
    writer.writeheader()
    writer.writerows(table.rows())
    text.detach()


def _write_parquet(table: Table, file: IO[bytes]) -> None:
    schema = pa.schema([(name, _type_of(name, seen)) for name, seen in table.columns.items()])
    with pq.ParquetWriter(file, schema) as writer:
        left = table.rows()
        while rows := list(islice(left, BATCH)):
            columns = [
                pa.array([_cell(row.get(field.name), field.type) for row in rows], field.type)
                for field in schema
            ]
            writer.write_table(pa.table(columns, schema=schema))


def _type_of(name: str, seen: frozenset[type]) -> Any:
    if name.endswith("_at"):
        return pa.timestamp("us", tz="UTC")
    if seen == {bool}:
        return pa.bool_()
    if seen == {int}:
        return pa.int64()
    return pa.float64() if seen and seen <= {int, float} else pa.string()


def _cell(value: Any, type_: Any) -> Any:
    if value is None:
        return None
    if pa.types.is_timestamp(type_):
        return datetime.fromisoformat(value)
    return value if isinstance(value, str) or not pa.types.is_string(type_) else json.dumps(value)


FORMATS: Final[Mapping[str, ExportFormat]] = MappingProxyType(
    {
        "csv": ExportFormat(media_type="text/csv", suffix=".csv", write=_write_csv),
        "parquet": ExportFormat(
            media_type="application/vnd.apache.parquet", suffix=".parquet", write=_write_parquet
        ),
    }
)
NDJSON: Final = "application/x-ndjson"


class PackedResponse(StreamingResponse):
    """Text that travels packed, a fraction of its size, to whoever takes that."""

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await GZipMiddleware(super().__call__, compresslevel=5)(scope, receive, send)


def export_response(
    items: Iterable[Row], paths: Sequence[str] | None, format_: str, name: str
) -> Response:
    """Return trials as a file to be saved.

    Args:
        items: Trials as JSON; read before this returns.
        paths: Fields to keep, ``None`` for all.
        format_: ``ndjson`` or a name of ``FORMATS``.
        name: Of the file, less its suffix.
    """
    kept = items if paths is None else (sparse(item, paths) for item in items)
    if format_ == "ndjson":
        file, media_type, suffix = write_ndjson(kept), NDJSON, ".ndjson"
    else:
        form = FORMATS[format_]
        file, media_type, suffix = write_table(kept, form), form.media_type, form.suffix
    headers = {
        "Content-Disposition": f'attachment; filename="{name}-trials{suffix}"',
        "Content-Length": f"{length_of(file)}",
    }
    kind = StreamingResponse if format_ == "parquet" else PackedResponse  # which packs itself
    return kind(chunks(file), headers=headers, media_type=media_type)
