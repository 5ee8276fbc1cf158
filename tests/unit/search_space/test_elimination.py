"""Taking out one gene after another gives what looking at all assignments gives."""

from functools import reduce

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_space import elimination
from search_space.elimination import best_places, eliminate
from search_space.errors import TooWideError

N_CHOICES = (2, 3, 2, 4, 3)


def _tables(seed: int, n: int) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    shapes = [[k if rng.random() < 0.4 else 1 for k in N_CHOICES] for _ in range(n)]
    return [rng.integers(0, 100, size=shape) for shape in shapes]


@pytest.mark.parametrize(
    ("combine", "over"),
    [
        (np.add, np.minimum),
        (np.add, np.maximum),
        (np.maximum, np.minimum),
        (np.maximum, np.maximum),
    ],
)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 8))
def test_extremes_and_where_they_are(combine: np.ufunc, over: np.ufunc, seed: int, n: int) -> None:
    tables = _tables(seed, n)
    everything = np.broadcast_to(reduce(combine, tables), N_CHOICES)
    value, buckets = eliminate(tables, combine, over)
    assert value == over.reduce(everything, axis=None)
    assert everything[tuple(best_places(buckets, len(N_CHOICES), over))] == value


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 8))
def test_sums_of_products_do_not_overflow(seed: int, n: int) -> None:
    tables = [table.astype(object) * 10**30 for table in _tables(seed, n)]
    tables.append(np.ones(N_CHOICES, dtype=object))
    value, _ = eliminate(tables, np.multiply, np.add)
    assert value == reduce(np.multiply, tables).sum()


def test_a_table_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elimination, "MOST_ENTRIES", 100)
    wide = [np.zeros([k if i in pair else 1 for i, k in enumerate((9, 9, 9))]) for pair in _PAIRS]
    with pytest.raises(TooWideError):
        eliminate(wide, np.add, np.minimum)


_PAIRS = ({0, 1}, {1, 2}, {0, 2})
