"""Spaces small enough to be listed in full."""

import itertools
from typing import Any

import numpy as np

from search_space.space import Places, Space, space_from_json

SMALL: dict[str, dict[str, Any]] = {
    "resnet": {
        "family": "resnet",
        "stem_channels": [4, 6],
        "stages": [
            {"channels": [4, 6], "blocks": [1, 2]},
            {"channels": [3, 5, 6, 8], "blocks": [1, 3], "stride": 2},
        ],
    },
    "resnet, padded": {
        "family": "resnet",
        "shortcut": "pad",
        "stem_channels": [4, 5],
        "stages": [
            {"channels": [4, 5], "blocks": [1, 2], "stride": 2},
            {"channels": [3, 4, 8], "blocks": [1, 2]},
        ],
    },
    "mobilenetv2": {
        "family": "mobilenetv2",
        "stem_channels": [4, 8],
        "stages": [
            {"channels": 8, "width": [0.5, 1], "kernel": [2, 3], "expansion": [1, 3]},
            {"channels": 8, "width": [0.5, 1.5], "expansion": [1, 2], "repeats": [1, 2, 3]},
        ],
        "last_channels": [0, 12],
    },
    "dscnn": {
        "family": "dscnn",
        "stem_channels": [4, 6],
        "stem_kernel": [2, 3],
        "stages": [
            {"channels": [4, 8], "blocks": [1, 2], "kernel": [1, 3]},
            {"channels": [6, 9], "blocks": [1, 3], "kernel": [4, 5], "stride": 3},
        ],
    },
    "vgg": {
        "family": "vgg",
        "stem_channels": [3, 5],
        "stages": [
            {"channels": [4, 6], "blocks": [1, 2], "kernel": [2, 3]},
            {"channels": [8], "blocks": [1, 3], "pool": 3},
        ],
        "hidden_channels": [0, 6],
        "hidden_layers": 2,
    },
}

SMALL["resnet, conditional"] = SMALL["resnet"] | {
    "conditions": {
        "stage2.channels": {"when": {"stage1.blocks": [2]}, "otherwise": 6},
        "activation_bits": {"when": {"stage2.blocks": [3]}, "otherwise": 3},
    }
}
SMALL["mobilenetv2, conditional"] = SMALL["mobilenetv2"] | {
    "conditions": {
        "stage2.repeats": {"when": {"stage1.expansion": [3], "stage1.kernel": [2]}, "otherwise": 2},
        "stage1.expansion": {"when": {"stem.channels": [8]}, "otherwise": 3},
        "stage2.width": {"when": {"last.channels": [0]}, "otherwise": 1.5},
    }
}
SMALL["dscnn, conditional"] = SMALL["dscnn"] | {
    "conditions": {
        "stage1.kernel": {"when": {"stage2.kernel": [5]}, "otherwise": 3},
        "stage2.channels": {"when": {"stage1.kernel": [3]}, "otherwise": 9},
        "activation_bits": {"when": {"stage1.blocks": [1], "stem.kernel": [2]}, "otherwise": 3},
    }
}
SMALL["vgg, conditional"] = SMALL["vgg"] | {
    "conditions": {"hidden.channels": {"when": {"stage2.blocks": [1]}, "otherwise": 0}}
}


def small_space(name: str, **changed: Any) -> Space:
    """Make one of these with two widths for the whole network."""
    declared = {"bits_per": "network", "weight_bits": [2, 5], "activation_bits": [3, 8]}
    declared |= SMALL[name] | changed
    return space_from_json(declared, input_shape=(1, 8, 8), n_classes=10)


def all_places(space: Space) -> Places:
    """Return every assignment, ``(n, n_genes)``."""
    choices = [range(len(gene.choices)) for gene in space.genes]
    rows = list(itertools.product(*choices))
    return np.array(rows, dtype=np.int64).reshape(len(rows), len(choices))
