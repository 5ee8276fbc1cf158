"""An exported network, read without executing it and rebuilt, computes the same logits."""

import numpy as np
import pytest
import torch

from networks.build import build_network
from networks.float_weights import load_float_weights
from networks.imported.convert import convert
from search_space.costs import costs
from tests.unit.networks.imported.programs import MobileNet, ResNet, ResNet20, exported, lively

# how the exporter is called varies too; an export takes seconds
NETWORKS = {
    "resnet": (ResNet, (1, 8, 8), {}),
    "mobilenet": (MobileNet, (3, 16, 16), {"dynamic": True, "decomposed": True}),
    "resnet20": (ResNet20, (3, 32, 32), {"dynamic": True}),
}
MEAN, STD = (0.4, 0.5, 0.6), (0.2, 0.25, 0.3)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_rebuilt_network_gives_the_same_logits(name: str) -> None:
    make, shape, how = NETWORKS[name]
    module = lively(make())
    imported = convert(exported(module, shape, **how))
    mean, std = MEAN[: shape[0]], STD[: shape[0]]
    network = build_network(imported.layers, mean=mean, std=std, seed=0)
    load_float_weights(network, imported.weights)
    network.eval()

    rng = np.random.default_rng(0)
    images = torch.from_numpy(rng.integers(0, 256, (16, *shape), dtype=np.uint8))
    normalised = (images / 255 - torch.tensor(mean).view(-1, 1, 1)) / torch.tensor(std).view(
        -1, 1, 1
    )
    with torch.no_grad():
        expected, actual = module(normalised), network(images)
        exact = module.double()(normalised.double())
    # Both round to float32 after every layer, in another order where batch norm moved. The error
    # of the original against double precision says how much that is on this very network.
    own_error = (expected - exact).abs().max()
    bound = 20 * own_error + 1e-5 * exact.abs().max()
    assert (actual - exact).abs().max() <= bound
    assert exact.std() > 1e-3
    assert (actual.argmax(1) == expected.argmax(1)).all()
    if name == "resnet20":
        # the network of He et al., arXiv:1512.03385, with option-A shortcuts
        assert costs(imported.layers).macs == 40_551_040
        assert sum(layer.kind == "pad_channels" for layer in imported.layers) == 2
        assert [layer.name for layer in imported.layers][:4] == [
            "input",
            "conv1",
            "layer1.0.conv1",
            "layer1.0.conv2",
        ]


def test_weights_stored_in_another_order_are_read_by_their_strides() -> None:
    module = lively(MobileNet())
    plain = convert(exported(module, (3, 16, 16)))
    other = convert(exported(module.to(memory_format=torch.channels_last), (3, 16, 16)))  # type: ignore[call-overload]
    assert plain.layers == other.layers
    for name, tensor in plain.weights.items():
        assert np.array_equal(tensor, other.weights[name])
