"""Tensors that exist at the same time never share bytes."""

from hypothesis import given
from hypothesis import strategies as st

from exports.memory_plan import ALIGNMENT, plan_memory


@st.composite
def lifetimes(draw: st.DrawFn) -> tuple[list[int], list[int]]:
    sizes = draw(st.lists(st.integers(1, 50), min_size=1, max_size=12))
    last = [draw(st.integers(index, len(sizes) - 1)) for index in range(len(sizes))]
    return sizes, last


@given(lifetimes())
def test_no_two_live_tensors_overlap(network: tuple[list[int], list[int]]) -> None:
    sizes, last = network
    plan = plan_memory(sizes, last)
    for step in range(len(sizes)):
        taken: set[int] = set()
        for tensor in range(step + 1):
            if last[tensor] < step:
                continue
            start = plan.offsets[tensor]
            place = set(range(start, start + sizes[tensor]))
            assert not taken & place
            assert start % ALIGNMENT == 0
            assert start + sizes[tensor] <= plan.total_bytes
            taken |= place


def test_a_chain_needs_its_two_largest_neighbours() -> None:
    assert plan_memory([8, 40, 16, 4], [1, 2, 3, 3]).total_bytes == 56
    assert plan_memory([8, 8, 8, 8, 8], [1, 2, 3, 4, 4]).total_bytes == 16
