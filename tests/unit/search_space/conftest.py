"""Spaces that exercise every kind of gene, shared by the tests of this package."""

from collections.abc import Callable
from typing import Any

import pytest

from search_space.space import Space, space_from_json

SHAPE = (1, 8, 8)

DECLARED: dict[str, dict[str, Any]] = {
    "mobilenetv2": {
        "family": "mobilenetv2",
        "weight_bits": [2, 3, 5, 8],
        "activation_bits": [2, 4, 7],
        "first_layer_bits": "searched",
        "last_layer_bits": "searched",
        "stem_channels": [4, 8],
        "stages": [
            {
                "channels": 8,
                "width": [0.1, 0.2, 0.5, 1],
                "kernel": [2, 3, 6],
                "expansion": [1, 3],
                "repeats": [1, 2, 3],
            },
            {
                "channels": 10,
                "width": [0.4, 1.5],
                "kernel": [3, 5],
                "expansion": [1, 2],
                "repeats": [1, 2],
                "stride": 2,
            },
        ],
        "last_channels": [0, 12],
    },
    "resnet": {
        "family": "resnet",
        "weight_bits": [2, 4, 6],
        "activation_bits": [3, 8],
        "stem_channels": [4, 6],
        "stages": [
            {"channels": [4, 6], "blocks": [1, 2]},
            {"channels": [6, 8], "blocks": [1, 3], "stride": 2},
        ],
    },
    "dscnn": {
        "family": "dscnn",
        "weight_bits": [1, 4, 32],
        "activation_bits": [1, 5, 32],
        "stem_channels": [4, 6],
        "stem_kernel": [2, 3],
        "stages": [
            {"channels": [4, 8], "blocks": [1, 2], "kernel": [1, 3]},
            {"channels": [6, 9], "blocks": [1, 3], "kernel": [4, 5], "stride": 3},
        ],
        "first_activation_bits": 8,
        "last_activation_bits": "searched",
    },
    "vgg": {
        "family": "vgg",
        "weight_bits": {"min": 1, "max": 7, "step": 3},
        "activation_bits": [2, 8],
        "last_layer_bits": 32,
        "stem_channels": [3, 5],
        "stages": [
            {"channels": {"min": 4, "max": 6}, "blocks": [1, 2], "kernel": [2, 3]},
            {"channels": [8], "blocks": [1, 3], "pool": 3},
            {"channels": [7, 9], "pool": 1},
        ],
        "hidden_channels": [0, 6],
        "hidden_layers": 2,
    },
    "padded shortcuts": {
        "family": "resnet",
        "shortcut": "pad",
        "bits_per": "stage",
        "stem_channels": [4, 6],
        "stages": [
            {"channels": [4, 5], "blocks": [1, 2], "stride": 2},
            {"channels": [3, 4, 8], "blocks": [1, 2]},
        ],
    },
    "by channel": {
        "family": "mobilenetv2",
        "bits_per": "channel",
        "channel_groups": 3,
        "weight_bits": [1, 2, 5],
        "last_layer_bits": "searched",
        "stem_channels": [2, 4],
        "stages": [
            {"channels": 4, "width": [1, 1.5], "expansion": [1, 2], "repeats": [1, 2]},
        ],
        "last_channels": [0, 7],
    },
    "every channel": {
        "family": "resnet",
        "bits_per": "channel",
        "channel_groups": "all",
        "weight_bits": [1, 8],
        "first_layer_bits": "searched",
        "stem_channels": [2, 3],
        "stages": [{"channels": [2, 4], "blocks": [1, 2]}],
    },
    "by stage": {"family": "resnet", "bits_per": "stage", "first_layer_bits": 4},
    "by network": {"family": "mobilenetv2", "bits_per": "network", "last_layer_bits": "searched"},
}


@pytest.fixture(scope="session", params=DECLARED)
def space(request: pytest.FixtureRequest) -> Space:
    return space_from_json(DECLARED[request.param], input_shape=SHAPE, n_classes=10)


MakeSpace = Callable[..., Space]


@pytest.fixture(scope="session")
def make_space() -> MakeSpace:
    """Make a small space, with some keys of its declaration changed."""

    def make(family: str, **changed: Any) -> Space:
        return space_from_json(DECLARED[family] | changed, input_shape=SHAPE, n_classes=10)

    return make
