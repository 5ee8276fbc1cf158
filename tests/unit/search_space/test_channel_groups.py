"""Widths of groups of channels at which a layer is smallest and largest."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from search_space.channel_groups import extreme_widths, group_sizes
from search_space.costs import payload_parts

WIDTHS = st.lists(st.integers(1, 8), min_size=1, max_size=3, unique=True).map(sorted)


@given(
    channels=st.integers(1, 9),
    fan_in=st.integers(1, 40),
    offered=st.lists(WIDTHS, min_size=3, max_size=3),
    alike=st.booleans(),
)
def test_no_other_widths_are_beyond(
    channels: int, fan_in: int, offered: list[list[int]], alike: bool
) -> None:
    sizes = group_sizes(channels, 3)
    choices = [offered[0] if alike else each for each in offered[: len(sizes)]]

    def n_bytes(widths: tuple[int, ...]) -> int:
        bits = fan_in * sum(size * width for size, width in zip(sizes, widths, strict=True))
        return sum(payload_parts("conv", channels, bits, int(len(set(widths)) > 1)))

    of_all = [n_bytes(widths) for widths in itertools.product(*choices)]
    assert n_bytes(tuple(extreme_widths(sizes, choices, fan_in, "smallest"))) == min(of_all)
    assert n_bytes(tuple(extreme_widths(sizes, choices, fan_in, "largest"))) == max(of_all)


@given(channels=st.integers(1, 200), most=st.integers(1, 64))
def test_groups_hold_all_channels_and_none_is_empty(channels: int, most: int) -> None:
    sizes = group_sizes(channels, most)
    assert sum(sizes) == channels
    assert len(sizes) == min(channels, most)
    assert max(sizes) - min(sizes) <= 1
