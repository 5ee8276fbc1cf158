"""The Hugging Face parquet layout: ``img`` = struct(``bytes`` PNG, ``path``), ``label`` int64."""

import io
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from training.datasets.dataset import Split
from training.datasets.errors import DatasetFormatError

_MODES: Final = {1: "L", 3: "RGB"}
_BATCH: Final = 1000


def read_parquet(path: Path, shape: tuple[int, int, int]) -> Split:
    """Decode every image of one file, in its order.

    Args:
        path: A parquet file with the columns ``img`` and ``label``.
        shape: ``(C, H, W)`` that every image must have.

    Raises:
        DatasetFormatError: If a column is missing or an image is no PNG of that shape.
    """
    try:
        with pq.ParquetFile(path) as file:
            n = file.metadata.num_rows
            images = np.empty((n, *shape), dtype=np.uint8)
            labels = np.empty(n, dtype=np.int64)
            start = 0
            for batch in file.iter_batches(_BATCH, columns=["img.bytes", "label"]):
                stop = start + batch.num_rows
                labels[start:stop] = batch.column("label").to_numpy(zero_copy_only=False)
                encoded = batch.column("img").field("bytes")
                for i, png in enumerate(encoded, start=start):
                    images[i] = _decode(png.as_py(), shape)
                start = stop
    except (pa.ArrowException, KeyError, OSError, TypeError, ValueError) as error:
        raise DatasetFormatError(path, f"not the expected parquet layout: {error}") from error
    return Split(images=images, labels=labels)


def _decode(
    png: bytes, shape: tuple[int, int, int]
) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    channels, height, width = shape
    with Image.open(io.BytesIO(png), formats=("PNG",)) as image:
        if image.size != (width, height) or image.mode != _MODES[channels]:
            raise ValueError(
                f"an image is {image.mode} {image.size}, not {_MODES[channels]} {width}x{height}"
            )
        pixels = np.asarray(image)  # (H, W) or (H, W, C)
    return pixels.reshape(height, width, channels).transpose(2, 0, 1)
