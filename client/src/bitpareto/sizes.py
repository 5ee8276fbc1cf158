"""Sizes as people write them."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from bitpareto.errors import SizeError

Size = int | str
"""Bytes, or text such as ``"64 KiB"``, ``"1.5 MB"``, ``"900"``."""

_UNITS: Final[Mapping[str, int]] = {
    "": 1,
    "b": 1,
    "kb": 1000,
    "mb": 1000**2,
    "gb": 1000**3,
    "kib": 1024,
    "mib": 1024**2,
    "gib": 1024**3,
}
_SIZE: Final = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]*)\s*")


def parse_size(size: Size) -> int:
    """Return a number of bytes, rounded down.

    Raises:
        SizeError: If it says no size of at least one byte.

    Example:
        >>> parse_size("64 KiB"), parse_size("1.5kB"), parse_size(900)
        (65536, 1500, 900)
    """
    found = _SIZE.fullmatch(str(size))
    unit = _UNITS.get(found[2].lower()) if found else None
    n_bytes = int(Decimal(found[1]) * unit) if found and unit else 0
    if n_bytes < 1:
        raise SizeError(f"{size!r} is no size; write bytes or, for example, 64 KiB or 1.5 MB")
    return n_bytes


def format_size(n_bytes: float) -> str:
    """Return a size for people.

    Example:
        >>> format_size(900), format_size(65536), format_size(1.5 * 2**20)
        ('900 B', '64.0 KiB', '1.50 MiB')
    """
    if n_bytes < 1024:
        return f"{n_bytes:.0f} B"
    if n_bytes < 1024**2:
        return f"{n_bytes / 1024:.1f} KiB"
    return f"{n_bytes / 1024**2:.2f} MiB"
