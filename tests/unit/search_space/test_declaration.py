"""A declared space is judged whole: every problem, at its JSON pointer, with what is allowed."""

import contextlib
import copy
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search_space.errors import SpaceError, SpaceProblem
from search_space.families import FAMILIES, imported
from search_space.families.family import COMMON_KEYS
from search_space.space import Space, space_from_json
from tests.unit.search_space.conftest import DECLARED

MakeSpace = Callable[..., Space]
FAMILY_NAMES = (*FAMILIES, imported.NAME)
BITS = ("1", "2", "3", "4", "5", "6", "7", "8", "32")


def problems(declared: Any) -> tuple[SpaceProblem, ...]:
    with pytest.raises(SpaceError) as caught:
        space_from_json(declared, input_shape=(1, 8, 8), n_classes=10)
    for problem in caught.value.problems:
        assert (problem.pointer or "/") in str(caught.value)
        assert problem.detail in str(caught.value)
    return caught.value.problems


def problem(declared: dict[str, Any]) -> SpaceProblem:
    (only,) = problems(declared)
    return only


NOT_A_STAGE: Any = 7

RESNET = {"family": "resnet"}
MOBILENET = {"family": "mobilenetv2"}


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ({}, SpaceProblem("/family", "missing", "is required", FAMILY_NAMES)),
        (
            {"family": "vgg19"},
            SpaceProblem("/family", "not_allowed", "cannot be 'vgg19'", FAMILY_NAMES),
        ),
        (
            {"family": ["resnet"]},
            SpaceProblem("/family", "not_allowed", "cannot be a list", FAMILY_NAMES),
        ),
        (
            {"family": "x" * 99},
            SpaceProblem("/family", "not_allowed", f"cannot be '{'x' * 39}...", FAMILY_NAMES),
        ),
        (
            RESNET | {"weight_bits": [4, 9]},
            SpaceProblem("/weight_bits/1", "out_of_range", "cannot be 9", BITS),
        ),
        (
            RESNET | {"activation_bits": [0]},
            SpaceProblem("/activation_bits/0", "out_of_range", "cannot be 0", BITS),
        ),
        (
            RESNET | {"weight_bits": [True]},
            SpaceProblem("/weight_bits/0", "type", "must be an integer, not a truth value", BITS),
        ),
        (
            RESNET | {"weight_bits": [8.0]},
            SpaceProblem("/weight_bits/0", "type", "must be an integer, not a number", BITS),
        ),
        (
            RESNET | {"weight_bits": ["8"]},
            SpaceProblem("/weight_bits/0", "type", "must be an integer, not a string", BITS),
        ),
        (
            RESNET | {"weight_bits": [None]},
            SpaceProblem("/weight_bits/0", "type", "must be an integer, not null", BITS),
        ),
        (
            RESNET | {"weight_bits": [{}]},
            SpaceProblem("/weight_bits/0", "type", "must be an integer, not an object", BITS),
        ),
        (
            RESNET | {"weight_bits": []},
            SpaceProblem("/weight_bits", "empty", "needs at least one entry"),
        ),
        (
            RESNET | {"weight_bits": 8},
            SpaceProblem("/weight_bits", "type", "must be a list, not an integer"),
        ),
        (
            RESNET | {"weight_bits": [4, 8, 4]},
            SpaceProblem("/weight_bits/2", "duplicate", "4 is there already"),
        ),
        (
            RESNET | {"weight_bits": [1, 2, 3, 4, 5, 6, 7, 8, 32, 8]},
            SpaceProblem("/weight_bits", "too_long", "has 10 entries, at most 9 fit"),
        ),
        (
            RESNET | {"bits_per": "block"},
            SpaceProblem(
                "/bits_per",
                "not_allowed",
                "cannot be 'block'",
                ("layer", "stage", "network", "channel"),
            ),
        ),
        (
            RESNET | {"first_layer_bits": 16},
            SpaceProblem("/first_layer_bits", "out_of_range", "cannot be 16", (*BITS, "searched")),
        ),
        (
            RESNET | {"last_layer_bits": "all"},
            SpaceProblem(
                "/last_layer_bits",
                "type",
                "must be an integer, not a string",
                (*BITS, "searched"),
            ),
        ),
        (
            RESNET | {"last_channels": [4]},
            SpaceProblem(
                "/last_channels",
                "unknown_key",
                "is not a key here",
                (
                    "family",
                    "weight_bits",
                    "activation_bits",
                    "bits_per",
                    "channel_groups",
                    "first_layer_bits",
                    "last_layer_bits",
                    "first_activation_bits",
                    "last_activation_bits",
                    "fixed",
                    "stem_channels",
                    "stem_stride",
                    "stages",
                    "shortcut",
                ),
            ),
        ),
        (
            RESNET | {"stem_channels": [-4]},
            SpaceProblem("/stem_channels/0", "out_of_range", "cannot be -4", ("1 to 4096",)),
        ),
        (
            RESNET | {"stem_stride": 0},
            SpaceProblem("/stem_stride", "out_of_range", "cannot be 0", ("1", "2", "3", "4")),
        ),
        (RESNET | {"stages": []}, SpaceProblem("/stages", "empty", "needs at least one entry")),
        (
            RESNET | {"stages": [{"channels": [8]}, NOT_A_STAGE]},
            SpaceProblem("/stages/1", "type", "must be an object, not an integer"),
        ),
        (
            RESNET | {"stages": [{"channels": [8]}] * 17},
            SpaceProblem("/stages", "too_long", "has 17 entries, at most 16 fit"),
        ),
        (
            RESNET | {"stages": [{}]},
            SpaceProblem("/stages/0/channels", "missing", "is required", ("list of 1 to 4096",)),
        ),
        (
            RESNET | {"stages": [{"channels": [8], "width/~": [1]}]},
            SpaceProblem(
                "/stages/0/width~1~0",
                "unknown_key",
                "is not a key here",
                ("channels", "blocks", "stride"),
            ),
        ),
        (
            MOBILENET | {"stages": [{}]},
            SpaceProblem("/stages/0/channels", "missing", "is required", ("1 to 4096",)),
        ),
        (
            MOBILENET | {"stages": [{"channels": [8]}]},
            SpaceProblem(
                "/stages/0/channels", "type", "must be an integer, not a list", ("1 to 4096",)
            ),
        ),
        (
            MOBILENET | {"stages": [{"channels": 8, "kernel": [1, 3]}]},
            SpaceProblem(
                "/stages/0/kernel/0", "out_of_range", "cannot be 1", ("2", "3", "4", "5", "6", "7")
            ),
        ),
        (
            MOBILENET | {"stages": [{"channels": 8, "expansion": [7]}]},
            SpaceProblem(
                "/stages/0/expansion/0",
                "out_of_range",
                "cannot be 7",
                ("1", "2", "3", "4", "5", "6"),
            ),
        ),
        (
            MOBILENET | {"stages": [{"channels": 8, "width": [0]}]},
            SpaceProblem("/stages/0/width/0", "out_of_range", "cannot be 0", ("above 0",)),
        ),
        (
            MOBILENET | {"stages": [{"channels": 8, "width": [float("nan")]}]},
            SpaceProblem("/stages/0/width/0", "out_of_range", "cannot be nan", ("above 0",)),
        ),
        (
            MOBILENET | {"stages": [{"channels": 8, "width": [float("inf")]}]},
            SpaceProblem("/stages/0/width/0", "out_of_range", "cannot be inf", ("above 0",)),
        ),
        (
            MOBILENET | {"stages": [{"channels": 8, "width": [True]}]},
            SpaceProblem(
                "/stages/0/width/0", "type", "must be a number, not a truth value", ("above 0",)
            ),
        ),
        (
            MOBILENET | {"stages": [{"channels": 2048, "width": [1, 2.5]}]},
            SpaceProblem(
                "/stages/0/width",
                "out_of_range",
                "2048 channels times 2.5 are too many",
                ("up to 4096 channels",),
            ),
        ),
        (
            RESNET | {"bits_per": "channel", "weight_bits": [2, 32]},
            SpaceProblem(
                "/weight_bits",
                "not_allowed",
                "cannot hold 32 with bits per channel: it is for whole layers",
                BITS[:-1],
            ),
        ),
        (
            RESNET | {"channel_groups": 257},
            SpaceProblem("/channel_groups", "out_of_range", "cannot be 257", ("1 to 256", "all")),
        ),
        (
            RESNET
            | {"bits_per": "channel", "channel_groups": "all", "stages": [{"channels": [1, 300]}]},
            SpaceProblem(
                "/channel_groups",
                "out_of_range",
                "cannot be 'all': a layer may have 300 channels",
                ("1 to 256",),
            ),
        ),
        (
            RESNET
            | {
                "bits_per": "channel",
                "channel_groups": 256,
                "stem_channels": [256],
                "stages": [{"channels": [4096], "blocks": [32]}],
            },
            SpaceProblem("/channel_groups", "out_of_range", "makes 16640 genes, at most 16384 fit"),
        ),
        (
            RESNET | {"shortcut": "none"},
            SpaceProblem("/shortcut", "not_allowed", "cannot be 'none'", ("conv", "pad")),
        ),
        (
            RESNET | {"stem_channels": {"min": 4}},
            SpaceProblem("/stem_channels/max", "missing", "is required", ("1 to 4096",)),
        ),
        (
            RESNET | {"stem_channels": {"min": 4, "max": 3}},
            SpaceProblem("/stem_channels/max", "out_of_range", "cannot be 3", ("from 4",)),
        ),
        (
            RESNET | {"stem_channels": {"min": 4, "max": 8, "by": 2}},
            SpaceProblem(
                "/stem_channels/by", "unknown_key", "is not a key here", ("min", "max", "step")
            ),
        ),
        (
            RESNET | {"stem_channels": {"min": 4, "max": 8, "step": 0}},
            SpaceProblem("/stem_channels/step", "out_of_range", "cannot be 0", ("1 to 4095",)),
        ),
        (
            RESNET | {"weight_bits": {"min": 4, "max": 32}},
            SpaceProblem("/weight_bits/max", "out_of_range", "cannot be 32", BITS[:-1]),
        ),
        (
            MOBILENET | {"stages": [{"channels": 8, "width": {"min": 0.5, "max": 1}}]},
            SpaceProblem("/stages/0/width/step", "missing", "is required"),
        ),
        (
            MOBILENET | {"stages": [{"channels": 8, "width": {"min": 1, "max": 9, "step": 1e-9}}]},
            SpaceProblem("/stages/0/width", "too_long", "has more than 64 entries, at most 64 fit"),
        ),
        (
            MOBILENET | {"stages": [{"channels": 8, "width": {"min": 0, "max": 1, "step": 1}}]},
            SpaceProblem("/stages/0/width/min", "out_of_range", "cannot be 0", ("above 0",)),
        ),
        (
            RESNET | {"fixed": ["stage1.blocks"]},
            SpaceProblem("/fixed", "type", "must be an object, not a list"),
        ),
        (
            RESNET | {"stages": [{"channels": [8]}], "fixed": {"stage1.channels": 9}},
            SpaceProblem(
                "/fixed/stage1.channels", "not_allowed", "is not offered by this gene", ("8",)
            ),
        ),
        (
            RESNET | {"stages": [{"channels": [1, 2]}], "fixed": {"stage1.channels": True}},
            SpaceProblem(
                "/fixed/stage1.channels", "not_allowed", "is not offered by this gene", ("1", "2")
            ),
        ),
        (
            RESNET | {"stages": [{"channels": [8]}], "fixed": {"stage1.channels": [8]}},
            SpaceProblem(
                "/fixed/stage1.channels", "not_allowed", "is not offered by this gene", ("8",)
            ),
        ),
        (
            RESNET
            | {
                "bits_per": "network",
                "stages": [{"channels": [8]}],
                "fixed": {"stage2.channels": 8},
            },
            SpaceProblem(
                "/fixed/stage2.channels",
                "unknown_gene",
                "is not a gene of this space",
                (
                    "stem.channels",
                    "stage1.channels",
                    "stage1.blocks",
                    "stem.weight_bits",
                    "activation_bits",
                    "weight_bits",
                    "classifier.weight_bits",
                    "pool.activation_bits",
                ),
            ),
        ),
    ],
    ids=lambda value: value.pointer if isinstance(value, SpaceProblem) else "",
)
def test_a_problem_names_place_reason_and_what_is_allowed(
    declared: dict[str, Any], expected: SpaceProblem
) -> None:
    assert problem(declared) == expected


