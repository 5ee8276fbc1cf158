"""Groups of a layer's output channels that have weight bits of their own."""

from collections.abc import Sequence
from typing import Literal

from search_space.costs import payload_parts


def group_sizes(channels: int, most_groups: int) -> list[int]:
    """Return the channels of each group, in order; fewer groups where there are fewer channels."""
    n = min(most_groups, channels)
    return [(group + 1) * channels // n - group * channels // n for group in range(n)]


def extreme_widths(
    sizes: Sequence[int],
    choices: Sequence[Sequence[int]],
    fan_in: int,
    end: Literal["smallest", "largest"],
) -> list[int]:
    """Return the width of each group for which a layer takes the fewest or the most bytes.

    A layer whose channels have different widths stores those widths, half a byte each. So the most
    bytes are not always at the largest widths: where a channel has few weights, one narrower group
    costs more than it saves; and where groups offer different widths, equal ones can be smallest.

    Args:
        sizes: Channels of each group.
        choices: Widths offered to each group, ascending.
        fan_in: Weights of one channel.
        end: Of the range.
    """
    at = 0 if end == "smallest" else -1
    options = [[each[at] for each in choices]]
    if end == "smallest":
        common = set(choices[0]).intersection(*choices)
        options += [[min(common)] * len(sizes)] if common else []
    elif len(set(options[0])) == 1:
        # the narrower group that gives away least
        narrower = [
            (sizes[i] * (each[-1] - each[-2]), i) for i, each in enumerate(choices) if each[1:]
        ]
        if narrower and len(sizes) > 1:
            _, i = min(narrower)
            options.append([*options[0][:i], choices[i][-2], *options[0][i + 1 :]])

    def n_bytes(widths: Sequence[int]) -> int:
        bits = fan_in * sum(size * width for size, width in zip(sizes, widths, strict=True))
        return sum(payload_parts("conv", sum(sizes), bits, int(len(set(widths)) > 1)))

    return (min if end == "smallest" else max)(options, key=n_bytes)
