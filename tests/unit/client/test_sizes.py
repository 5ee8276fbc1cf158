"""Sizes as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitpareto import SizeError
from bitpareto.sizes import format_size, parse_size


@given(st.integers(1, 2**50))
def test_bytes_are_bytes_in_every_spelling(n: int) -> None:
    assert parse_size(n) == parse_size(str(n)) == parse_size(f" {n} B ") == n
    assert parse_size(f"{n} KiB") == 1024 * n == parse_size(f"{n}kib")
    assert parse_size(f"{n} MB") == 1_000_000 * n


@pytest.mark.parametrize("text", ["", "0", "-1", "KiB", "64 QiB", "1e3", "1,5 KB", "nan", "0.5 B"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(SizeError):
        parse_size(text)


@given(st.integers(1, 2**40))
def test_a_shown_size_is_close_to_the_true_one(n: int) -> None:
    assert parse_size(format_size(n)) == pytest.approx(n, rel=0.05, abs=0.5)
