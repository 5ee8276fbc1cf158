"""Parquet files in the Hugging Face layout: a column of images, and ``label``.

An image is a struct of ``bytes``, a PNG or JPEG file, and ``path``, which is never opened.
"""

import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from search.errors import InvalidRequestError
from training.uploads.archive import Archive
from training.uploads.collected import MOST_IMAGES, Collected
from training.uploads.options import SPLIT_NAMES, SPLITS, refusal, shown
from training.uploads.pictures import MOST_FILE_BYTES

SUFFIX: Final = ".parquet"
MAGIC: Final = b"PAR1"
_IMAGES: Final = ("img", "image")
_LABEL: Final = "label"
_BATCH: Final = 64
_SPLIT_OF_NAME: Final = re.compile(rf"({'|'.join(SPLIT_NAMES)})(?:[-_.].*)?{re.escape(SUFFIX)}")


def read_tables_of(archive: Archive, folder: Path, into: Collected) -> None:
    """Take the images of a zip of parquet files; their names say which split they are.

    Args:
        archive: Holds nothing but parquet files.
        folder: Where one of them at a time is unpacked, under a name of ours.
        into: Gets the images.

    Raises:
        InvalidRequestError: If they are not as they should be.
    """
    names = archive.names
    splits = {name: _split_of(name) for name in names}
    if {*splits.values()} == {None}:
        splits = dict.fromkeys(names, "train")
    if unnamed := [name for name in names if splits[name] is None]:
        allowed = ("train-00000-of-00001.parquet", "validation-...", "test-...")
        raise refusal(unnamed[0], "unknown_split", "its name says no split", allowed)
    for split in SPLITS:
        for name in (name for name in names if splits[name] == split):
            unpacked = folder / f"table{SUFFIX}"
            with archive.open(name) as source, unpacked.open("wb") as target:
                shutil.copyfileobj(source, target, 1 << 20)
            read_table(unpacked, name, split, into)
            unpacked.unlink()


def _split_of(name: str) -> str | None:
    found = _SPLIT_OF_NAME.fullmatch(name.rpartition("/")[2])
    return SPLIT_NAMES[found[1]] if found else None


def read_table(path: Path, name: str, split: str, into: Collected) -> None:
    """Take the images of one parquet file.

    Raises:
        InvalidRequestError: If it is not in that layout.
    """
    try:
        with pq.ParquetFile(path) as file:
            _check_rows(file, name, into)
            column = _image_column(file.schema_arrow, name)
            _note_classes(file.schema_arrow, into)
            wanted = [f"{column}.bytes", _LABEL]
            row = 0
            for batch in file.iter_batches(_BATCH, columns=wanted, use_threads=False):
                encoded = batch.column(column).field("bytes").to_pylist()
                labels = batch.column(_LABEL).to_pylist()
                _take(into, split, encoded, labels, name, row)
                row += batch.num_rows
    except InvalidRequestError:
        raise
    except (pa.ArrowException, KeyError, OSError, OverflowError, TypeError, ValueError) as error:
        detail = f"is no parquet file of images and labels: {shown(str(error))}"
        raise refusal(name, "no_table", detail) from error


def _check_rows(file: Any, name: str, into: Collected) -> None:
    n = file.metadata.num_rows
    if n + len(into) > MOST_IMAGES:
        raise refusal(name, "too_many_images", f"has {n} rows", (f"up to {MOST_IMAGES}",))


def _image_column(schema: Any, name: str) -> str:
    has_label = _LABEL in schema.names and pa.types.is_integer(schema.field(_LABEL).type)
    for column in _IMAGES:
        if column not in schema.names or not has_label:
            continue
        kind = schema.field(column).type
        if pa.types.is_struct(kind) and kind.get_field_index("bytes") >= 0:
            return column
    found = shown(", ".join(f"{field.name}: {field.type}" for field in schema)[:500])
    allowed = ("img or image: struct<bytes: binary, path: string>", "label: int64")
    raise refusal(name, "columns", f"has the columns {found}", allowed)


def _note_classes(schema: Any, into: Collected) -> None:
    """Keep the names of classes where the writer left them, as the library ``datasets`` does."""
    try:
        said = json.loads((schema.metadata or {})[b"huggingface"])
        names = said["info"]["features"][_LABEL]["names"]
    except (KeyError, TypeError, ValueError):
        return
    if into.class_names is None and isinstance(names, list):
        into.class_names = [str(each) for each in names]


def _take(
    into: Collected,
    split: str,
    encoded: Sequence[bytes | None],
    labels: Sequence[int | None],
    name: str,
    first: int,
) -> None:
    for row, (content, label) in enumerate(zip(encoded, labels, strict=True), start=first):
        place = f"{name}[{row}]"
        if content is None:
            detail = "has no bytes; an image that only has a path is not looked for"
            raise refusal(place, "no_image", detail)
        if label is None:
            raise refusal(place, "labels", "has no label")
        if len(content) > MOST_FILE_BYTES:
            detail = f"has {len(content)} bytes"
            raise refusal(place, "too_large", detail, (f"up to {MOST_FILE_BYTES}",))
        into.add_encoded(split, content, label, place)
