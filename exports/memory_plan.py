"""Places in one static buffer for tensors that do not all exist at the same time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

ALIGNMENT: Final = 4
"""Every place starts at a multiple of this: what an int32 needs."""


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """Where each tensor is.

    Attributes:
        offsets: First byte of each tensor.
        total_bytes: Length of the buffer.
    """

    offsets: tuple[int, ...]
    total_bytes: int


def plan_memory(sizes: Sequence[int], last_uses: Sequence[int]) -> MemoryPlan:
    """Give each tensor a place that is its own from its step to its last use.

    The largest is placed first, each at the lowest place that is free while it exists; this is
    the "greedy by size" of Pisarchyk and Lee, 2020, https://arxiv.org/abs/2001.03288. A step writes
    its tensor while it reads others, so those that it reads for the last time still exist.

    Args:
        sizes: Bytes of the tensor that each step yields.
        last_uses: The last step that reads it; its own where none does.
    """
    places: dict[int, int] = {}
    for tensor in sorted(range(len(sizes)), key=lambda i: (-sizes[i], i)):
        beside = [i for i in places if i <= last_uses[tensor] and tensor <= last_uses[i]]
        offset = 0
        for other in sorted(beside, key=places.__getitem__):
            if offset + sizes[tensor] <= places[other]:
                break
            offset = max(offset, _aligned(places[other] + sizes[other]))
        places[tensor] = offset
    total = max((places[i] + size for i, size in enumerate(sizes)), default=0)
    return MemoryPlan(tuple(places[i] for i in range(len(sizes))), _aligned(total))


def _aligned(offset: int) -> int:
    return -(-offset // ALIGNMENT) * ALIGNMENT