def test_all_problems_are_found_at_once() -> None:
    found = problems(
        {
            "family": "mobilenetv2",
            "weight_bits": [0, 4, 9],
            "activation_bits": "8",
            "stem_channels": [0],
            "stages": [{"channels": 8, "kernel": [8], "typo": 1}, {"stride": -1}],
            "last_channels": [],
            "depth": 3,
            # not judged: which genes there are is open until the rest is right
            "fixed": {"nothing": 1},
        }
    )
    assert {(p.pointer, p.code) for p in found} == {
        ("/weight_bits/0", "out_of_range"),
        ("/weight_bits/2", "out_of_range"),
        ("/activation_bits", "type"),
        ("/depth", "unknown_key"),
        ("/stem_channels/0", "out_of_range"),
        ("/stages/0/kernel/0", "out_of_range"),
        ("/stages/0/typo", "unknown_key"),
        ("/stages/1/channels", "missing"),
        ("/stages/1/stride", "out_of_range"),
        ("/last_channels", "empty"),
    }
    assert len(found) == 10


def test_bits_are_judged_even_for_an_unknown_family() -> None:
    found = problems({"family": "vgg19", "weight_bits": [9]})
    assert [p.pointer for p in found] == ["/family", "/weight_bits/0"]


@pytest.mark.parametrize("declared", [None, [], "resnet", 3])
def test_a_space_is_an_object(declared: object) -> None:
    assert [(p.pointer, p.code) for p in problems(declared)] == [
        ("", "type"),
        ("/family", "missing"),
    ]


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


