"""PNG and JPEG to bytes of pixels, with bounds that are checked before anything is decoded."""

import io
import struct
import zlib
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from search.errors import InvalidRequestError
from training.uploads.options import Options, refusal, shown

MOST_FILE_BYTES: Final = 32 << 20
MOST_PIXELS: Final = 1 << 24
"""Of an image before it is brought to its size: 4096 x 4096."""

_GREY: Final = ("1", "L")
_COLOUR: Final = ("RGB", "P")
_WITH_ALPHA: Final = ("LA", "RGBA", "PA")
_OPAQUE: Final = 255
_ERRORS: Final = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)

Pixels = NDArray[np.uint8]


def decode(content: bytes, place: str, options: Options, channels: int | None) -> Pixels:
    """Decode one image.

    Args:
        content: A PNG or JPEG file.
        place: What to call it in a refusal.
        options: Says to which size it is brought, if to any.
        channels: Of the images before; ``None`` for the first one.

    Returns:
        Pixels, ``(H, W, C)``.

    Raises:
        InvalidRequestError: If it is no such file, or not one of these channels.
    """
    try:
        with Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as image:
            width, height = image.size
            if width * height > MOST_PIXELS:
                detail = f"is {width} x {height} pixels"
                raise refusal(place, "too_many_pixels", detail, (f"up to {MOST_PIXELS} pixels",))
            if getattr(image, "n_frames", 1) != 1:
                raise refusal(place, "animated", "has more than one frame")
            image.load()
            plain = _without_alpha(image, place)
            return _pixels(plain, place, options, channels)
    except InvalidRequestError:
        raise
    except _ERRORS as error:
        detail = f"is no PNG or JPEG that can be read: {shown(str(error))}"
        raise refusal(place, "no_image", detail) from error


def fit(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """Bring ``(H, W, C)`` pixels to a height and width: scaled to cover them, the middle kept."""
    image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    return _as_array(_fit(image, size))


def _without_alpha(image: Image.Image, place: str) -> Image.Image:
    if image.mode in _WITH_ALPHA or "transparency" in image.info:
        full = image.convert("RGBA")
        if full.getchannel("A").getextrema() != (_OPAQUE, _OPAQUE):
            detail = "is transparent in places; put it on a background"
            raise refusal(place, "transparent", detail)
        return full.convert("L" if image.mode in ("LA", "L") else "RGB")
    if image.mode not in (*_GREY, *_COLOUR):
        detail = f"has pixels of type {image.mode}"
        raise refusal(place, "pixel_type", detail, ("grey or RGB of 8 bits",))
    return image


def _pixels(image: Image.Image, place: str, options: Options, channels: int | None) -> Pixels:
    own = 1 if image.mode in _GREY else 3
    wanted = options.channels or channels or own
    if own > wanted and options.channels is None:
        detail = "is in colour and the images before are grey; say which with channels=1 or 3"
        raise refusal(place, "mixed_channels", detail)
    image = image.convert("L" if wanted == 1 else "RGB")
    if options.size is not None and (image.height, image.width) != options.size:
        image = _fit(image, options.size)
    return _as_array(image)


def _fit(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    height, width = size
    return ImageOps.fit(image, (width, height), method=Image.Resampling.BILINEAR)


def _as_array(image: Image.Image) -> Pixels:
    pixels = np.asarray(image)  # (H, W) or (H, W, C)
    return pixels[..., np.newaxis] if pixels.ndim == 2 else pixels
