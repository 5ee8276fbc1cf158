"""The IDX layout of the MNIST family, gzipped or plain.

Source: http://yann.lecun.com/exdb/mnist: two zero bytes, a type byte, the number of dimensions,
each dimension as a big-endian 32-bit integer, then the values in C order.
"""

import gzip
import struct
import zlib
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.datasets.errors import DatasetFormatError

_UNSIGNED_BYTE: Final = 0x08
_MAX_VALUES: Final = 1 << 30
"""A header that promises more is refused before anything is allocated."""


def read_idx(path: Path) -> NDArray[np.uint8]:
    """Read an array of bytes of 1 to 3 dimensions.

    Raises:
        DatasetFormatError: If the file is not exactly what its header says.
    """
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            head = file.read(4)
            if (
                len(head) != 4
                or head[:3] != bytes((0, 0, _UNSIGNED_BYTE))
                or head[3] not in (1, 2, 3)
            ):
                raise DatasetFormatError(path, f"no IDX file of bytes: it starts with {head.hex()}")
            sizes = file.read(4 * head[3])
            if len(sizes) != 4 * head[3]:
                raise DatasetFormatError(path, "the header is cut off")
            shape = struct.unpack(f">{head[3]}I", sizes)
            count = int(np.prod(shape, dtype=object))
            if count > _MAX_VALUES:
                raise DatasetFormatError(path, f"the header promises {count} values")
            values = file.read(count + 1)
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise DatasetFormatError(path, f"damaged gzip file: {error}") from error
    if len(values) != count:
        raise DatasetFormatError(path, f"{count} values expected, not {len(values)} or more")
    return np.frombuffer(values, dtype=np.uint8).reshape(shape)
