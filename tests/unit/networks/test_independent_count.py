"""Parameters and multiply-accumulates of candidates, as torch counts them on the built network.

``FlopCounterMode`` watches the operators that a forward pass dispatches and knows nothing of layer
lists. By default a few candidates of every family and bit mode are counted;
``BITPARETO_COUNT_CANDIDATES=2000`` counts that many of each.
"""

import os
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from networks.build import build_network
from search_space.costs import costs
from search_space.layers import LayerList
from search_space.space import space_from_json

N_CANDIDATES = int(os.environ.get("BITPARETO_COUNT_CANDIDATES", "4"))

SPACES: dict[str, dict[str, Any]] = {
    "mobilenetv2": {"family": "mobilenetv2"},
    "resnet": {"family": "resnet"},
    "resnet, padded": {"family": "resnet", "shortcut": "pad"},
    "dscnn": {"family": "dscnn", "stem_kernel": [2, 3, 5]},
    "vgg": {"family": "vgg", "hidden_channels": [0, 24], "hidden_layers": 2},
}
BIT_MODES: dict[str, dict[str, Any]] = {
    "layer": {"weight_bits": [1, 3, 8, 32], "activation_bits": [1, 8, 32]},
    "stage": {"bits_per": "stage", "first_layer_bits": "searched"},
    "network": {"bits_per": "network", "last_layer_bits": 32},
    "channel": {"bits_per": "channel", "weight_bits": [1, 2, 8], "last_layer_bits": "searched"},
    "all channels": {"bits_per": "channel", "channel_groups": "all", "weight_bits": [2, 4]},
}


@torch.no_grad()
def counted(layers: LayerList) -> tuple[int, int]:
    """Return parameters, quantizers left out, and multiply-accumulates of one image."""
    image = layers[0]
    n = image.out_channels
    network = build_network(layers, mean=[0.5] * n, std=[0.25] * n, seed=0).eval()
    with FlopCounterMode(display=False) as counter:
        network(torch.zeros(1, n, image.out_height, image.out_width))
    parameters = sum(
        parameter.numel()
        for name, parameter in network.named_parameters()
        if not any(part.endswith("quantizer") for part in name.split("."))
    )
    # torch counts a multiplication and an addition
    return parameters, counter.get_total_flops() // 2


@pytest.mark.timeout(0)
@pytest.mark.parametrize("mode", BIT_MODES)
@pytest.mark.parametrize("name", SPACES)
def test_parameters_and_macs_are_those_torch_counts(name: str, mode: str) -> None:
    declared = SPACES[name] | BIT_MODES[mode]
    space = space_from_json(declared, input_shape=(2, 9, 8), n_classes=10)
    rng = np.random.default_rng(0)
    for _ in range(N_CANDIDATES):
        layers = space.sample(rng).layers
        exact = costs(layers)
        assert counted(layers) == (exact.parameters, exact.macs)
