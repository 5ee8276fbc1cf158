"""A picture of some images of each class."""

from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from training.uploads.stored import Contents

N_CLASSES: Final = 20
"""Classes that are shown, the first ones."""
N_IMAGES: Final = 10
"""Of each class, the first training images."""
_SIDE: Final = 48
_GAP: Final = 2


def write_samples(contents: Contents, path: Path) -> None:
    """Write a PNG with a row for each class; every image is a square of the same size."""
    train = contents.splits["train"]
    labels = contents.labels[train]
    rows = min(len(contents.class_names), N_CLASSES)
    step = _SIDE + _GAP
    sheet = Image.new("RGB", (N_IMAGES * step - _GAP, rows * step - _GAP), "white")
    for row in range(rows):
        for column, index in enumerate(train[labels == row][:N_IMAGES]):
            pixels = np.asarray(contents.pixels[index]).transpose(1, 2, 0)  # (H, W, C)
            image = Image.fromarray(np.repeat(pixels, 3, 2) if pixels.shape[2] == 1 else pixels)
            grows = max(image.size) < _SIDE
            method = Image.Resampling.NEAREST if grows else Image.Resampling.BILINEAR
            sheet.paste(image.resize((_SIDE, _SIDE), method), (column * step, row * step))
    sheet.save(path, "PNG", optimize=True)
