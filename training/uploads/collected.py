"""The images of an upload as they come: pixels to a file, labels and splits to memory."""

from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from training.uploads.options import SPLITS, Options, refusal
from training.uploads.pictures import Pixels, decode, fit

SIDES: Final = (4, 512)
"""Least and largest height and width that are kept."""
MOST_PIXEL_BYTES: Final = 2 << 30
"""Of all images together, as they are kept."""
MOST_IMAGES: Final = 2_000_000
CHANNELS: Final = (1, 3)


class Collected:
    """Takes images of one shape, in any order of the splits; to be used in a ``with`` block.

    Args:
        path: Gets the pixels, each image ``(C, H, W)``.
        options: Of the upload.

    Attributes:
        shape: ``(C, H, W)`` of every image, once there is one.
        class_names: By label, where the upload says.
    """

    def __init__(self, path: Path, options: Options) -> None:
        self.path = path
        self.options = options
        self.shape: tuple[int, int, int] | None = None
        self.class_names: list[str] | None = None
        self._file = path.open("wb")
        self._labels: list[NDArray[np.int64]] = []
        self._splits: list[NDArray[np.uint8]] = []
        self._n = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __len__(self) -> int:
        """Number of images so far."""
        return self._n

    @property
    def labels(self) -> NDArray[np.int64]:
        """Label of each image, ``(N,)``."""
        return np.concatenate([np.empty(0, np.int64), *self._labels])

    @property
    def splits(self) -> NDArray[np.uint8]:
        """Place in ``SPLITS`` of each image's split, ``(N,)``."""
        return np.concatenate([np.empty(0, np.uint8), *self._splits])

    def add_encoded(self, split: str, content: bytes, label: int, place: str) -> None:
        """Take a PNG or JPEG file."""
        channels = None if self.shape is None else self.shape[0]
        pixels = decode(content, place, self.options, channels)
        self._take(split, pixels[np.newaxis], np.array([label], np.int64), place)

    def add(self, split: str, images: Pixels, labels: NDArray[np.int64], place: str) -> None:
        """Take decoded images.

        Args:
            split: One of ``SPLITS``.
            images: ``(n, H, W, C)``.
            labels: ``(n,)``.
            place: What to call them in a refusal.

        Raises:
            InvalidRequestError: If their shape is not that of the others, or there are too many.
        """
        if self.options.channels not in (None, images.shape[3]):
            detail = f"has images of {images.shape[3]} channels; arrays are kept as they are"
            raise refusal(place, "mixed_channels", detail)
        size = self.options.size
        if size is not None and images.shape[1:3] != size:
            images = np.stack([fit(image, size) for image in images])
        self._take(split, images, labels, place)

    def _take(self, split: str, images: Pixels, labels: NDArray[np.int64], place: str) -> None:
        n, height, width, channels = images.shape
        shape = (channels, height, width)
        if self.shape is None:
            _check_shape(shape, place)
            self.shape = shape
        elif shape != self.shape:
            detail = (
                f"is {height} x {width} with {channels} channels, the images before "
                f"{self.shape[1]} x {self.shape[2]} with {self.shape[0]}; state a size with resize"
            )
            raise refusal(place, "other_shape", detail)
        self._n += n
        n_bytes = self._n * channels * height * width
        if self._n > MOST_IMAGES or n_bytes > MOST_PIXEL_BYTES:
            detail = f"there are more images than fit: {self._n} of {shape}, {n_bytes} bytes"
            allowed = (f"{MOST_IMAGES} images", f"{MOST_PIXEL_BYTES} bytes of pixels")
            raise refusal(place, "too_many_images", detail, allowed)
        self._file.write(np.ascontiguousarray(images.transpose(0, 3, 1, 2)).data)
        self._labels.append(labels)
        self._splits.append(np.full(n, SPLITS.index(split), np.uint8))

    def pixels(self) -> NDArray[np.uint8]:
        """Return all images, ``(N, C, H, W)``, mapped from the file.

        Raises:
            InvalidRequestError: If there is none.
        """
        self._file.close()
        if self.shape is None:
            raise refusal("archive", "no_images", "there is no image in it")
        return np.memmap(self.path, np.uint8, "r", shape=(self._n, *self.shape))


def _check_shape(shape: tuple[int, int, int], place: str) -> None:
    channels, height, width = shape
    least, most = SIDES
    if not (least <= height <= most and least <= width <= most):
        detail = f"is {height} x {width} pixels; another size can be stated with resize"
        raise refusal(place, "image_size", detail, (f"sides of {least} to {most}",))
    if channels not in CHANNELS:
        detail = f"has {channels} channels"
        raise refusal(place, "n_channels", detail, tuple(map(str, CHANNELS)))
