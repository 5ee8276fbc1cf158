"""The binary version of CIFAR-10, the one original archive that holds no pickle.

Source: https://www.cs.toronto.edu/~kriz/cifar.html: each record is one label byte and 3,072 pixel
bytes, channel after channel, row after row.
"""

import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from training.datasets.dataset import Split
from training.datasets.errors import DatasetFormatError

_SHAPE: Final = (3, 32, 32)
_RECORD: Final = 1 + 3 * 32 * 32
_MAX_MEMBER: Final = 10_000 * _RECORD
TRAIN_MEMBERS: Final = tuple(f"cifar-10-batches-bin/data_batch_{i}.bin" for i in range(1, 6))
TEST_MEMBERS: Final = ("cifar-10-batches-bin/test_batch.bin",)


def read_cifar_binary(archive: Path, members: Sequence[str]) -> Split:
    """Read the named members of the archive; nothing is extracted to disk.

    Raises:
        DatasetFormatError: If a member is missing or no whole number of records.
    """
    records = []
    try:
        with tarfile.open(archive) as tar:
            for member in members:
                file = tar.extractfile(member)
                data = b"" if file is None else file.read(_MAX_MEMBER + 1)
                if not data or len(data) % _RECORD or len(data) > _MAX_MEMBER:
                    raise DatasetFormatError(archive, f"{member} is no file of CIFAR-10 records")
                records.append(np.frombuffer(data, dtype=np.uint8).reshape(-1, _RECORD))
    except (tarfile.TarError, KeyError, EOFError) as error:
        raise DatasetFormatError(archive, f"not the binary CIFAR-10 archive: {error}") from error
    table = np.concatenate(records)  # (N, 3073)
    return Split(
        images=table[:, 1:].reshape(-1, *_SHAPE).copy(), labels=table[:, 0].astype(np.int64)
    )
