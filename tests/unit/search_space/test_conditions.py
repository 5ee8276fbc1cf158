"""Genes that are a choice beside some values of others only."""

from typing import Any

import numpy as np
import pytest

from search_space.errors import GeneError, SpaceError
from search_space.space import space_from_json
from tests.unit.search_space.spaces import all_places, small_space

CHAIN: dict[str, Any] = {
    "stage1.kernel": {"when": {"stage2.kernel": [5]}, "otherwise": 3},
    "stage2.channels": {"when": {"stage1.kernel": [3]}, "otherwise": 9},
}


def test_a_gene_is_a_choice_only_where_its_condition_holds() -> None:
    space = small_space("dscnn", conditions=CHAIN)
    for places in all_places(space):
        chosen = space.at_places(places)
        # the oracle: what the declaration says, read gene by gene
        values = {g.name: g.choices[p] for g, p in zip(space.genes, places, strict=True)}
        kernel = values["stage1.kernel"] if values["stage2.kernel"] == 5 else 3
        channels = values["stage2.channels"] if kernel == 3 else 9
        layers = {layer.name: layer for layer in chosen.layers}
        assert layers["stage1.block0.depthwise"].kernel == kernel
        assert layers["stage2.block0.pointwise"].out_channels == channels
        assert ("stage1.kernel" in chosen.genes) == (values["stage2.kernel"] == 5)
        assert ("stage2.channels" in chosen.genes) == (kernel == 3)


def test_a_gene_that_is_no_choice_may_be_left_out_and_says_nothing() -> None:
    space = small_space("dscnn", conditions=CHAIN)
    values = dict(space.sample(np.random.default_rng(0)).genes) | {"stage2.kernel": 4}
    values.pop("stage1.kernel", None)
    values["stage2.channels"] = 6
    candidate = space.candidate(values)
    assert space.candidate({**values, "stage1.kernel": 1}) == candidate
    with pytest.raises(GeneError, match="needs a value"):
        space.candidate(values | {"stage2.kernel": 5})


def test_a_width_may_depend_on_the_architecture() -> None:
    space = small_space(
        "vgg", conditions={"weight_bits": {"when": {"stage1.channels": [4]}, "otherwise": 5}}
    )
    for places in all_places(space):
        candidate = space.at_places(places)
        if candidate.genes["stage1.channels"] == 6:
            assert "weight_bits" not in candidate.genes
            assert {x.weight_bits for x in candidate.layers if x.kind == "conv"} == {5, 8}


@pytest.mark.parametrize(
    ("conditions", "pointer", "code"),
    [
        ([], "/conditions", "type"),
        ({"stage9.kernel": {}}, "/conditions/stage9.kernel", "unknown_gene"),
        ({"stage1.kernel": 3}, "/conditions/stage1.kernel", "type"),
        ({"stage1.kernel": {"otherwise": 3}}, "/conditions/stage1.kernel/when", "missing"),
        (
            {"stage1.kernel": {"when": {"stage1.blocks": [1]}, "otherwise": 2}},
            "/conditions/stage1.kernel/otherwise",
            "not_allowed",
        ),
        (
            {"stage1.kernel": {"when": {"stage1.blocks": [1]}}},
            "/conditions/stage1.kernel/otherwise",
            "not_allowed",
        ),
        (
            {"stage1.kernel": {"when": {"stage1.blocks": [7]}, "otherwise": 3}},
            "/conditions/stage1.kernel/when/stage1.blocks",
            "not_allowed",
        ),
        (
            {"stage1.kernel": {"when": {"stage1.blocks": 1}, "otherwise": 3}},
            "/conditions/stage1.kernel/when/stage1.blocks",
            "type",
        ),
        (
            {"stage1.kernel": {"when": {"weight_bits": [2]}, "otherwise": 3}},
            "/conditions/stage1.kernel/when/weight_bits",
            "unknown_gene",
        ),
        (
            {"stage1.kernel": {"when": {"stage1.blocks": [1]}, "otherwise": 3, "else": 1}},
            "/conditions/stage1.kernel/else",
            "unknown_key",
        ),
        (
            CHAIN | {"stage2.kernel": {"when": {"stage2.channels": [6]}, "otherwise": 4}},
            "/conditions/stage1.kernel",
            "circular",
        ),
    ],
)
def test_a_wrong_condition_is_told_by_its_place(
    conditions: object, pointer: str, code: str
) -> None:
    with pytest.raises(SpaceError) as caught:
        small_space("dscnn", conditions=conditions)
    assert (pointer, code) in [(p.pointer, p.code) for p in caught.value.problems]


def test_the_width_of_a_group_of_channels_cannot_be_conditional() -> None:
    declared = {
        "family": "dscnn",
        "bits_per": "channel",
        "conditions": {
            "stage1.block0.pointwise.group0.weight_bits": {
                "when": {"stem.channels": [8]},
                "otherwise": 4,
            }
        },
    }
    with pytest.raises(SpaceError, match="cannot be conditional"):
        space_from_json(declared, input_shape=(1, 8, 8), n_classes=10)
