"""Uses of operators that a layer list can say give the same logits; all others are refused."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from networks.build import build_network
from networks.float_weights import load_float_weights
from networks.imported.convert import convert
from networks.imported.errors import ProgramError
from tests.unit.networks.imported.programs import exported, lively

SHAPE = (2, 7, 7)
Forward = Callable[["Kit", Tensor], Tensor]


class Kit(nn.Module):
    """Parts to write a forward pass with; parts that it does not use are not exported."""

    def __init__(self, forward: Forward) -> None:
        super().__init__()
        self.a = nn.Conv2d(2, 4, 3, padding=1)
        self.b = nn.Conv2d(4, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.small = nn.Linear(4, 3)
        self.large = nn.Linear(4 * 49, 3)
        self._forward = forward

    def forward(self, x: Tensor) -> Tensor:
        return self._forward(self, x)

    def head(self, x: Tensor) -> Tensor:
        return self.small(x.mean((2, 3)))


def in_place_seen_by_all_names(k: Kit, x: Tensor) -> Tensor:
    y = k.a(x)
    same = functional.dropout(y, training=False)
    y.relu_()
    return k.head(k.b(y) + same)


def in_place_sum(k: Kit, x: Tensor) -> Tensor:
    y = k.a(x).relu()
    z = k.b(y)
    z += y
    z = functional.relu(z)
    return k.head(k.b(z) + z)


def one_layer_used_twice(k: Kit, x: Tensor) -> Tensor:
    return k.head(k.b(k.b(k.a(x).relu()).relu()))


def pooled_then_cut_off(k: Kit, x: Tensor) -> Tensor:
    y = functional.relu6(functional.max_pool2d(k.norm(k.a(x)), 3, 2, 1))
    return k.head(k.b(y))


def strided_twice_with_zeros_around(k: Kit, x: Tensor) -> Tensor:
    y = functional.conv2d(functional.pad(k.a(x), (0, 1, 0, 1)), k.b.weight, k.b.bias, 2, 1)
    return k.head(y[:, :, ::2][:, :, :, ::2])


def spatial_features(k: Kit, x: Tensor) -> Tensor:
    return k.large(functional.relu(k.a(x)).reshape(-1, 4 * 49))


def everything_twice(k: Kit, x: Tensor) -> Tensor:
    y = functional.relu(functional.relu(k.a(x)).clamp(0, 6)).clamp(min=0)
    return k.head(y + y)


@pytest.mark.parametrize(
    "forward",
    [
        in_place_seen_by_all_names,
        in_place_sum,
        one_layer_used_twice,
        pooled_then_cut_off,
        strided_twice_with_zeros_around,
        spatial_features,
        everything_twice,
    ],
)
def test_the_logits_are_the_same(forward: Forward) -> None:
    module = lively(Kit(forward))
    imported = convert(exported(module, SHAPE))
    # with mean 0 and std 1 / 255 the network's images are the module's
    network = build_network(imported.layers, mean=[0.0] * 2, std=[1 / 255] * 2, seed=0)
    load_float_weights(network, imported.weights)
    network.eval()
    rng = np.random.default_rng(0)
    images = torch.from_numpy(rng.integers(-3, 4, (8, *SHAPE)).astype(np.float32))
    with torch.no_grad():
        expected = module(images)
        assert torch.allclose(network(images), expected, rtol=1e-4, atol=1e-4)
    assert expected.std() > 1e-2


def before_and_after(k: Kit, x: Tensor) -> Tensor:
    y = k.a(x)
    return k.head(y + k.b(functional.relu(y)))


def view_of_what_changes(k: Kit, x: Tensor) -> Tensor:
    y = k.a(x)
    flat = y.flatten(1)
    y.relu_()
    return k.large(flat)


def norm_of_a_sum(k: Kit, x: Tensor) -> Tensor:
    y = k.a(x)
    return k.head(k.norm(y + k.b(y)))


def slice_from_the_second(k: Kit, x: Tensor) -> Tensor:
    return k.head(k.a(x)[:, :, 1:, :])


def uneven_step(k: Kit, x: Tensor) -> Tensor:
    return k.head(k.b(k.a(x)[:, :, ::2]))


def channels_on_one_side(k: Kit, x: Tensor) -> Tensor:
    return k.head(functional.pad(functional.relu(k.a(x)[:, :2]), (0, 0, 0, 0, 0, 2)))


def zeros_before_channels(k: Kit, x: Tensor) -> Tensor:
    return k.head(k.a(functional.pad(x, (0, 0, 0, 0, 2, 0))[:, :, ::2, ::2][:, 1:3]))


def partial_mean(k: Kit, x: Tensor) -> Tensor:
    return k.head(functional.avg_pool2d(k.a(x), 2))


def dilated(k: Kit, x: Tensor) -> Tensor:
    return k.head(functional.conv2d(k.a(x), k.b.weight, k.b.bias, dilation=2))


def images_merged(k: Kit, x: Tensor) -> Tensor:
    return k.small(k.a(x).mean((2, 3)).view(1, 8)[:, :4])


def scaled_sum(k: Kit, x: Tensor) -> Tensor:
    y = k.a(x)
    return k.head(torch.add(y, k.b(y), alpha=2))


def no_logits(k: Kit, x: Tensor) -> Tensor:
    return functional.relu(k.head(k.a(x)))


@pytest.mark.parametrize(
    ("forward", "told"),
    [
        (before_and_after, "before its activation"),
        (view_of_what_changes, "before its activation"),
        (norm_of_a_sum, "must follow a convolution"),
        (slice_from_the_second, "from the first"),
        (uneven_step, "step equally"),
        (channels_on_one_side, "must keep every row and column"),
        (zeros_before_channels, "must keep every row and column"),
        (partial_mean, "whole image"),
        (dilated, "dilated"),
        (images_merged, "view"),
        (scaled_sum, "scales what it adds"),
        (no_logits, "must be the logits"),
    ],
)
def test_other_uses_are_refused_with_their_place(forward: Forward, told: str) -> None:
    with pytest.raises(ProgramError, match=told) as caught:
        convert(exported(lively(Kit(forward)), SHAPE))
    (problem,) = caught.value.problems
    assert problem.code in {"unsupported_use", "unsupported_output"}
    assert problem.place.startswith("models/model.json#/graph_module/")


def test_a_module_in_training_mode_is_refused() -> None:
    module = Kit(lambda k, x: k.head(k.norm(k.a(x)))).train()
    with pytest.raises(ProgramError, match=r"eval\(\)"):
        convert(exported(module, SHAPE))
