"""Files as users have them, written by pandas, Pillow, NumPy and zipfile: none of our own code."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image
from sklearn.datasets import load_digits

Images = NDArray[np.uint8]
Labels = NDArray[np.int64]


@cache
def digits() -> tuple[Images, Labels]:
    """scikit-learn's digits, class by class: ``(1797, 8, 8)`` and ``(1797,)``."""
    bunch = load_digits()
    order = np.argsort(bunch.target, kind="stable")
    return np.rint(bunch.images * (255 / 16)).astype(np.uint8)[order], bunch.target[order]


def coloured(n_per_class: int = 12, n_classes: int = 3, side: int = 8) -> tuple[Images, Labels]:
    """Random colour images, class by class: ``(N, H, W, 3)`` and ``(N,)``."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(n_classes), n_per_class)
    return rng.integers(0, 256, (len(labels), side, side, 3), np.uint8), labels


def encoded(pixels: NDArray[Any], kind: str = "PNG", **options: Any) -> bytes:
    """Return pixels as a PNG, which keeps them, or another file of Pillow's."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


def npz(path: Path, **arrays: Any) -> Path:
    """Write arrays, compressed."""
    np.savez_compressed(path, **arrays)
    return path


def parquet(path: Path, images: Images, labels: Labels, column: str = "img") -> Path:
    """Write images and labels as the library ``datasets`` lays them out."""
    rows = [{"bytes": encoded(image), "path": f"{i}.png"} for i, image in enumerate(images)]
    pd.DataFrame({column: rows, "label": labels.astype(np.int64)}).to_parquet(path)
    return path


def zipped(path: Path, files: Mapping[str, bytes]) -> Path:
    """Write a zip of these files, stored."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def class_folders(
    images: Images, labels: Labels, names: Sequence[str], around: str = ""
) -> dict[str, bytes]:
    """Return the files of class folders by name."""
    return {
        f"{around}{names[label]}/{i:05}.png": encoded(image)
        for i, (image, label) in enumerate(zip(images, labels, strict=True))
    }
