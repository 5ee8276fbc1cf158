"""The Wilson interval against its definition."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_space.intervals import Z_95, wilson_interval


@given(n=st.integers(1, 100_000), share=st.floats(0, 1))
def test_the_ends_are_where_the_score_test_stops_rejecting(n: int, share: float) -> None:
    accuracy = round(share * n) / n
    for end in wilson_interval(accuracy, n):
        distance = abs(accuracy - end)
        assert distance == pytest.approx(Z_95 * math.sqrt(end * (1 - end) / n), abs=1e-7)


@given(n=st.integers(1, 100_000), share=st.floats(0, 1))
def test_it_holds_the_measured_value_within_0_to_1(n: int, share: float) -> None:
    accuracy = round(share * n) / n
    low, high = wilson_interval(accuracy, n)
    assert 0 <= low <= accuracy <= high <= 1
    assert high > low
    mirrored = wilson_interval(1 - accuracy, n)
    assert mirrored == pytest.approx((1 - high, 1 - low), abs=1e-9)


@given(n=st.integers(1, 10_000), share=st.floats(0, 1))
def test_more_images_make_it_narrower(n: int, share: float) -> None:
    low, high = wilson_interval(share, n)
    lower, upper = wilson_interval(share, 4 * n)
    assert upper - lower < high - low


@pytest.mark.parametrize(("accuracy", "n"), [(-0.1, 10), (1.1, 10), (0.5, 0), (math.nan, 10)])
def test_nonsense_is_refused(accuracy: float, n: int) -> None:
    with pytest.raises(ValueError, match="no interval"):
        wilson_interval(accuracy, n)
