"""The raw numbers of a program's parameters and buffers."""

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from networks.imported.archive import Archive
from networks.imported.errors import refusal
from networks.imported.program import model_name, read_json, sizes_of

_FOLDER: Final = "data/weights"
_DTYPES: Final[Mapping[int, np.dtype[Any]]] = {
    6: np.dtype("<f2"),
    7: np.dtype("<f4"),
    8: np.dtype("<f8"),
}
"""``ScalarType`` of the schema: HALF, FLOAT, DOUBLE."""


class Weights:
    """Parameters and persistent buffers by their names in the module, read when asked for."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._entry = f"{_FOLDER}/{model_name(archive)}_weights_config.json"
        rows = read_json(archive, self._entry).get("config")
        if not isinstance(rows, dict):
            raise refusal(f"{self._entry}#/config", "malformed", "must be an object")
        self._rows: dict[str, Any] = rows
        for name, row in rows.items():
            if not isinstance(row, dict) or row.get("use_pickle") is not False:
                detail = "is pickled or does not say that it is not, and pickles are not loaded"
                raise refusal(f"{self._entry}#/config/{name}", "pickled", detail)

    def read(self, name: str) -> NDArray[np.float32]:
        """Return a tensor as float32, C-contiguous.

        Raises:
            ProgramError: If it is missing, of another type, not finite, or reaches outside its
                entry.
        """
        place = f"{self._entry}#/config/{name}"
        match self._rows.get(name):
            case {
                "path_name": str(path),
                "tensor_meta": {
                    "dtype": int(kind),
                    "sizes": list(sizes),
                    "strides": list(strides),
                    "storage_offset": offset,
                },
            }:
                shape, steps, (start,) = sizes_of(sizes), sizes_of(strides), sizes_of([offset])
            case None:
                raise refusal(place, "missing", "is used by the program but not stored")
            case _:
                raise refusal(place, "malformed", "lacks path_name or a complete tensor_meta")
        dtype = _DTYPES.get(kind)
        if dtype is None:
            allowed = tuple(d.name for d in _DTYPES.values())
            raise refusal(f"{place}/tensor_meta/dtype", "not_float", "is no float type", allowed)
        data = self._archive.read(f"{_FOLDER}/{path}")
        stored = np.frombuffer(data[: len(data) // dtype.itemsize * dtype.itemsize], dtype=dtype)
        values = _strided(stored, shape, steps, start)
        if values is None:
            detail = f"shape {shape} with strides {steps} from {start} is not inside {path}"
            raise refusal(f"{place}/tensor_meta", "lying_size", f"{detail}, {len(data)} bytes")
        with np.errstate(over="ignore"):  # what float32 cannot hold is refused below
            floats = np.array(values, dtype=np.float32, order="C")
        if not np.isfinite(floats).all():
            raise refusal(place, "not_finite", "holds numbers that are not finite in float32")
        return floats


def _strided(
    stored: NDArray[Any], shape: list[int | None], steps: list[int | None], start: int | None
) -> NDArray[Any] | None:
    """Return a view of ``stored``; ``None`` if it would reach outside or repeat numbers."""
    if start is None or len(shape) != len(steps):
        return None
    sizes = [size for size in shape if size is not None]
    strides = [step for step in steps if step is not None]
    if len(sizes) < len(shape) or len(strides) < len(steps) or len(sizes) > 8:
        return None
    n_values = math.prod(sizes)
    last = start + sum((n - 1) * step for n, step in zip(sizes, strides, strict=True))
    if n_values == 0 or n_values > stored.size or last >= stored.size:
        return None
    # the step of a dimension of one means nothing, and may be any number
    steps_bytes = [
        step * stored.itemsize if n > 1 else 0 for n, step in zip(sizes, strides, strict=True)
    ]
    return np.lib.stride_tricks.as_strided(stored[start:], sizes, steps_bytes, writeable=False)
