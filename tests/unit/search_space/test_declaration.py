"""A declared space is judged whole: every problem, at its JSON pointer, with what is allowed."""

from collections.abc import Callable
from typing import Any

import pytest

from search_space.errors import SpaceError, SpaceProblem
from search_space.families import FAMILIES, imported
from search_space.space import Space, space_from_json

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
                    "conditions",
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
