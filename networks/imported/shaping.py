"""Slices, padding and views: operators that compute nothing."""

from dataclasses import replace
from typing import Final

from networks.imported.call import Call
from networks.imported.drafts import UnsupportedError, Value
from networks.imported.windows import MOST_CHANNELS, MOST_PADDING, MOST_SIDE

MOST_END: Final = 2**63 - 1
"""What the exporter writes for a slice without an end."""


def slice_(call: Call) -> Value:
    """Keep every so many rows or columns."""
    value = call.value("self")
    dim = call.number("dim", default=0)
    start = call.number("start", default=0) if call.given("start") else 0
    step = call.number("step", default=1)
    sizes = (None, *value.shape)
    if not -len(sizes) <= dim < len(sizes):
        raise UnsupportedError(f"has no dimension {dim}")
    size = sizes[dim % len(sizes)]
    end = call.number("end", default=MOST_END) if call.given("end") else MOST_END
    if start != 0 or step < 1 or end < (MOST_END if size is None else size):
        raise UnsupportedError("must keep every row and column, or every so many from the first")
    if step == 1:
        return value
    if value.flat or dim % 4 not in (2, 3) or step > MOST_SIDE:
        raise UnsupportedError("may step over rows and columns alone")
    return stepped(value, (step, 1) if dim % 4 == 2 else (1, step))


def stepped(value: Value, step: tuple[int, int]) -> Value:
    """Return every ``step``-th row and column of a value."""
    if value.frame != (0, 0):
        raise UnsupportedError("zeros around an image can only be read by a convolution")
    combined = (value.step[0] * step[0], value.step[1] * step[1])
    if max(combined) > MOST_SIDE or min(combined) < 1:
        raise UnsupportedError(f"steps {combined} are too large", (f"1 to {MOST_SIDE}",))
    height, width = -(-value.height // step[0]), -(-value.width // step[1])
    return replace(value, step=combined, height=height, width=width)


def pad(call: Call) -> Value:
    """Add zeros around an image or channels of zeros."""
    value = call.value("self")
    amounts = call.numbers("pad")
    number = call.real("value", default=0.0) if call.given("value") else 0.0
    if call.argument("mode", default="constant") != "constant" or number != 0.0 or value.flat:
        raise UnsupportedError("must add zeros", ("mode 'constant', value 0",))
    left, right, top, bottom, before, after, *rest = [*amounts, 0, 0, 0, 0, 0, 0]
    if min(amounts, default=0) < 0 or any(rest) or (left, right) != (top, bottom):
        raise UnsupportedError(
            f"by {amounts}", ("zeros before and after, equal for rows and columns, or channels",)
        )
    channels = value.channels + before + after
    if channels > MOST_CHANNELS or max(left, right) > MOST_PADDING:
        raise UnsupportedError(f"by {amounts} is too much", (f"up to {MOST_PADDING} around",))
    framed = (value.frame[0] + left, value.frame[1] + right)
    touched = value.step != (1, 1) or channels != call.drafts.layers[value.layer].channels
    if framed != (0, 0) and touched:
        raise UnsupportedError("zeros around an image can only be read by a convolution")
    return replace(
        value,
        channels=channels,
        height=value.height + left + right,
        width=value.width + left + right,
        channel_padding=(value.channel_padding[0] + before, value.channel_padding[1] + after),
        frame=framed,
    )


def flatten(call: Call) -> Value:
    """Merge channels, rows and columns."""
    value = call.settled("self")
    rank = len(value.shape) + 1
    first, last = call.number("start_dim", default=0), call.number("end_dim", default=-1)
    if first % rank != 1 or last % rank != rank - 1:
        raise UnsupportedError("must keep the images apart and merge the rest", ("start_dim=1",))
    return replace(value, flat=True)


def view(call: Call) -> Value:
    """Merge channels, rows and columns, as a view or reshape says it."""
    value = call.settled("self")
    sizes = call.sizes("size" if call.given("size") else "shape")
    n_features = value.channels * value.height * value.width
    # of two sizes one may be -1; the first is the number of images, whatever that is called
    if len(sizes) != 2 or (sizes[1] != n_features and (sizes[1] != -1 or sizes[0] == -1)):
        raise UnsupportedError(f"to {sizes}", (f"(N, {n_features})",))
    return replace(value, flat=True)
