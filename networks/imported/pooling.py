"""Pooling: maxima over windows, averages over whole images."""

from dataclasses import replace

from networks.imported.call import Call
from networks.imported.drafts import Draft, UnsupportedError, Value
from networks.imported.shaping import stepped
from networks.imported.windows import check_window, swept


def max_pool(call: Call) -> Value:
    """Write a maximum over windows."""
    kernel = call.square("kernel_size", default=0)
    stride = call.square("stride", default=kernel) if call.given("stride") else kernel
    padding = call.square("padding", default=0)
    if call.square("dilation", default=1) != 1:
        raise UnsupportedError("a dilated window is not supported", ("dilation 1",))
    source = call.image("self")
    check_window(kernel, stride, (padding, padding), source.channels)
    if 2 * padding > kernel:
        raise UnsupportedError("padding must be at most half the window")
    sizes = [swept(size + 2 * padding, kernel, stride) for size in (source.height, source.width)]
    if call.flag("ceil_mode", default=False):
        cut = [(size + 2 * padding - kernel) % stride for size in (source.height, source.width)]
        if any(cut):
            raise UnsupportedError("ceil_mode adds a window here", ("ceil_mode=False",))
    return call.drafts.add(
        Draft(
            name=call.node_name,
            kind="max_pool",
            inputs=(source.layer,),
            channels=source.channels,
            height=sizes[0],
            width=sizes[1],
            kernel=kernel,
            stride=stride,
            padding=(padding, padding),
        )
    )


def _global_pool(call: Call, name: str = "self") -> Value:
    source = call.image(name)
    return call.drafts.add(
        Draft(
            name=call.node_name,
            kind="global_avg_pool",
            inputs=(source.layer,),
            channels=source.channels,
            height=1,
            width=1,
        )
    )


def mean(call: Call) -> Value:
    """Write a global average from a mean over rows and columns."""
    dims = call.numbers("dim")
    if sorted(dim % 4 for dim in dims) != [2, 3]:
        raise UnsupportedError(f"is over dimensions {dims}", ("rows and columns: (2, 3)",))
    value = _global_pool(call)
    return value if call.flag("keepdim", default=False) else replace(value, flat=True)


def adaptive_pool(call: Call) -> Value:
    """Write a global average from an adaptive one."""
    if set(call.numbers("output_size")) != {1}:
        raise UnsupportedError(f"to {call.numbers('output_size')}", ("1 x 1",))
    return _global_pool(call)


def average_pool(call: Call) -> Value:
    """Write a global average; with a window of one it only steps."""
    kernel = call.square("kernel_size", default=0)
    stride = call.square("stride", default=kernel) if call.given("stride") else kernel
    source = call.value("self")
    padded = call.square("padding", default=0)
    plain = not (source.flat or padded or call.given("divisor_override"))
    if kernel == 1 and plain:
        return stepped(source, (stride, stride))
    if not plain or (source.height, source.width) != (kernel, kernel):
        raise UnsupportedError("average pooling must be over the whole image", ("global",))
    return _global_pool(call)
