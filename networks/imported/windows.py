"""Windows that run over an image, within what the packed file can say of them."""

from typing import Final

from networks.imported.drafts import UnsupportedError

MOST_SIDE: Final = 255
"""Of kernels and strides: one byte each in the packed file."""
MOST_PADDING: Final = 15
"""Four bits each in the packed file."""
MOST_CHANNELS: Final = 65_535


def check_window(kernel: int, stride: int, padding: tuple[int, int], channels: int) -> None:
    """Refuse a window or a number of channels that does not fit."""
    if not (1 <= kernel <= MOST_SIDE and 1 <= stride <= MOST_SIDE):
        allowed = (f"1 to {MOST_SIDE}",)
        raise UnsupportedError(f"kernel {kernel} with stride {stride} does not fit", allowed)
    if not all(0 <= side <= MOST_PADDING for side in padding):
        raise UnsupportedError(f"padding {padding} does not fit", (f"0 to {MOST_PADDING}",))
    if channels > MOST_CHANNELS:
        raise UnsupportedError(f"{channels} channels are too many", (f"up to {MOST_CHANNELS}",))


def swept(size: int, kernel: int, stride: int) -> int:
    """Return how many windows fit into ``size`` places, padding included."""
    if size < kernel:
        raise UnsupportedError(f"a kernel of {kernel} is larger than the {size} it runs over")
    return (size - kernel) // stride + 1
