"""The calls that concern data sets."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote

from bitpareto._calls import Call, Param, given, new_key, reader
from bitpareto.types import Dataset, Page

_PATH: Final = "/v1/datasets"
_LONGEST_NAME: Final = 64
_READING_S: Final = 3600.0
"""The server answers when it has read the images, which may wait for others' to be read."""

_read_dataset = reader(Dataset)
_read_datasets = reader(Page[Dataset])


def name_of(path: Path) -> str:
    """Return what a data set is called by default: the file's name, as far as a name may hold it.

    Example:
        >>> name_of(Path("My flowers (v2).zip"))
        'My-flowers-v2'
    """
    stem = path.resolve().stem
    return re.sub(r"[^A-Za-z0-9._]+", "-", stem).strip("-._")[:_LONGEST_NAME] or "data"


def dataset_path(reference: str) -> str:
    """Return the path of a data set, by id or name."""
    return f"{_PATH}/{quote(reference, safe='')}"


def upload_dataset(
    file: Path, options: Mapping[str, Param | None], on_sent: Callable[[int], None] | None
) -> Call[Dataset]:
    """Upload a file of images."""
    return Call(
        method="POST",
        path=_PATH,
        read=_read_dataset,
        params=given(**options),
        file=file,
        on_sent=on_sent,
        read_timeout_s=_READING_S,
        content_type="application/octet-stream",
        key=new_key(),
    )


def get_dataset(reference: str) -> Call[Dataset]:
    """Read what is known of a data set."""
    return Call(method="GET", path=dataset_path(reference), read=_read_dataset)


def list_datasets(limit: int, cursor: str | None) -> Call[Page[Dataset]]:
    """Read one page of data sets, newest first, those of the server at the end."""
    params = given(limit=limit, cursor=cursor)
    return Call(method="GET", path=_PATH, read=_read_datasets, params=params)


def delete_dataset(reference: str) -> Call[bytes]:
    """Delete a data set; a second time there is none, so a lost answer is not asked for again."""
    path = dataset_path(reference)
    return Call(method="DELETE", path=path, read=bytes, idempotent=False)


def get_samples(reference: str) -> Call[bytes]:
    """Read the picture of some of its images."""
    return Call(method="GET", path=f"{dataset_path(reference)}/samples", read=bytes)