@pytest.mark.parametrize(
    ("declared", "listed"),
    [
        ({"min": 4, "max": 16, "step": 4}, [4, 8, 12, 16]),
        ({"min": 4, "max": 15, "step": 4}, [4, 8, 12]),
        ({"min": 5, "max": 7}, [5, 6, 7]),
        ({"min": 5, "max": 5}, [5]),
    ],
)
def test_a_range_is_the_list_it_stands_for(
    make_space: MakeSpace, declared: dict[str, int], listed: list[int]
) -> None:
    ranged, written = (make_space("resnet", stem_channels=x) for x in (declared, listed))
    assert ranged.genes == written.genes
    assert ranged.single == written.single


def test_a_range_of_numbers_is_exact_in_decimal(make_space: MakeSpace) -> None:
    def widths(width: object) -> tuple[object, ...]:
        stages = [{"channels": 100, "width": width}]
        space = make_space("mobilenetv2", stages=stages)
        return next(g.choices for g in space.genes if g.name == "stage1.width")

    assert widths({"min": 0.1, "max": 1, "step": 0.1}) == tuple(i / 10 for i in range(1, 11))


def test_ranges_hold_bits_and_blocks(make_space: MakeSpace) -> None:
    space = make_space(
        "vgg",
        activation_bits={"min": 2, "max": 8, "step": 3},
        stages=[{"channels": [4], "blocks": {"min": 1, "max": 3}}],
    )
    choices = {gene.name: gene.choices for gene in space.genes}
    assert choices["stage1.blocks"] == (1, 2, 3)
    assert choices["stage1.block2.conv.weight_bits"] == (1, 4, 7)
    assert choices["stage1.block2.conv.activation_bits"] == (2, 5, 8)


