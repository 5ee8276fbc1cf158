"""Whatever is declared is judged: a space, or a list of problems."""

import contextlib
import copy
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search_space.errors import SpaceError
from search_space.families import FAMILIES, imported
from search_space.families.family import COMMON_KEYS
from search_space.space import Space, space_from_json
from tests.unit.search_space.conftest import DECLARED
from tests.unit.search_space.test_declaration import problems

MakeSpace = Callable[..., Space]
FAMILY_NAMES = (*FAMILIES, imported.NAME)
BITS = ("1", "2", "3", "4", "5", "6", "7", "8", "32")


words = st.sampled_from(
    ["channels", "width", "kernel", "blocks", "pool", "stride", "min", "max", "step", "all", "pad"]
)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(0, 40)
    | st.floats()
    | st.text(max_size=5)
    | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)
keys = st.sampled_from(
    sorted({*COMMON_KEYS, *(key for family in FAMILIES.values() for key in family.keys), "?"})
)


@settings(max_examples=300)
@given(
    family=st.sampled_from(FAMILY_NAMES),
    declared=st.dictionaries(keys, json_values, max_size=4),
)
def test_any_json_is_a_space_or_a_list_of_problems(family: str, declared: dict[str, Any]) -> None:
    """Nothing but ``SpaceError`` is raised, and a space that was accepted has networks."""
    try:
        space = space_from_json(declared | {"family": family}, input_shape=(1, 8, 8), n_classes=2)
    except SpaceError:
        return
    assert space.candidate({gene.name: gene.choices[0] for gene in space.genes}).layers


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON value but its root."""
    items: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, inner in items:
        yield (*path, key)
        yield from _places(inner, (*path, key))


@settings(max_examples=300)
@given(name=st.sampled_from(sorted(DECLARED)), data=st.data())
def test_a_space_with_a_place_overwritten_is_judged(name: str, data: st.DataObject) -> None:
    declared: Any = copy.deepcopy(DECLARED[name])
    *path, last = data.draw(st.sampled_from(list(_places(declared))))
    place = declared
    for step in path:
        place = place[step]
    place[last] = data.draw(json_values)
    with contextlib.suppress(SpaceError):
        space = space_from_json(declared, input_shape=(1, 8, 8), n_classes=2)
        assert space.sample(np.random.default_rng(0)).layers


@pytest.mark.parametrize("huge", [10**400, 10**5000, -(10**5000), 1e308, 5e-324], ids=range(5))
@pytest.mark.parametrize("key", ["channels", "width", "kernel", "stride"])
def test_numbers_of_any_size_are_judged(key: str, huge: float) -> None:
    for value in (huge, [huge], {"min": huge, "max": huge, "step": huge}, {"min": 1, "max": huge}):
        stage = {"channels": 8, key: value}
        declared = {"family": "mobilenetv2", "stages": [stage], "fixed": {"stage1.width": huge}}
        with contextlib.suppress(SpaceError):
            assert space_from_json(declared, input_shape=(1, 8, 8), n_classes=2).genes


def test_half_a_surrogate_pair_can_be_sent_back() -> None:
    (found,) = problems({"family": "resnet", "\ud800": "\ud800"})
    assert found.pointer.encode() == rb"/\ud800"
    (found,) = problems({"family": "resnet", "shortcut": "\ud800"})
    assert found.detail.encode() == rb"cannot be '\ud800'"


@given(declared=json_values)
def test_any_json_at_all_is_judged(declared: object) -> None:
    with contextlib.suppress(SpaceError):
        space_from_json(declared, input_shape=(1, 8, 8), n_classes=2)  # type: ignore[arg-type]
