"""``Range`` of one part (RFC 9110, section 14); whatever else is asked for gets the whole file."""

import re
from typing import Final

from starlette.exceptions import HTTPException

_ONE_RANGE: Final = re.compile(r"bytes=(\d*)-(\d*)")


def range_of(header: str | None, size: int) -> tuple[int, int] | None:
    """Return the half-open range asked for, or ``None`` for the whole file.

    Args:
        header: Value of ``Range``.
        size: Length of the file in bytes.

    Raises:
        HTTPException: 416, if the file has no such bytes.

    Example:
        >>> range_of("bytes=10-19", 100), range_of("bytes=-5", 100), range_of("bytes=95-", 100)
        ((10, 20), (95, 100), (95, 100))
    """
    asked = _ONE_RANGE.fullmatch(header.strip()) if header else None
    if asked is None or asked.groups() == ("", ""):
        return None
    first, last = asked.groups()
    if first:
        start, end = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < int(first):
            return None  # RFC 9110 14.1.1: an invalid range is ignored
    else:
        start, end = max(0, size - int(last)), size
    if start >= end:
        detail = f"the file has {size} bytes"
        raise HTTPException(416, detail, {"Content-Range": f"bytes */{size}"})
    return start, end