def test_choices_are_ascending_whatever_their_order(make_space: MakeSpace) -> None:
    shuffled = make_space("resnet", weight_bits=[6, 2, 4], stem_channels=[6, 4])
    assert shuffled.genes == make_space("resnet").genes


def test_fixed_pins_genes(make_space: MakeSpace) -> None:
    space = make_space("resnet", fixed={"stage1.channels": 6, "stage1.block0.conv1.weight_bits": 4})
    assert not {"stage1.channels", "stage1.block0.conv1.weight_bits"} & {
        gene.name for gene in space.genes
    }
    layers = space.candidate({gene.name: gene.choices[0] for gene in space.genes}).layers
    (conv1,) = [layer for layer in layers if layer.name == "stage1.block0.conv1"]
    assert (conv1.out_channels, conv1.weight_bits) == (6, 4)


def test_a_width_can_be_pinned_by_any_multiplier_that_means_it(make_space: MakeSpace) -> None:
    space = make_space("mobilenetv2", fixed={"stage1.width": 0.5})
    assert space.single["stage1.width"] == 0.1
    # the pinned-away multiplier is gone, the other aliases remain
    values = {gene.name: gene.choices[0] for gene in space.genes}
    assert space.candidate(values | {"stage1.width": 0.2}) == space.candidate(values)
    pinned_to_one = make_space("mobilenetv2", fixed={"stage1.width": 1})
    assert pinned_to_one.single["stage1.width"] == 1


def test_layers_that_are_pinned_away_have_no_bit_genes(make_space: MakeSpace) -> None:
    fixed = {"stage1.repeats": 1, "stage1.expansion": 1, "last.channels": 0}
    space = make_space("mobilenetv2", fixed=fixed)
    convs = {g.name.rpartition(".")[0] for g in space.genes if g.name.endswith("_bits")}
    stage1 = {conv for conv in convs if conv.startswith("stage1")}
    assert stage1 == {"stage1.block0.depthwise", "stage1.block0.project"}
    assert "last" not in convs
