"""Sizes as people write them."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

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


def with_sizes(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields with sizes such as ``"64 KiB"`` as numbers, wherever a key says bytes.

    Raises:
        SizeError: If text under such a key says no size; it names the key.

    Example:
        >>> with_sizes({"budgets": {"size_bytes": "64 KiB", "macs": 10}})
        {'budgets': {'size_bytes': 65536, 'macs': 10}}
        >>> with_sizes({"focus": {"size_bytes": ["32 KiB", 65536]}})
        {'focus': {'size_bytes': [32768, 65536]}}
    """
    return {name: _sized(name, value) for name, value in fields.items()}


def _sized(name: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return with_sizes(value)
    if not str(name).endswith("_bytes"):
        return value
    if isinstance(value, list | tuple):
        return [_sized(name, each) for each in value]
    if not isinstance(value, str):
        return value
    try:
        return parse_size(value)
    except SizeError as error:
        raise SizeError(f"{name}: {error}") from error
