"""Exports are made when they are asked for; the ones asked for last are kept."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Final

MAX_BYTES: Final = 64 * 1024 * 1024
"""Some hundred exports of the networks that searches find."""


class ExportCache:
    """Keeps what was used last, up to a number of bytes; one export is made at a time.

    Args:
        make: From a packed file and the name of a format to the export.
        max_bytes: Most that is kept; a larger export is made each time.
    """

    def __init__(self, make: Callable[[bytes, str], bytes], *, max_bytes: int = MAX_BYTES) -> None:
        self._make = make
        self._max_bytes = max_bytes
        self._kept: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        self._n_bytes = 0
        self._lock = Lock()

    def get(self, sha256: str, name: str, read: Callable[[], bytes]) -> bytes:
        """Return an export.

        Args:
            sha256: Hash of the packed file.
            name: Of the format.
            read: Reads the packed file; called only when the export has to be made.
        """
        key = (sha256, name)
        with self._lock:
            if key not in self._kept:
                content = self._make(read(), name)
                if len(content) > self._max_bytes:
                    return content
                self._kept[key] = content
                self._n_bytes += len(content)
                self._drop()
            self._kept.move_to_end(key)
            return self._kept[key]

    def _drop(self) -> None:
        while self._n_bytes > self._max_bytes:
            _, dropped = self._kept.popitem(last=False)
            self._n_bytes -= len(dropped)
